"""Sampling options through the engine: they reach the chain, repeat with their seed, and break nothing."""

from __future__ import annotations

import math
import random

import llama_cpp
import numpy as np
import pytest

from corral.api.generation.fields import GenerationFields
from corral.api.generation.sampling import to_sampling
from corral.core.sampler_names import NAMES
from corral.core.sampling import SamplingParams
from corral.engine.llama.dry_links import DryLinks
from corral.engine.llama.sampler import LlamaSampler

END, NEWLINE = 256, 10
GREEDY = {"temperature": 0.0, "ignore_eos": True}


def test_penalties_spare_the_newline_unless_told(make_engine):
    engine = make_engine()
    fields = {**GREEDY, "frequency_penalty": 100.0, "logit_bias": ((NEWLINE, 50.0),)}

    spared, _ = engine.generate("x", sampling=SamplingParams(**fields))
    counted, _ = engine.generate("x", sampling=SamplingParams(is_newline_penalized=True, **fields))

    assert set(spared) == {NEWLINE}
    assert counted.count(NEWLINE) == 1


def test_penalties_keep_tokens_from_coming_back(make_engine):
    engine = make_engine()
    sampling = SamplingParams(presence_penalty=1000.0, repeat_last_n=-1, seed=3, ignore_eos=True)

    tokens, _ = engine.generate("abc", sampling=sampling, max_tokens=60)

    seen = [token for token in [*b"abc", *tokens] if token != NEWLINE]
    assert len(set(seen)) == len(seen)


def test_tail_free_narrows_what_is_drawn(make_engine):
    engine = make_engine()
    sampling = SamplingParams(tfs_z=0.0, temperature=5.0, seed=3, ignore_eos=True)

    tokens, _ = engine.generate("abc", sampling=sampling)

    assert tokens == engine.generate("abc", sampling=SamplingParams(**GREEDY))[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"tfs_z": 0.9},
        {"samplers": ("adaptive_p",), "adaptive_target": 0.1},
        {"samplers": ("infill",)},
        {"samplers": ("temperature", "penalties"), "repeat_penalty": 1.8},
        {"dry_multiplier": 2.0, "dry_allowed_length": 1},
    ],
)
def test_a_seed_repeats_with_probabilities_or_without(make_engine, fields):
    engine = make_engine()

    def draw(**more):
        sampling = SamplingParams(**{"seed": 9, "temperature": 1.5, "ignore_eos": True, **fields, **more})
        return engine.generate("aaaa bbbb aaaa", sampling=sampling, is_cache_wanted=False, max_tokens=40)[0]

    assert draw() == draw() == draw(n_probs=2)


def test_a_penalised_text_is_what_llama_cpps_own_chain_gives(make_engine):
    engine = make_engine()
    sampling = SamplingParams(
        seed=42,
        temperature=1.5,
        repeat_penalty=1.3,
        frequency_penalty=0.2,
        presence_penalty=0.1,
        repeat_last_n=20,
        is_newline_penalized=True,
        dry_multiplier=0.8,
        xtc_probability=0.5,
        xtc_threshold=0.05,
    )

    tokens, _ = engine.generate("hello hello", sampling=sampling, max_tokens=40)

    assert tokens == own_chain(engine.runner, list(b"hello hello"), 40)


def own_chain(runner, prompt, n):
    """Generate with nothing but llama.cpp's calls, in the order of today's llama-server."""
    vocabulary, context = runner.vocabulary.pointer, runner._context
    breakers = [b"\n", b":", b'"', b"*"]
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context.pointer), True)
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in (
        llama_cpp.llama_sampler_init_penalties(runner.facts.n_vocab, 20, 1.3, 0.2, 0.1),
        llama_cpp.llama_sampler_init_dry(
            vocabulary, 0.8, 1.75, 2, 256, (llama_cpp.ctypes.c_char_p * 4)(*breakers), 4
        ),
        llama_cpp.llama_sampler_init_top_k(40),
        llama_cpp.llama_sampler_init_top_p(0.95, 0),
        llama_cpp.llama_sampler_init_min_p(0.05, 0),
        llama_cpp.llama_sampler_init_xtc(0.5, 0.05, 0, 42),
        llama_cpp.llama_sampler_init_temp_ext(1.5, 0.0, 1.0),
        llama_cpp.llama_sampler_init_dist(42),
    ):
        llama_cpp.llama_sampler_chain_add(chain, link)
    for token in prompt:
        llama_cpp.llama_sampler_accept(chain, token)
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


def test_greedy_probabilities_are_of_all_tokens_and_of_the_one(make_engine):
    engine = make_engine()
    request_id = engine.submit("hello", max_tokens=3, sampling=SamplingParams(n_probs=300, **GREEDY))
    engine.run()

    for output in engine.outputs(request_id):
        for probs in output.probs:
            assert len(probs.top) == len(probs.sampled) == 257
            assert probs.sampled[0].token == probs.token
            assert probs.prob == 1.0


