"""Sound files made safe for C: a WAV file is read here and written anew, so that its header cannot lie."""

from __future__ import annotations

import io
import struct
import wave

from corral.core.errors import InvalidRequestError
from corral.core.request import Media

MAX_SOUND_S = 600.0


def checked_wav(media: Media) -> bytes:
    """Return the file of the samples that are really there. Raises `InvalidRequestError` with its name."""
    try:
        with wave.open(io.BytesIO(media.content)) as file:
            params, samples = file.getparams(), file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError, ValueError, ArithmeticError, struct.error) as error:
        raise InvalidRequestError(f"Field '{media.name}': the sound cannot be decoded: {error}") from error
    n_frames = len(samples) // (params.nchannels * params.sampwidth)
    if not n_frames:
        raise InvalidRequestError(f"Field '{media.name}': the sound is empty")
    if n_frames > MAX_SOUND_S * params.framerate:
        raise InvalidRequestError(f"Field '{media.name}': the sound is longer than {MAX_SOUND_S:g} s")
    return _wav(params.nchannels, params.sampwidth, params.framerate, samples)


def _wav(n_channels: int, n_bytes: int, rate: int, samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(n_channels)
        writer.setsampwidth(n_bytes)
        writer.setframerate(rate)
        writer.writeframes(samples[: len(samples) // (n_channels * n_bytes) * n_channels * n_bytes])
    return file.getvalue()
