"""A model gets the projector beside it where there is no doubt which is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.catalog.projector_beside import projectors_beside


@pytest.mark.parametrize(
    ("models", "projectors", "matched"),
    [
        (["a-Q4_K_M.gguf"], ["mmproj-f16.gguf"], {"a-Q4_K_M.gguf": "mmproj-f16.gguf"}),
        (
            ["a-Q4_0.gguf", "a-Q8_0.gguf"],
            ["mmproj.gguf"],
            {"a-Q4_0.gguf": "mmproj.gguf", "a-Q8_0.gguf": "mmproj.gguf"},
        ),
        (["a.gguf"], ["mmproj-a-Q8_0.gguf", "mmproj-a-f16.gguf"], {"a.gguf": "mmproj-a-f16.gguf"}),
        (["A-Q4_0.gguf", "b.gguf"], ["mmproj-a-f16.gguf"], {"A-Q4_0.gguf": "mmproj-a-f16.gguf"}),
        (
            ["a.gguf", "b.gguf"],
            ["mmproj-a.gguf", "mmproj-b.gguf"],
            {"a.gguf": "mmproj-a.gguf", "b.gguf": "mmproj-b.gguf"},
        ),
        (["a-00001-of-00002.gguf"], ["mmproj-a.gguf"], {"a-00001-of-00002.gguf": "mmproj-a.gguf"}),
        (["a.gguf", "b.gguf"], ["mmproj.gguf"], {}),
        (["a.gguf"], ["mmproj-x.gguf", "mmproj-y.gguf"], {}),
        (["a.gguf"], ["sub/mmproj.gguf"], {}),
    ],
)
def test_the_projector_of_a_model(models, projectors, matched):
    found = projectors_beside(map(Path, models), map(Path, projectors))

    assert {str(model): str(projector) for model, projector in found.items()} == matched
