"""What tells one model, with what changes its KV, from any other: for files that outlive the process."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from corral.core.engine_settings import EngineSettings

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
        settings.rope,
        settings.kv_overrides,
        build,
    ]
    return hashlib.blake2b(msgspec.json.encode(facts), digest_size=16).hexdigest()


def _digest(path: str) -> str:
    """Return a digest of the size, the head (all metadata of a small model) and samples of the rest."""
    size = Path(path).stat().st_size
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    with Path(path).open("rb") as file:
        for number in range(N_SAMPLES):
            file.seek(number * size // N_SAMPLES)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
