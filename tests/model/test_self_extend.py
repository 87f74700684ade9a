"""Self-extend on real llama.cpp: its memory takes every window, and positions end where they should."""

from __future__ import annotations

import llama_cpp
import pytest

from corral.core.engine_settings import RopeSettings
from corral.core.errors import ModelLoadError

GROUPED = RopeSettings(group_n=4, group_width=32)


def last_position(engine, seq_id=0):
    return llama_cpp.llama_memory_seq_pos_max(engine.runner._context.memory, seq_id)


def test_201_tokens_end_at_position_56(make_engine):
    engine = make_engine(rope=GROUPED, n_ctx=2048)

    _, end = engine.generate("x" * 201, max_tokens=1)

    assert end.n_predicted == 1
    assert last_position(engine) == 56


def test_text_goes_on_far_beyond_the_training_context(make_engine):
    """The model was made for 256 positions; 900 tokens take fewer."""
    engine = make_engine(rope=GROUPED, n_ctx=4096)

    _, end = engine.generate("once upon a time", max_tokens=900)

    assert end.n_predicted == 900
    assert last_position(engine) < 256


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_batched_is_alone(make_engine, is_kv_unified):
    prompts = ["a" * 100, "bc" * 70, "d", "e" * 33]
    alone = make_engine(rope=GROUPED, n_ctx=2048)
    expected = [alone.generate(prompt, max_tokens=60)[0] for prompt in prompts]
    together = make_engine(rope=GROUPED, n_ctx=2048, is_kv_unified=is_kv_unified)

    ids = [together.submit(prompt, max_tokens=60) for prompt in prompts]
    together.run()

    assert [together.tokens(i) for i in ids] == expected


def test_before_the_first_window_is_full_nothing_differs(make_engine):
    plain, grouped = make_engine(), make_engine(rope=RopeSettings(group_n=4, group_width=128))
    expected, _ = plain.generate("hello there", max_tokens=60)

    assert grouped.generate("hello there", max_tokens=60)[0] == expected


@pytest.mark.parametrize("kind", ["recurrent", "windowed", "mrope"])
def test_a_model_whose_positions_cannot_be_moved_is_refused(make_engine, kind):
    with pytest.raises(ModelLoadError, match="--grp-attn-n"):
        make_engine(kind, rope=GROUPED)
