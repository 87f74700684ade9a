"""Real llama.cpp under a mix of everything at once."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from corral.core.messages import Failed, Finished
from corral.core.sampling import SamplingParams

N_REQUESTS = 32


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
@pytest.mark.parametrize("kind", ["llama", "windowed", "recurrent"])
def test_mixed_requests_with_cancels_end_once_each_and_leak_nothing(make_engine, kind, is_kv_unified):
    engine = make_engine(kind, is_kv_unified=is_kv_unified)
    dice = random.Random(11)
    ids = [engine.submit(prompt(dice), **options(dice)) for _ in range(N_REQUESTS)]
    to_cancel = dice.sample(ids, 8)

    while not engine.scheduler.is_idle:
        engine.step()
        if to_cancel and dice.random() < 0.3:
            engine.events += engine.scheduler.cancel(to_cancel.pop())

    last_words = Counter(event.request_id for event in engine.events if isinstance(event, Finished | Failed))
    assert last_words == Counter(ids)
    assert not [event for event in engine.events if isinstance(event, Failed)]
    assert engine.scheduler.ledger.n_idle == engine.runner.n_slots


def prompt(dice):
    beginning = dice.choice(["", "a shared beginning of some length, ", "another one, "])
    return beginning + "".join(dice.choices("abcdef ", k=dice.randint(1, 150)))


def options(dice):
    return {
        "max_tokens": dice.choice([0, 1, 10, 60]),
        "n": dice.choice([1, 1, 1, 3]),
        "stop": dice.choice([(), ("a",), ("zz", "é")]),
        "is_cache_wanted": dice.random() < 0.7,
        "caller": dice.choice(["", "other"]),
        "sampling": SamplingParams(
            seed=dice.randrange(100),
            temperature=dice.choice([0.0, 1.5]),
            n_probs=dice.choice([0, 0, 3]),
            repeat_penalty=dice.choice([1.0, 1.3]),
            ignore_eos=dice.random() < 0.5,
        ),
    }
