"""A WAV file that lies about itself never reaches C."""

from __future__ import annotations

import io
import struct
import wave

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.request import Media
from corral.engine.sound import checked_wav
from tests.model.projector_files import wav_bytes

GOOD = wav_bytes(1)


def with_claim(n_bytes):
    """Return a file whose data chunk claims to be that long."""
    at = GOOD.index(b"data") + 4
    return GOOD[:at] + struct.pack("<I", n_bytes) + GOOD[at + 4 :]


def with_format(offset, form, value):
    """Return a file with one number of its format changed."""
    at = GOOD.index(b"fmt ") + 8 + offset
    return GOOD[:at] + struct.pack(form, value) + GOOD[at + struct.calcsize(form) :]


def samples(content):
    with wave.open(io.BytesIO(content)) as file:
        return file.getparams(), file.readframes(file.getnframes())


def test_a_good_file_keeps_its_samples():
    assert samples(checked_wav(Media(GOOD))) == samples(GOOD)


def test_only_the_samples_that_are_there_count():
    found, data = samples(checked_wav(Media(with_claim(2**32 - 1))))

    assert found.nframes == samples(GOOD)[0].nframes
    assert data == samples(GOOD)[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:30], "cannot be decoded"),
        (with_claim(0), "empty"),
        (b"RIFF\x04\0\0\0WAVE", "cannot be decoded"),
        (GOOD.replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x10\0\0\0\x55\0"), "unknown format"),
        (with_format(14, "<H", 64), "cannot be decoded"),
        (with_format(4, "<I", 2**32 - 1), "shorter than 0.001 s"),
        (with_format(4, "<I", 10**9), "shorter than 0.001 s"),
        (wav_bytes(1, seconds=601, rate=100), "longer than 600 s"),
        (wav_bytes(1, seconds=601, rate=1), "longer than 600 s"),
    ],
)
def test_a_bad_file_is_the_clients_error_and_named(content, words):
    with pytest.raises(InvalidRequestError, match=f"Field 'here': .*{words}"):
        checked_wav(Media(content, "here"))
