"""Drafts on real llama.cpp: the text is that of the model alone, whatever is guessed.

Exact are kernels that compute a row the same way whatever stands beside it: attention without
`flash_attn`. With it the last bits of one row and of many differ, as they do for batches.
"""

from __future__ import annotations

import json
from importlib import resources

import msgspec
import pytest

from corral.core.engine_settings import DraftSettings
from corral.core.errors import ModelLoadError
from corral.core.messages import Stepped
from corral.core.request import DraftLimits
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind

OFF = DraftSettings(kinds=())
EXACT = {"flash_attn": "off"}
REFRAIN = "One two three four. One two three four. One two three four. One two"
SCHEMA = json.dumps({"type": "array", "items": {"enum": ["left", "right"]}, "minItems": 4, "maxItems": 9})
FEW_LETTERS = tuple((ord(letter), 40.0) for letter in "abc")  # whoever has few words repeats itself
GREEDY = SamplingParams(temperature=0.0, ignore_eos=True)
LOOPING = msgspec.structs.replace(GREEDY, logit_bias=FEW_LETTERS)
CHAINS = {
    "greedy": GREEDY,
    "cold": SamplingParams(temperature=0.2, seed=5, ignore_eos=True),
    "warm": SamplingParams(temperature=0.8, seed=6),
    "penalties": SamplingParams(temperature=0.3, seed=7, repeat_penalty=1.1, frequency_penalty=0.1),
    "mirostat": SamplingParams(mirostat=2, mirostat_tau=2.0, seed=8, ignore_eos=True),
    "dry": SamplingParams(temperature=0.5, seed=9, dry_multiplier=0.8),
}


class Eager:
    """Says of every guess that it pays."""

    @staticmethod
    def n_worth(rates):
        return sum(1 for _ in rates)

    @staticmethod
    def observe(n_drafted, step_ms):
        pass

    @staticmethod
    def passed():
        pass


def eager(engine):
    drafting = engine.scheduler._planner.drafting
    drafting._by_text = drafting._by_model = drafting._used = Eager
    return engine


@pytest.fixture(scope="module")
def bundled(model_path):
    """Give the bundled model as a kind of file."""
    file = model_path("llama").with_name("bundled.gguf")
    file.symlink_to(resources.files("corral") / "models" / "corral-tiny.gguf")
    return file.stem


def n_accepted(engine):
    return sum(event.stats.n_drafted_accepted for event in engine.events if isinstance(event, Stepped))


def pair(make_engine, **settings):
    """Return an engine that drafts whatever it can, and one that drafts nothing."""
    return eager(make_engine(**EXACT, **settings)), make_engine(**EXACT, **settings, drafts=OFF)


def told(engine, request_id):
    text = "".join(output.text for output in engine.outputs(request_id))
    end = engine.end(request_id)
    return text, engine.tokens(request_id), end.reason, end.stop_text, end.n_past, end.n_predicted


def both(engines, prompt, **fields):
    fields = {"sampling": LOOPING, **fields}
    told_of = []
    for engine in engines:
        request_id = engine.submit(prompt, **fields)
        engine.run()
        told_of.append(told(engine, request_id))
    return told_of


@pytest.mark.parametrize("is_kv_unified", [False, True])
@pytest.mark.parametrize("chain", CHAINS)
def test_every_chain_gives_the_text_that_it_gives_without_drafts(make_engine, chain, is_kv_unified):
    engines = pair(make_engine, is_kv_unified=is_kv_unified)
    sampling = msgspec.structs.replace(CHAINS[chain], logit_bias=FEW_LETTERS)

    drafted, plain = both(engines, REFRAIN, sampling=sampling, max_tokens=120)

    assert drafted == plain
    assert n_accepted(engines[0]) > 5
    assert engines[0].end("1").n_drafted_accepted == n_accepted(engines[0])


def test_probabilities_are_those_of_each_token(make_engine):
    engines = pair(make_engine)
    sampling = msgspec.structs.replace(CHAINS["cold"], logit_bias=FEW_LETTERS, n_probs=3)

    both(engines, REFRAIN, sampling=sampling, max_tokens=120)

    drafted, plain = ([probs for o in e.outputs("1") for probs in o.probs] for e in engines)
    assert [probs.token for probs in drafted] == [probs.token for probs in plain]
    assert [p.logprob for p in drafted] == pytest.approx([p.logprob for p in plain], rel=1e-3)
    assert [p.prob for p in drafted] == pytest.approx([p.prob for p in plain], rel=1e-3)


def test_a_greedy_loop_is_mostly_drafted(make_engine):
    engines = pair(make_engine)

    drafted, plain = both(engines, REFRAIN, max_tokens=200)

    assert drafted == plain
    assert n_accepted(engines[0]) > 100


@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_a_grammar_is_kept_with_drafts_too(make_engine, is_kv_unified):
    engines = pair(make_engine, is_kv_unified=is_kv_unified)
    structure = Structure(StructureKind.JSON_SCHEMA, SCHEMA)

    drafted, plain = both(
        engines, '["left", "right", "left"] and ', structure=structure, max_tokens=80, sampling=GREEDY
    )

    assert drafted == plain
    assert json.loads(drafted[0])


@pytest.mark.parametrize("max_tokens", range(1, 10))
def test_a_limit_holds_in_the_middle_of_a_draft(make_engine, max_tokens):
    engines = pair(make_engine)
    whole, _ = both(engines, REFRAIN, max_tokens=60)
    prompt = REFRAIN + whole[0][:40]

    drafted, plain = both(engines, prompt, max_tokens=max_tokens)

    assert drafted == plain
    assert drafted[-1] == max_tokens


