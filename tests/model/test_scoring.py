"""Scores of continuations on real llama.cpp: the model's own log-probabilities, whatever is shared."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from corral.core.messages import Score, Scored
from corral.core.sampling import SamplingParams

WORDS = ["happy", "happily", "sad", "sadness", "s", "ängstlich"]
CHAT = "Once upon a time there was a model that had to score words. " * 3
QUESTION = "Which one?"
EXACT = {"flash_attn": "off"}  # its kernels for one row and for many differ in the second decimal
KINDS = ("llama", "windowed", "recurrent")

_ids = itertools.count()


def scored(engine, words, prompt=CHAT):
    engine.events += engine.scheduler.submit(
        engine.intake.prepare_score(Score(f"s{next(_ids)}", [prompt], [QUESTION], list(words)))
    )
    engine.run()
    return [event for event in engine.events if isinstance(event, Scored)][-1]


def followed(engine, word):
    """Return the log-probability of each byte of `word`, asked one by one as the best of its kind."""
    found, prompt = [], CHAT + QUESTION
    for byte in word.encode():
        (token,) = engine.runner.vocabulary.tokenize(chr(byte), add_special=False, parse_special=False)
        sampling = SamplingParams(temperature=0.0, n_probs=1, logit_bias=((token, 1e5),))
        request = engine.submit(prompt, sampling=sampling, max_tokens=1, is_cache_wanted=False)
        engine.run()
        found.append(engine.outputs(request)[0].probs[0].logprob)
        prompt += chr(byte)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_words_score_what_the_model_gives_each_token(make_engine, kind, is_kv_unified):
    engine = make_engine(kind, is_kv_unified=is_kv_unified, **EXACT)

    answer = scored(engine, ["happy", "sad", "sat"])

    truth = make_engine(kind, **EXACT)
    for word, logprobs in zip(["happy", "sad", "sat"], answer.logprobs, strict=True):
        np.testing.assert_allclose(logprobs, followed(truth, word), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_parallel", [1, 3])
def test_words_together_score_as_each_alone(make_engine, kind, n_parallel):
    alone = [scored(make_engine(kind, **EXACT), [word]).logprobs[0] for word in WORDS]

    together = scored(make_engine(kind, n_parallel=n_parallel, **EXACT), WORDS).logprobs

    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_only_the_question_and_the_words_are_computed_behind_a_cached_chat(make_engine):
    engine = make_engine()
    engine.generate(CHAT, max_tokens=0)

    answer = scored(engine, WORDS)

    n_inner = len({word.encode()[:i] for word in WORDS for i in range(1, len(word.encode()))})
    assert answer.n_cached >= len(CHAT)
    assert answer.n_evaluated == len(QUESTION) + n_inner


def test_the_chat_goes_on_from_memory_after_its_words_were_scored(make_engine):
    engine, fresh = make_engine(), make_engine()
    engine.generate(CHAT, max_tokens=0)
    scored(engine, WORDS)

    tokens, end = engine.generate(CHAT + "And then")

    assert end.n_cached >= len(CHAT)
    assert tokens == fresh.generate(CHAT + "And then")[0]
