"""The trained network and its optimizer, where torch is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="pip install torch gguf tokenizers to test training itself")
pytest.importorskip("gguf", reason="pip install gguf to test training itself")
pytest.importorskip("tokenizers", reason="pip install tokenizers to test training itself")

from training.export_gguf import interleaved, tensors  # noqa: E402 - only where torch is
from training.model import Llama, Shape, rotated, rotation_table  # noqa: E402
from training.muon import Muon, orthogonalized  # noqa: E402
from training.train import Plan, Progress  # noqa: E402

SMALL = Shape(n_pieces=32, n_layers=2, n_heads=4, n_key_heads=2, width=32, inner_width=64, n_context=16)
PLAN = Plan(
    folder=Path("unused"),
    peak_rate=1.0,
    n_warmup=10,
    n_decay=100,
    n_parts=1,
    n_part_tokens=64,
    n_threads=1,
)


def awake(shape: Shape) -> Llama:
    """Return a model all of whose weights do something."""
    torch.manual_seed(1)
    model = Llama(shape)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_a_token_changes_nothing_before_it():
    model = awake(SMALL)
    one = torch.tensor([[1, 2, 3, 4, 5]])
    other = torch.tensor([[1, 2, 3, 4, 9]])

    difference = (model(one) - model(other)).abs().amax(-1)[0]

    assert difference[:4].max() == 0
    assert difference[4] > 0


def test_rotation_keeps_lengths_and_leaves_the_first_position():
    heads = torch.randn(1, 2, 8, SMALL.head_width)
    cosine, sine = rotation_table(SMALL)

    turned = rotated(heads, (cosine[:8], sine[:8]))

    assert torch.allclose(turned.norm(dim=-1), heads.norm(dim=-1), atol=1e-5)
    assert torch.equal(turned[:, :, 0], heads[:, :, 0])


def test_rows_are_reordered_for_pairs_that_stand_side_by_side():
    rows = torch.arange(8).reshape(8, 1)

    reordered = interleaved(rows, n_heads=2).flatten().tolist()

    assert reordered == [0, 2, 1, 3, 4, 6, 5, 7]


def test_every_weight_is_exported_once():
    model = Llama(SMALL)

    names = [name for name, _ in tensors(model.state_dict(), SMALL)]

    assert len(names) == len(set(names)) == len(list(model.parameters()))


def test_orthogonalized_matrices_have_singular_values_near_one():
    torch.manual_seed(1)

    values = torch.linalg.svdvals(orthogonalized(torch.randn(3, 16, 32)))

    assert values.min() > 0.5
    assert values.max() < 1.4


def test_an_update_goes_against_the_gradient():
    matrix = torch.nn.Parameter(torch.zeros(4, 8))
    matrix.grad = torch.ones(4, 8)

    Muon([matrix], lr=0.1).step()

    assert (matrix < 0).all()


def test_the_rate_warms_up_stays_and_falls_to_zero():
    warming = PLAN.rate(Progress(n_steps=4))
    staying = PLAN.rate(Progress(n_steps=5000))
    falling = PLAN.rate(Progress(n_steps=5050, decay_from=5000))
    fallen = Progress(n_steps=5100, decay_from=5000)

    assert (warming, staying, falling) == (0.5, 1.0, 0.5)
    assert PLAN.rate(fallen) == 0
    assert PLAN.is_over(fallen)