def test_a_stop_string_ends_the_text_in_the_middle_of_a_draft(make_engine):
    engines = pair(make_engine)
    whole, _ = both(engines, REFRAIN, max_tokens=120)
    stop = whole[0][-9:-4]

    drafted, plain = both(engines, REFRAIN, max_tokens=120, stop=(stop,))

    assert drafted == plain
    assert drafted[3] == stop


@pytest.mark.parametrize("is_context_shift", [False, True])
@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_the_end_of_the_context_is_where_it_is_without_drafts(make_engine, is_context_shift, is_kv_unified):
    engines = pair(
        make_engine, n_ctx=512, n_parallel=2, is_context_shift=is_context_shift, is_kv_unified=is_kv_unified
    )

    drafted, plain = both(engines, REFRAIN * 2, max_tokens=250)

    assert drafted == plain


def test_what_follows_a_drafted_answer_is_computed_on_right_memory(make_engine):
    engines = pair(make_engine)
    first, _ = both(engines, REFRAIN, max_tokens=70)

    drafted, plain = both(engines, REFRAIN + first[0] + " and then", max_tokens=40)

    assert drafted == plain
    assert engines[0].end("2").n_cached == engines[1].end("2").n_cached > len(REFRAIN)


def test_a_request_that_is_cancelled_between_drafts_leaves_a_good_prefix(make_engine):
    engine, plain = pair(make_engine)
    request_id = engine.submit(REFRAIN, max_tokens=200, sampling=LOOPING)
    for _ in range(20):
        engine.step()
    engine.events += engine.scheduler.cancel(request_id)
    text = told(engine, request_id)[0]

    again, anew = both((engine, plain), REFRAIN + text, max_tokens=30)

    assert again[:2] == anew[:2]


def test_two_sequences_together_are_not_drafted(make_engine):
    engine, _ = pair(make_engine)
    engine.submit(REFRAIN, max_tokens=60, sampling=LOOPING)
    engine.submit(REFRAIN + ".", max_tokens=60, sampling=LOOPING)

    engine.run()

    assert n_accepted(engine) <= 2


def test_a_request_may_want_no_drafts(make_engine):
    engine, _ = pair(make_engine)

    engine.generate(REFRAIN, max_tokens=60, sampling=LOOPING, drafts=DraftLimits(n_max=0))

    assert n_accepted(engine) == 0


@pytest.mark.parametrize("chain", ["greedy", "warm"])
def test_the_bundled_model_writes_the_same_with_drafts(make_engine, bundled, chain):
    engines = eager(make_engine(bundled, **EXACT)), make_engine(bundled, **EXACT, drafts=OFF)

    drafted, plain = both(
        engines, "Tom has a red ball. Sam has a red ball. Tom has a", sampling=CHAINS[chain]
    )

    assert drafted == plain


def with_model(path, **fields):
    return DraftSettings(kinds=("draft-simple",), model_path=str(path), **fields)


@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_a_draft_model_that_is_the_model_itself_is_nearly_always_right(
    make_engine, model_path, is_kv_unified
):
    drafted = eager(make_engine(**EXACT, is_kv_unified=is_kv_unified, drafts=with_model(model_path("llama"))))
    plain = make_engine(**EXACT, is_kv_unified=is_kv_unified, drafts=OFF)

    first, second = both((drafted, plain), REFRAIN, sampling=GREEDY, max_tokens=120)

    end = drafted.end("1")
    assert first == second
    assert end.n_drafted_accepted >= 100
    assert end.n_drafted_accepted >= 0.9 * end.n_drafted


def test_a_draft_model_keeps_in_step_over_several_requests_and_callers(make_engine, model_path):
    drafted = eager(make_engine(**EXACT, drafts=with_model(model_path("llama"), n_max=5)))
    plain = make_engine(**EXACT, drafts=OFF)
    warm = SamplingParams(temperature=0.8, seed=3, ignore_eos=True)

    for prompt, caller in [("A tale", "x"), ("A tale of two", "x"), ("A tale of", "y"), ("B", "x")]:
        first, second = both((drafted, plain), prompt, caller=caller, sampling=warm, max_tokens=40)
        assert first == second

    assert n_accepted(drafted) > 0


def test_a_text_longer_than_the_draft_models_context_is_not_drafted_any_more(make_engine, model_path):
    drafted = eager(make_engine(**EXACT, drafts=with_model(model_path("llama"), n_ctx=256)))
    plain = make_engine(**EXACT, drafts=OFF)

    first, second = both((drafted, plain), REFRAIN * 3, sampling=GREEDY, max_tokens=100)

    assert first == second
    assert 0 < n_accepted(drafted) < 60


def test_a_draft_model_that_is_sure_of_nothing_drafts_nothing(make_engine, model_path):
    engine = eager(make_engine(drafts=with_model(model_path("llama"), p_min=1.0)))

    engine.generate(REFRAIN, sampling=CHAINS["cold"], max_tokens=40)

    assert n_accepted(engine) == 0


def test_a_draft_model_of_another_vocabulary_is_refused_by_name(make_engine, bundled, model_path):
    with pytest.raises(ModelLoadError, match="both must have one vocabulary"):
        make_engine(drafts=with_model(model_path(bundled)))


def test_a_draft_model_whose_memory_cannot_be_cut_is_refused(make_engine, model_path):
    with pytest.raises(ModelLoadError, match="cannot be cut"):
        make_engine(drafts=with_model(model_path("recurrent")))


def test_a_draft_model_that_is_not_there_is_refused_by_its_path(make_engine, tmp_path):
    with pytest.raises(ModelLoadError, match=r"nothing\.gguf"):
        make_engine(drafts=with_model(tmp_path / "nothing.gguf"))
