"""Structured output on real models: what comes out matches, and llama.cpp's own grammars agree."""

import ctypes
import json
import re
from pathlib import Path

import llama_cpp
import pytest

from corral.core.messages import Stepped
from corral.core.outcome import FinishReason
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind

GREEDY = SamplingParams(temperature=0.0)
GRAMMARS = sorted((Path(__file__).parent / "grammars").glob("*.gbnf"))
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "pets": {"type": "array", "items": {"enum": ["cat", "dog"]}, "maxItems": 3},
    },
    "required": ["name", "age", "pets"],
}


def schema(value):
    return Structure(StructureKind.JSON_SCHEMA, json.dumps(value))


def gbnf(text):
    return Structure(StructureKind.GBNF, text)


def regex(text):
    return Structure(StructureKind.REGEX, text)


def answer(engine, structure, *, seed=1, max_tokens=400, **fields):
    """Return the text of one answer and its end."""
    sampling = fields.pop("sampling", SamplingParams(seed=seed, temperature=1.0))
    request_id = engine.submit(
        "Go: ", structure=structure, max_tokens=max_tokens, sampling=sampling, **fields
    )
    engine.run()
    outputs = engine.outputs(request_id)
    return "".join(output.text for output in outputs), outputs[-1].end


class SecondOpinion:
    """llama.cpp's own grammar sampler, asked about one token after another."""

    def __init__(self, engine, text):
        self._vocabulary = engine.runner.vocabulary
        self._sampler = llama_cpp.llama_sampler_init_grammar(self._vocabulary.pointer, text.encode(), b"root")
        assert self._sampler, "llama.cpp does not take the grammar"

    def allows(self, token):
        candidate = llama_cpp.llama_token_data(token, 0.0, 0.0)
        array = llama_cpp.llama_token_data_array(ctypes.pointer(candidate), 1, -1, False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return array.data[0].logit > float("-inf")

    def n_allowed(self, tokens):
        for number, token in enumerate(tokens):
            if not self.allows(token):
                return number
            llama_cpp.llama_sampler_accept(self._sampler, token)
        return len(tokens)

    def can_end(self):
        return self.allows(min(self._vocabulary.eog))

    def close(self):
        llama_cpp.llama_sampler_free(self._sampler)


@pytest.fixture
def second_opinion():
    opinions = []

    def ask(engine, text):
        opinions.append(SecondOpinion(engine, text))
        return opinions[-1]

    yield ask
    for opinion in opinions:
        opinion.close()


def text_of(name):
    return (Path(__file__).parent / "grammars" / f"{name}.gbnf").read_text(encoding="utf-8")


# Not the list: llama.cpp refuses the first byte of every character that shares it with an excluded one.
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", [path.stem for path in GRAMMARS if path.stem != "list"])
def test_llama_cpp_accepts_what_each_sample_grammar_yields(make_engine, second_opinion, name, seed):
    engine = make_engine()

    written, end = answer(engine, gbnf(text_of(name)), seed=seed)

    tokens = [token for token in engine.tokens("1") if token not in engine.runner.vocabulary.eog]
    opinion = second_opinion(engine, text_of(name))
    assert written
    assert opinion.n_allowed(tokens) == len(tokens), written
    assert end.reason is FinishReason.LENGTH or opinion.can_end()


def test_json_grammar_yields_json(make_engine):
    engine = make_engine()
    bias = tuple((closing, 9.0) for closing in '}]",')

    sampling = SamplingParams(seed=5, logit_bias=bias)
    written, end = answer(engine, gbnf(text_of("json")), sampling=sampling)

    assert end.reason is FinishReason.EOS
    assert isinstance(json.loads(written), dict)


def test_list_grammar_yields_a_list(make_engine):
    engine = make_engine()

    written, end = answer(engine, gbnf(text_of("list")))

    assert end.reason is FinishReason.EOS
    assert re.fullmatch(r"(- [^\r\n]{1,20}\n){3,}", written)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_ends_though_white_space_takes_newlines_too(make_engine, seed):
    engine = make_engine()
    bias = (("=", 3.0), ("\n", 3.0), ("(", -9.0))

    sampling = SamplingParams(seed=seed, logit_bias=bias)
    written, _ = answer(engine, gbnf(text_of("arithmetic")), sampling=sampling)

    assert re.match(r"[^=]+=[^=]+\n[^=]+=", written), written


def test_schema_yields_json_of_its_shape(make_engine):
    engine = make_engine()

    written, end = answer(engine, schema(PERSON))

    person = json.loads(written)
    assert end.reason is FinishReason.EOS
    assert list(person) == ["name", "age", "pets"]
    assert 0 <= person["age"] <= 150
    assert set(person["pets"]) <= {"cat", "dog"}


def test_forced_tokens_take_no_step_of_their_own(make_engine):
    engine = make_engine()

    written, end = answer(engine, schema({"const": "a text that leaves no choice at all"}))

    n_steps = sum(isinstance(event, Stepped) for event in engine.events)
    assert written == '"a text that leaves no choice at all"'
    assert end.n_predicted == len(written) + 1  # the one that ends it counts too
    assert end.reason is FinishReason.EOS
    assert n_steps == 1


def test_more_forced_tokens_than_a_batch_has_rows(make_engine):
    engine = make_engine(n_batch=16, n_ubatch=16)
    texts = ["x" * n for n in (70, 150, 40, 3)]

    ids = [
        engine.submit("Go: ", structure=schema({"enum": [t + "a", t + "b"]}), max_tokens=200) for t in texts
    ]
    engine.run()

    answers = ["".join(output.text for output in engine.outputs(request_id)) for request_id in ids]
    assert [json.loads(written)[:-1] for written in answers] == texts


def test_forced_tokens_leave_the_same_context_as_sampled_ones(make_engine):
    engine = make_engine()
    prefix = '"key of some length": "'
    alone, _ = answer(engine, gbnf(f'root ::= {json.dumps(prefix)} [a-z]{{20}} "."'), sampling=GREEDY)

    tokens, _ = engine.generate("Go: " + prefix, structure=gbnf('root ::= [a-z]{20} "."'))

    pieces = [engine.runner.vocabulary.piece(token, is_special_shown=False) for token in tokens]
    assert alone == prefix + b"".join(pieces).decode()


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_limit_counts_forced_tokens_one_by_one(make_engine, n):
    engine = make_engine()

    written, end = answer(engine, schema({"const": "twenty letters or so"}), max_tokens=n)

    assert end.n_predicted == n
    assert end.reason is FinishReason.LENGTH
    assert '"twenty letters or so"'.startswith(written)
    assert len(written) == n


def test_stop_string_ends_within_forced_tokens(make_engine):
    engine = make_engine()

    written, end = answer(engine, schema({"const": "before STOP after"}), stop=("STOP",))

    assert written == '"before '
    assert (end.reason, end.stop_text) == (FinishReason.STOP, "STOP")
    assert end.n_predicted == len('"before STOP')


def test_context_full_of_forced_tokens_is_shifted(make_engine):
    engine = make_engine(n_ctx=256, n_parallel=4, is_context_shift=True)
    text = "0123456789" * 4

    written, end = answer(engine, gbnf(f'root ::= ("{text}" [ab]){{9}}'), max_tokens=100)

    assert end.n_predicted == 64  # the context of a slot
    assert end.is_truncated
    assert written.startswith(text)


def test_ignored_end_still_ends_with_the_text(make_engine):
    engine = make_engine()

    sampling = SamplingParams(seed=3, ignore_eos=True)
    written, end = answer(engine, regex("[ab]{1,6}"), sampling=sampling)

    assert re.fullmatch("[ab]{6}", written)
    assert end.reason is FinishReason.EOS


def test_end_is_not_chosen_before_the_text_is_complete(make_engine):
    engine = make_engine()
    eos = min(engine.runner.vocabulary.eog)

    sampling = SamplingParams(seed=3, logit_bias=((eos, 100.0),))
    written, end = answer(engine, regex("[a-z]{5,9}"), sampling=sampling)

    assert re.fullmatch("[a-z]{5}", written)
    assert end.reason is FinishReason.EOS


def test_grammar_that_is_empty_ends_at_once(make_engine):
    engine = make_engine()

    written, end = answer(engine, gbnf('root ::= ""'))

    assert (written, end.reason) == ("", FinishReason.EOS)


def test_every_token_has_its_probabilities(make_engine):
    engine = make_engine()

    sampling = SamplingParams(seed=1, n_probs=3, top_p=1.0, min_p=0.0)
    answer(engine, gbnf('root ::= "sure: " [ab] [0-9]'), sampling=sampling)

    probs = [entry for output in engine.outputs("1") for entry in output.probs]
    assert [entry.token for entry in probs] == engine.tokens("1")
    assert [entry.logprob for entry in probs[:6]] == [0.0] * 6
    assert all(entry.logprob < 0 for entry in probs[6:8])
    assert {candidate.piece for candidate in probs[6].sampled} == {b"a", b"b"}


def test_greedy_choice_is_the_best_that_is_allowed(make_engine):
    engine = make_engine()

    sampling = SamplingParams(temperature=0.0, n_probs=257)
    answer(engine, regex("[f-p]"), sampling=sampling)

    entry = engine.outputs("1")[0].probs[0]
    allowed = [
        candidate for candidate in entry.top if candidate.piece in set(map(bytes, zip(b"fghijklmnop")))
    ]
    assert entry.token == allowed[0].token


def test_penalties_remember_forced_tokens(make_engine):
    engine = make_engine()
    rule = gbnf('root ::= "aaaaaaaaaaaa" [ab]')

    plain, _ = answer(engine, rule, sampling=SamplingParams(temperature=0.0, logit_bias=(("a", 2.0),)))
    sampling = SamplingParams(temperature=0.0, logit_bias=(("a", 2.0),), frequency_penalty=5.0)
    penalised, _ = answer(engine, rule, sampling=sampling)

    assert (plain[-1], penalised[-1]) == ("a", "b")


def test_others_beside_a_grammar_are_not_disturbed(make_engine):
    alone, _ = make_engine().generate("Once", max_tokens=20)
    engine = make_engine()

    ids = [engine.submit("Once", max_tokens=20)]
    ids += [engine.submit("Go: ", structure=schema(PERSON), max_tokens=80) for _ in range(2)]
    engine.run()

    assert engine.tokens(ids[0]) == alone
    assert all(engine.end(request_id) for request_id in ids)


def test_constraint_and_sequences_of_one_request_are_their_own(make_engine):
    engine = make_engine()

    request_id = engine.submit(
        "Go: ",
        structure=regex("[a-z]{8}"),
        n=3,
        max_tokens=20,
        sampling=SamplingParams(seed=7, temperature=3.0),
    )
    engine.run()

    texts = ["".join(o.text for o in engine.outputs(request_id, index)) for index in range(3)]
    assert all(re.fullmatch("[a-z]{8}", text) for text in texts)
    assert len(set(texts)) > 1


def test_windowed_and_recurrent_models_follow_a_grammar(make_engine):
    for kind in ("windowed", "recurrent"):
        written, end = answer(make_engine(kind), schema(PERSON))

        assert end.reason is FinishReason.EOS
        assert json.loads(written).keys() == {"name", "age", "pets"}
