"""Real llama.cpp: what is drawn, and the probabilities that are told."""

from __future__ import annotations

import math

import llama_cpp
import pytest

from corral.core.outcome import FinishReason
from corral.core.sampling import SamplingParams
from corral.engine.llama import runner

WILD = {"temperature": 1.5, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "ignore_eos": True}


def test_a_fixed_seed_repeats_and_another_differs(make_engine):
    engine = make_engine()

    def draw(seed):
        return engine.generate("hello", sampling=SamplingParams(seed=seed, **WILD), is_cache_wanted=False)[0]

    assert draw(42) == draw(42) != draw(43)


def test_no_seed_draws_a_new_one(make_engine):
    engine = make_engine()

    ends = [engine.generate("hello", sampling=SamplingParams(**WILD))[1] for _ in range(3)]

    assert len({end.seed for end in ends}) == 3


def test_text_of_a_seed_is_what_llama_cpps_own_chain_gives(make_engine):
    engine = make_engine()
    params = SamplingParams(seed=42, ignore_eos=False)
    answer, _ = engine.generate("hello", sampling=params, max_tokens=12)

    assert answer == own_chain(engine.runner, list(b"hello"), 12)


def own_chain(runner, prompt, n):
    """Generate with nothing but llama.cpp's calls: top-k 40, top-p 0.95, min-p 0.05, temperature 0.8."""
    context = runner._context
    llama_cpp.llama_memory_clear(context.memory, True)
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in (
        llama_cpp.llama_sampler_init_top_k(40),
        llama_cpp.llama_sampler_init_top_p(0.95, 0),
        llama_cpp.llama_sampler_init_min_p(0.05, 0),
        llama_cpp.llama_sampler_init_temp(0.8),
        llama_cpp.llama_sampler_init_dist(42),
    ):
        llama_cpp.llama_sampler_chain_add(chain, link)
    tokens, fed = list(prompt), 0
    while len(tokens) < len(prompt) + n:
        chunk = (llama_cpp.llama_token * (len(tokens) - fed))(*tokens[fed:])
        fed = len(tokens)
        assert llama_cpp.llama_decode(context.pointer, llama_cpp.llama_batch_get_one(chunk, len(chunk))) == 0
        tokens.append(llama_cpp.llama_sampler_sample(chain, context.pointer, -1))
        if tokens[-1] in runner.vocabulary.eog:
            break
    llama_cpp.llama_sampler_free(chain)
    return tokens[len(prompt) :]


def test_temperature_zero_takes_the_most_probable(make_engine):
    engine = make_engine()
    request_id = engine.submit("hello", sampling=SamplingParams(temperature=0.0, n_probs=3, ignore_eos=True))
    engine.run()

    for output in engine.outputs(request_id):
        for probs in output.probs:
            assert probs.token == probs.top[0].token
            assert probs.logprob == probs.top[0].value


def test_plain_greedy_and_the_chain_agree(make_engine):
    engine = make_engine()
    plain = SamplingParams(temperature=0.0)
    by_chain = SamplingParams(temperature=0.0, n_probs=1)

    assert engine.generate("abc", sampling=plain)[0] == engine.generate("abc", sampling=by_chain)[0]


def test_probabilities_of_the_whole_vocabulary_sum_to_one(make_engine):
    engine = make_engine()
    request_id = engine.submit("hello", max_tokens=2, sampling=SamplingParams(n_probs=10_000, **WILD))
    engine.run()

    (probs, *_) = engine.outputs(request_id)[0].probs
    assert len(probs.top) == engine.runner.facts.n_vocab
    assert math.isclose(sum(math.exp(c.value) for c in probs.top), 1.0, rel_tol=1e-6)
    assert math.isclose(sum(c.value for c in probs.sampled), 1.0, rel_tol=1e-6)


def test_top_k_leaves_k_candidates(make_engine):
    engine = make_engine()
    sampling = SamplingParams(n_probs=20, top_k=5, top_p=1.0, min_p=0.0)
    request_id = engine.submit("hello", max_tokens=1, sampling=sampling)
    engine.run()

    assert len(engine.outputs(request_id)[0].probs[0].sampled) == 5


@pytest.mark.parametrize("mirostat", [1, 2])
def test_mirostat_repeats_with_its_seed(make_engine, mirostat):
    engine = make_engine()
    sampling = SamplingParams(seed=5, mirostat=mirostat, ignore_eos=True)

    answers = [engine.generate("x", sampling=sampling, is_cache_wanted=False)[0] for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(answers[0]) == 24


def test_a_forced_token_is_the_only_one(make_engine):
    engine = make_engine()
    sampling = SamplingParams(temperature=0.0, logit_bias=((65, 1000.0),))

    assert engine.generate("x", sampling=sampling, max_tokens=3)[0] == [65, 65, 65]


def test_a_forbidden_token_never_comes(make_engine):
    engine = make_engine()
    favourite = engine.generate("x", max_tokens=1)[0][0]
    sampling = SamplingParams(temperature=0.0, ignore_eos=True, logit_bias=((favourite, float("-inf")),))

    assert favourite not in engine.generate("x", sampling=sampling)[0]


def test_repetition_penalty_counts_the_prompt_whether_cached_or_not(make_engine):
    sampling = SamplingParams(temperature=0.0, repeat_penalty=1.8, repeat_last_n=-1, ignore_eos=True)
    engine = make_engine()

    cold = engine.generate("abcabcabc", sampling=sampling)[0]
    warm = engine.generate("abcabcabc", sampling=sampling)[0]

    assert cold == warm != engine.generate("abcabcabc")[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"typical_p": 0.5},
        {"xtc_probability": 1.0, "xtc_threshold": 0.01},
        {"dry_multiplier": 1.0, "dry_allowed_length": 1},
        {"top_n_sigma": 0.5},
        {"dynatemp_range": 2.9},
        {"presence_penalty": 1.5},
        {"frequency_penalty": 1.5},
        {"samplers": ("temperature",)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_each_sampler_changes_what_is_drawn(make_engine, fields):
    engine = make_engine()
    base = {"seed": 3, "temperature": 3.0, "ignore_eos": True}

    def draw(**more):
        sampling = SamplingParams(**base, **more)
        return engine.generate("aaaa bbbb aaaa", sampling=sampling, max_tokens=60)[0]

    assert draw(**fields) != draw()


def test_large_batches_sample_on_several_threads_with_the_same_result(make_engine, monkeypatch):
    def draw(engine):
        ids = [engine.submit(f"p{i}", sampling=SamplingParams(seed=i, **WILD)) for i in range(4)]
        engine.run()
        return [engine.tokens(i) for i in ids]

    expected = draw(make_engine())
    monkeypatch.setattr(runner, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(runner.LlamaRunner, "_n_threads", lambda _: 3)

    assert draw(make_engine()) == expected


def test_the_model_says_when_it_ends(make_engine):
    engine = make_engine()
    sampling = SamplingParams(temperature=0.0, logit_bias=((256, 1000.0),))

    _, end = engine.generate("x", sampling=sampling)

    assert (end.reason, end.n_predicted) == (FinishReason.EOS, 1)
