"""Sound files made safe for C: a WAV file is read here and written anew, so that its header cannot lie."""

from __future__ import annotations

import io
import struct
import wave

from corral.core.errors import InvalidRequestError
from corral.core.request import Media

MIN_SOUND_S = 0.001  # libmtmd aborts where its own sampling rate leaves a sample or none
MAX_SOUND_S = 600.0


def checked_wav(media: Media) -> bytes:
    """Return the file of the samples that are really there. Raises `InvalidRequestError` with its name."""
    try:
        with wave.open(io.BytesIO(media.content)) as file:
            params, samples = file.getparams(), file.readframes(file.getnframes())
        _check_length(media, len(samples) // (params.nchannels * params.sampwidth), params.framerate)
        return _wav(params.nchannels, params.sampwidth, params.framerate, samples)
    except (wave.Error, EOFError, OSError, ValueError, ArithmeticError, struct.error) as error:
        raise InvalidRequestError(f"Field '{media.name}': the sound cannot be decoded: {error}") from error


def _check_length(media: Media, n_frames: int, rate: int) -> None:
    if not n_frames:
        raise InvalidRequestError(f"Field '{media.name}': the sound is empty")
    if n_frames < MIN_SOUND_S * rate:
        raise InvalidRequestError(f"Field '{media.name}': the sound is shorter than {MIN_SOUND_S:g} s")
    if n_frames > MAX_SOUND_S * rate:
        raise InvalidRequestError(f"Field '{media.name}': the sound is longer than {MAX_SOUND_S:g} s")


def _wav(n_channels: int, n_bytes: int, rate: int, samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(n_channels)
        writer.setsampwidth(n_bytes)
        writer.setframerate(rate)
        writer.writeframes(samples[: len(samples) // (n_channels * n_bytes) * n_channels * n_bytes])
    return file.getvalue()
