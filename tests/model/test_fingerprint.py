"""What tells KV on disk of one model from that of another."""

from __future__ import annotations

import msgspec
import pytest

from corral.core.engine_settings import EngineSettings, MediaSettings
from corral.engine.llama.fingerprint import fingerprint


@pytest.fixture
def files(tmp_path):
    """Return the paths of a model and of two projectors."""
    paths = [tmp_path / name for name in ("model", "one", "two")]
    for path in paths:
        path.write_bytes(path.name.encode() * 1000)
    return [str(path) for path in paths]


def seeing(path, **how):
    return EngineSettings(media=MediaSettings(projector_path=path, **how))


def test_images_of_another_projector_are_other_kv(files):
    model, one, two = files

    seen = [EngineSettings(), seeing(one), seeing(two), seeing(one, image_max_tokens=64)]

    assert len({fingerprint(model, settings, "b1") for settings in seen}) == len(seen)


def test_how_large_images_would_be_says_nothing_where_none_are_read(files):
    blind = EngineSettings(media=MediaSettings(image_max_tokens=64))

    assert fingerprint(files[0], blind, "b1") == fingerprint(files[0], EngineSettings(), "b1")


@pytest.mark.parametrize("other", [{"kv_type_k": "f32"}, {"is_kv_unified": True}, {"flash_attn": "off"}])
def test_kinds_of_cells_are_told_apart(files, other):
    changed = msgspec.structs.replace(EngineSettings(), **other)

    assert fingerprint(files[0], changed, "b1") != fingerprint(files[0], EngineSettings(), "b1")
