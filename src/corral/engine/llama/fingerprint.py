"""What tells one model, with what changes its KV, from any other: for files that outlive the process."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from corral.core.engine_settings import EngineSettings, MediaSettings

N_SAMPLES = 64
SAMPLE_BYTES = 64 * 1024


def fingerprint(path: str, settings: EngineSettings, build: str) -> str:
    """Return the same text for the same files and settings. Reads a few megabytes of any model."""
    adapters = settings.adapters
    files = [path, *(a.path for a in adapters.loras), *(v.path for v in adapters.control_vectors)]
    strengths = [vector.strength for vector in adapters.control_vectors]
    facts = [
        [_digest(file) for file in files],
        strengths,
        adapters.layer_range,
        settings.kv_type_k,
        settings.kv_type_v,
        settings.is_kv_unified,  # states are laid out another way then, as without flash attention
        settings.flash_attn,
        settings.rope,
        settings.kv_overrides,
        build,
        *_media_facts(settings.media),
    ]
    return hashlib.blake2b(msgspec.json.encode(facts), digest_size=16).hexdigest()


def _media_facts(media: MediaSettings) -> list[str | int | None]:
    """Return what changes the KV of images. Nothing without a projector: text is the same then."""
    if media.projector_path is None or not Path(media.projector_path).is_file():
        return []  # one that is not there ends the start when it is loaded, with a better reason
    return [_digest(media.projector_path), media.image_min_tokens, media.image_max_tokens]


def _digest(path: str) -> str:
    """Return a digest of the size, the head (all metadata of a small model) and samples of the rest."""
    size = Path(path).stat().st_size
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    with Path(path).open("rb") as file:
        for number in range(N_SAMPLES):
            file.seek(number * size // N_SAMPLES)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
