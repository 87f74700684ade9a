"""When a draft model is asked."""

from __future__ import annotations

import numpy as np
import pytest

from corral.engine.draft.benefit import DraftCost
from corral.engine.draft.history import History
from corral.engine.draft.model_guesses import ModelGuesses


class Parrot:
    """Always says the same tokens; counts how often it was asked."""

    def __init__(self, said):
        self.said = said
        self.n_asked = 0

    def guess(self, tokens, n_most, p_min, *, owner):  # noqa: ARG002
        self.n_asked += 1
        return None if self.said is None else self.said[:n_most]


@pytest.fixture
def cost():
    made = DraftCost()
    made.observe(0, 10.0)
    return made


def run(cost, said, answer, n_steps):
    """Have a model guess before each token of an answer; return it and how many steps had drafts."""
    model, history, generated = Parrot(said), History(np.arange(8, dtype=np.int32)), []
    guesses, n_drafted = ModelGuesses(model, history), 0
    for _ in range(n_steps):
        history.follow(generated)
        n_drafted += bool(guesses.guess(8, cost, 0.0, owner="x"))
        generated.append(answer)
    return model, n_drafted


def test_a_model_that_is_right_is_asked_every_time(cost):
    model, n_drafted = run(cost, [7] * 8, 7, 50)

    assert model.n_asked == n_drafted == 50


def test_a_model_that_is_wrong_is_soon_asked_no_more(cost):
    model, _ = run(cost, [7] * 8, 3, 100)

    assert 0 < model.n_asked < 30


def test_a_model_that_has_nothing_to_say_is_soon_asked_no_more(cost):
    model, n_drafted = run(cost, [], 3, 100)

    assert n_drafted == 0
    assert 0 < model.n_asked < 30


def test_it_is_tried_again_some_time(cost):
    few, _ = run(cost, [7] * 8, 3, 100)
    more, _ = run(cost, [7] * 8, 3, 2000)

    assert more.n_asked > few.n_asked


def test_a_model_that_is_still_reading_has_no_guess_and_loses_no_trust(cost):
    model, n_drafted = run(cost, None, 3, 100)

    assert (model.n_asked, n_drafted) == (100, 0)