def test_the_token_itself_has_a_probability_though_it_is_not_among_the_best(make_engine):
    engine = make_engine()
    sampling = SamplingParams(n_probs=1, temperature=20.0, top_k=0, top_p=1.0, min_p=0.0, seed=1)
    request_id = engine.submit("hello", max_tokens=10, sampling=sampling)
    engine.run()

    entries = [probs for output in engine.outputs(request_id) for probs in output.probs]
    rare = [entry for entry in entries if entry.token != entry.sampled[0].token]
    assert rare
    assert all(0 < entry.prob <= entry.sampled[0].value for entry in rare)


@pytest.mark.parametrize(("seed", "seeds"), [(5, [5, 6, 7]), (2**32 - 2, [2**32 - 2, 0, 1])])
def test_every_answer_of_a_request_has_a_seed_of_its_own(make_engine, seed, seeds):
    engine = make_engine()
    sampling = SamplingParams(seed=seed, temperature=2.0, ignore_eos=True)

    request_id = engine.submit("hello", n=3, sampling=sampling)
    engine.run()

    assert [engine.end(request_id, index).seed for index in range(3)] == seeds
    alone = [
        engine.generate("hello", sampling=SamplingParams(seed=s, temperature=2.0, ignore_eos=True))[0]
        for s in seeds
    ]
    assert [engine.tokens(request_id, index) for index in range(3)] == alone


def test_dry_is_prepared_once_for_equal_options_and_a_few_are_kept(make_engine):
    engine = make_engine()
    links = DryLinks(engine.runner.vocabulary.pointer)

    def make(base):
        link = links.make(SamplingParams(dry_multiplier=1.0, dry_base=base), 64)
        llama_cpp.llama_sampler_free(link)

    for base in (1.5, 1.5, *range(2, 30), 1.5):
        make(float(base))

    assert len(links._originals) == 8
    links.close()


WILD = [0, 0.5, 1, -1, 1e-30, 1e30, -1e30, 0.99, 2, 1e-7, 3, 1e300, 100]
NUMBERS = [
    "temperature",
    "dynatemp_range",
    "dynatemp_exponent",
    "top_p",
    "min_p",
    "tfs_z",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "xtc_threshold",
    "presence_penalty",
    "frequency_penalty",
    "dry_multiplier",
    "dry_base",
    "mirostat_tau",
    "mirostat_eta",
    "adaptive_target",
    "adaptive_decay",
]


@pytest.mark.parametrize("seed", range(8))
def test_no_options_break_the_engine_or_choose_a_forbidden_token(make_engine, seed):
    model = make_engine().runner._sampled_model
    chance = random.Random(seed)
    logits = np.random.default_rng(seed).normal(0, 4, model.n_vocab).astype(np.float32)

    for _ in range(100):
        params = wild_params(chance, model.n_vocab)
        forbidden = {token for token, offset in params.logit_bias if offset == -math.inf}
        sampler = LlamaSampler(model, params, chance.randrange(2**32 - 1), params.logit_bias)
        sampler.accept(np.array(chance.choices(range(257), k=chance.randrange(300)), np.int32))
        token = sampler.draw(logits)
        sampler.accept(np.array([token], np.int32))
        sampler.close()

        assert 0 <= token < model.n_vocab
        assert token not in forbidden


def wild_params(chance, n_vocab):
    """Return what the wire makes of arbitrary options."""
    numbers = {name: chance.choice(WILD) for name in NUMBERS if chance.random() < 0.3}
    fields = GenerationFields(
        **numbers,
        repeat_penalty=chance.choice([1, 1.1, 1e-30, 1e30]),
        top_k=chance.choice([0, -5, 1, 40, 10**12]),
        min_keep=chance.choice([0, 0, 5, 10**9]),
        mirostat=chance.choice([0, 0, 0, 1, 2]),
        repeat_last_n=chance.choice([-1, 0, 64, 2**31 - 1]),
        dry_penalty_last_n=chance.choice([-1, 0, 64, 2**31 - 1]),
        dry_allowed_length=chance.choice([0, 2, 2**31 - 1]),
        dry_sequence_breakers=chance.choice([["\n"], ["", "\0", "é" * 30]]),
        samplers=chance.choices(sorted(NAMES), k=chance.randrange(10)),
        penalize_nl=chance.random() < 0.5,
        logit_bias=[[token, chance.choice([False, 1e300, -3])] for token in chance.sample(range(END), k=4)],
    )
    return to_sampling(fields, SamplingParams(), n_vocab)
