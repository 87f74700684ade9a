"""Classifier-free guidance on real llama.cpp."""

from __future__ import annotations

import random

import numpy as np
import pytest

from corral.core.messages import Failed, Finished
from corral.core.request import Guidance
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.llama.guidance import guide

PROMPT, NEGATIVE = "the quick brown fox jumps", "a slow white hen"
KINDS = ["llama", "windowed", "recurrent"]
GUIDANCE = Guidance(scale=2.5, negative=[NEGATIVE])


def log_probabilities(engine, tokens, n_vocab):
    """Return what the model says next, in a run of its own."""
    sampling = SamplingParams(temperature=0, n_probs=n_vocab)
    request_id = engine.submit(list(tokens), max_tokens=1, sampling=sampling, is_cache_wanted=False)
    engine.run()
    (output,) = engine.outputs(request_id)
    return by_id(output.probs[0], n_vocab)


def by_id(probs, n_vocab):
    values = np.full(n_vocab, np.nan)
    for candidate in probs.top:
        values[candidate.token] = candidate.value
    return values


def log_softmax(values):
    return values - values.max() - np.log(np.exp(values - values.max()).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_guided_logits_are_those_of_two_separate_runs_combined(make_engine, kind):
    guided, alone = make_engine(kind), make_engine(kind)
    n_vocab = guided.runner.vocabulary.n_tokens
    sampling = SamplingParams(temperature=0, n_probs=n_vocab)
    request_id = guided.submit(PROMPT, max_tokens=8, sampling=sampling, guidance=GUIDANCE)
    guided.run()
    said = guided.tokens(request_id)
    found = [by_id(probs, n_vocab) for output in guided.outputs(request_id) for probs in output.probs]
    tokenize = guided.intake.tokenize
    prompt, negative = (tokenize([t], is_bos_wanted=True, has_special=True) for t in (PROMPT, NEGATIVE))

    for i, values in enumerate(found):
        with_prompt = log_probabilities(alone, [*prompt, *said[:i]], n_vocab)
        without = log_probabilities(alone, [*negative, *said[:i]], n_vocab)
        reference = log_softmax(without + GUIDANCE.scale * (with_prompt - without))
        np.testing.assert_allclose(values, reference, atol=2e-3)
        assert said[i] == reference.argmax()
    assert len(found) == 8


def test_guidance_says_something_else(make_engine):
    engine = make_engine()

    guided = engine.generate(PROMPT, guidance=GUIDANCE)[0]

    assert guided != engine.generate(PROMPT)[0]


@pytest.mark.parametrize("sampling", [SamplingParams(temperature=0), SamplingParams(seed=7)])
def test_scale_1_is_no_guidance(make_engine, sampling):
    guided, plain = make_engine(), make_engine()
    guidance = Guidance(scale=1, negative=[NEGATIVE])

    text = guided.generate(PROMPT, sampling=sampling, guidance=guidance)[0]

    assert text == plain.generate(PROMPT, sampling=sampling)[0]


def test_a_scale_next_to_1_keeps_logits_and_penalties_as_they_are(make_engine):
    guided, plain = make_engine(), make_engine()
    sampling = SamplingParams(temperature=0, repeat_penalty=1.4, repeat_last_n=-1)
    guidance = Guidance(scale=1 + 1e-7, negative=[NEGATIVE])

    text = guided.generate(PROMPT, sampling=sampling, guidance=guidance)[0]

    assert text == plain.generate(PROMPT, sampling=sampling)[0]


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_guided_beside_seven_others_changes_nobody(make_engine, is_kv_unified):
    settings = {"n_parallel": 9, "n_ctx": 2304, "is_kv_unified": is_kv_unified}
    alone, together = make_engine(**settings), make_engine(**settings)
    prompts = [f"{i} little engines that could" * (i % 3 + 1) for i in range(7)]
    expected = [alone.generate(prompt, is_cache_wanted=False)[0] for prompt in prompts]
    expected_guided = alone.generate(PROMPT, guidance=GUIDANCE, is_cache_wanted=False)[0]

    ids = [together.submit(prompt, is_cache_wanted=False) for prompt in prompts[:3]]
    guided = together.submit(PROMPT, guidance=GUIDANCE, is_cache_wanted=False)
    ids += [together.submit(prompt, is_cache_wanted=False) for prompt in prompts[3:]]
    together.run()

    assert [together.tokens(i) for i in ids] == expected
    assert together.tokens(guided) == expected_guided


@pytest.mark.parametrize("kind", KINDS)
def test_cached_prompts_give_the_same_guided_text(make_engine, kind):
    engine = make_engine(kind)
    first = engine.generate(PROMPT, guidance=GUIDANCE)[0]
    engine.generate(PROMPT + " over", guidance=GUIDANCE)

    assert engine.generate(PROMPT, guidance=GUIDANCE)[0] == first


def test_a_fixed_seed_repeats(make_engine):
    first, second = make_engine(), make_engine()
    sampling = SamplingParams(seed=11, temperature=1.5, top_k=0)

    texts = [e.generate(PROMPT, guidance=GUIDANCE, sampling=sampling)[0] for e in (first, second)]

    assert texts[0] == texts[1]


def test_several_answers_differ_by_their_seeds_and_repeat(make_engine):
    engine = make_engine()
    sampling = SamplingParams(seed=11, temperature=2.0, top_k=0, min_p=0, top_p=1)
    request_id = engine.submit(PROMPT, guidance=GUIDANCE, sampling=sampling, n=2)
    engine.run()

    first = engine.generate(PROMPT, guidance=GUIDANCE, sampling=sampling)[0]

    assert engine.tokens(request_id, 0) == first
    assert engine.tokens(request_id, 1) != first


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_a_grammar_is_kept_to_and_its_forced_tokens_are_the_companions_too(make_engine, temperature):
    rule = Structure(StructureKind.REGEX, "(abcdefghijklmnop[xyz]){2}")
    jumping, plodding = make_engine(), make_engine(n_batch=4)  # four rows a step: forced tokens go in parts
    sampling = SamplingParams(temperature=temperature, seed=3)
    fields = {"guidance": GUIDANCE, "structure": rule, "sampling": sampling, "max_tokens": 60}

    tokens = jumping.generate(PROMPT, **fields)[0]

    assert tokens == plodding.generate(PROMPT, **fields)[0]
    assert len(tokens) >= 34


def test_the_context_shifts_under_both(make_engine):
    engine = make_engine(n_ctx=256, n_parallel=2)

    tokens, end = engine.generate(PROMPT, guidance=Guidance(scale=2, negative=["n" * 70]), max_tokens=120)

    assert len(tokens) == 120
    assert end.is_truncated


def test_cancel_frees_both_sequences(make_engine):
    engine = make_engine(n_parallel=2)
    request_id = engine.submit(PROMPT, guidance=GUIDANCE, max_tokens=None)
    for _ in range(6):
        engine.step()
    assert engine.scheduler.ledger.n_idle == 0

    engine.events += engine.scheduler.cancel(request_id)

    engine.scheduler.ledger.check()
    assert engine.scheduler.ledger.n_idle == 2
    assert engine.generate("hi", max_tokens=3)[1].n_predicted == 3


def test_what_is_impossible_in_the_companion_makes_nothing_certain():
    logits = np.array([1.0, 2.0, -np.inf], np.float32)

    guide(logits, np.array([1.0, 3.5, -np.inf], np.float32), 2.0)

    assert logits[2] == -np.inf
    assert np.isfinite(logits[:2]).all()
    assert logits[0] > logits[1]


def test_200_random_operations_with_guided_requests_among_them(make_engine):
    """Every request ends once, every sequence comes back, and greedy texts are those of a run alone."""
    engine, alone, chance = make_engine(n_ctx=1024), make_engine(), random.Random(5)
    sampled = SamplingParams(seed=1)
    submitted = {}
    for _ in range(200):
        kind = chance.random()
        if kind < 0.25:
            prompt = PROMPT[: chance.randint(1, 25)] * chance.randint(1, 3)
            negative = [NEGATIVE[: chance.randint(0, 12)] * chance.randint(1, 6)]
            guidance = Guidance(scale=2, negative=negative) if chance.random() < 0.5 else None
            fields = {"guidance": guidance, "n": chance.randint(1, 2), "max_tokens": chance.randint(0, 30)}
            fields |= {"sampling": sampled} if chance.random() < 0.2 else {}
            submitted[engine.submit(prompt, **fields)] = (prompt, fields)
        elif kind < 0.32 and submitted:
            engine.events += engine.scheduler.cancel(chance.choice(list(submitted)))
            engine.scheduler.ledger.check()
        elif not engine.scheduler.is_idle:
            engine.step()
    engine.run()

    ends = [event.request_id for event in engine.events if isinstance(event, Finished | Failed)]
    assert sorted(ends) == sorted(submitted)
    assert engine.scheduler.ledger.n_idle == 4
    assert not any(isinstance(event, Failed) for event in engine.events)
    for request_id, (prompt, fields) in submitted.items():
        said = engine.tokens(request_id)
        assert alone.generate(prompt, **{**fields, "n": 1})[0][: len(said)] == said
