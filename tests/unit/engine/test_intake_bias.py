"""Logit bias and ignore_eos, from what a request names to token ids."""

from __future__ import annotations

import math

import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams
from corral.engine.fake import EOS, N_VOCAB, FakeRunner, FakeVocabulary
from corral.engine.intake import Intake


class EndlessVocabulary(FakeVocabulary):
    """No token ends the text."""

    eog = frozenset()


class TwoEndsVocabulary(FakeVocabulary):
    """A token for the end of a turn beside that for the end of the text."""

    eog = frozenset({EOS, 7})


@pytest.fixture
def bias_of():
    def bias(vocabulary=None, **sampling):
        facts = FakeRunner(EngineSettings()).facts
        intake = Intake(vocabulary or FakeVocabulary(), facts, MonotonicClock(), is_shiftable=True)
        request = GenerationRequest(request_id="a", prompt=["x"], sampling=SamplingParams(**sampling))
        return dict(intake.prepare(request).bias)

    return bias


def test_a_text_means_each_of_its_tokens(bias_of):
    assert bias_of(logit_bias=(("ab", 1.5),)) == {ord("a"): 1.5, ord("b"): 1.5}


def test_what_meets_on_one_token_adds_up(bias_of):
    assert bias_of(logit_bias=((97, 1.0), ("aa", 2.0), (97, 0.5))) == {97: 5.5}


def test_never_is_stronger_than_anything(bias_of):
    assert bias_of(logit_bias=((97, -math.inf), (97, 1e5))) == {97: -math.inf}


def test_ids_outside_the_vocabulary_are_skipped(bias_of):
    assert bias_of(logit_bias=((-1, 1.0), (N_VOCAB, 1.0), (N_VOCAB - 1, 1.0))) == {N_VOCAB - 1: 1.0}


def test_ignore_eos_forbids_every_end_whatever_else_is_said_of_it(bias_of):
    found = bias_of(TwoEndsVocabulary(), ignore_eos=True, logit_bias=((EOS, 5.0), (97, 1.0)))

    assert found == {EOS: -math.inf, 7: -math.inf, 97: 1.0}


def test_ignore_eos_of_a_model_without_an_end_is_warned_about_and_ignored(bias_of, caplog):
    assert bias_of(EndlessVocabulary(), ignore_eos=True) == {}

    assert "ignore_eos" in caplog.text
