"""Vectors and scores of real llama.cpp: in a batch as alone, and as the formulas have it."""

from __future__ import annotations

from contextlib import closing

import gguf
import numpy as np
import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import AdapterSettings, CpuSettings, EngineSettings, LoraSettings
from corral.core.errors import ContextExceededError, InputTooLargeError, NotSupportedError
from corral.core.messages import Embed, Rank
from corral.engine.embedding import EmbeddingScheduler
from corral.engine.inputs import InputIntake
from corral.engine.intake import Intake
from corral.engine.llama import embedding
from corral.engine.llama import runner as llama_runner
from tests.model.encoder_files import CLS, LETTERS, N_POSITIONS, SEP, WIDTH, write_bert, write_t5

CLOSE = 1e-5


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """An encoder without a head."""
    path = tmp_path_factory.mktemp("bert") / "bert.gguf"
    write_bert(path)
    return path


@pytest.fixture(scope="module")
def ranker(tmp_path_factory):
    """An encoder with a classification head."""
    path = tmp_path_factory.mktemp("bert") / "ranker.gguf"
    write_bert(path, has_head=True)
    return path


@pytest.fixture(scope="module")
def t5_encoder(tmp_path_factory):
    path = tmp_path_factory.mktemp("t5") / "encoder.gguf"
    write_t5(path, has_decoder=False)
    return path


class Engine:
    """The embedding scheduler on a real file; one thread."""

    def __init__(self, path, **settings):
        fields = {"purpose": "embed", "cpu": CpuSettings(n_threads=1), "n_ubatch": 64, **settings}
        self.runner = embedding.load(str(path), EngineSettings(**fields), lambda _: None)
        clock = MonotonicClock()
        self.scheduler = EmbeddingScheduler(self.runner, clock)
        intake = Intake(self.runner.vocabulary, self.runner.facts, clock, is_shiftable=False)
        self.intake = InputIntake(intake, self.runner)

    def ask(self, call):
        events = self.scheduler.submit(self.intake.prepare(call))
        while not self.scheduler.is_idle:
            events += self.scheduler.step()
        return events[-1]

    def embed(self, *texts):
        """Return an array [n_vectors, width] for each text."""
        answer = self.ask(Embed("a", [[text] for text in texts]))
        return [np.array([np.frombuffer(raw, "<f4") for raw in vectors]) for vectors in answer.vectors]

    def rank(self, query, *documents):
        return self.ask(Rank("a", query, list(documents))).scores


@pytest.fixture
def make_engine():
    engines = []

    def make(path, **settings):
        engines.append(Engine(path, **settings))
        return engines[-1]

    yield make
    for engine in engines:
        engine.runner.close()


TEXTS = ["a b c", "hello world", "z", "the quick brown fox jumps", "a b c"]


@pytest.fixture(params=["encoder", "t5", "decoder", "windowed", "recurrent"])
def path(request, bert, t5_encoder, model_path):
    """Models of every kind of memory, none among them."""
    kinds = {"encoder": bert, "t5": t5_encoder, "decoder": "llama"}
    kind = kinds.get(request.param, request.param)
    return model_path(kind) if isinstance(kind, str) else kind


@pytest.mark.parametrize("pooling", ["none", "mean", "cls", "last"])
def test_inputs_of_a_batch_know_nothing_of_each_other(make_engine, path, pooling):
    engine = make_engine(path, pooling=pooling)

    together = engine.embed(*TEXTS)
    alone = [engine.embed(text)[0] for text in TEXTS]

    for batched, single in zip(together, alone, strict=True):
        np.testing.assert_allclose(batched, single, atol=CLOSE)
    assert not np.allclose(together[0], together[1][: len(together[0])], atol=0.01)


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_a_pooled_vector_is_made_of_those_of_the_tokens(make_engine, path, pooling):
    tokens = make_engine(path, pooling="none").embed(*TEXTS)
    pooled = make_engine(path, pooling=pooling).embed(*TEXTS)

    pool = {
        "mean": lambda rows: rows.mean(axis=0),
        "cls": lambda rows: rows[0],
        "last": lambda rows: rows[-1],
    }
    for rows, vector in zip(tokens, pooled, strict=True):
        np.testing.assert_allclose(vector[0], pool[pooling](rows), atol=1e-4)


def test_more_inputs_than_a_batch_holds_are_all_answered(make_engine, path):
    engine = make_engine(path, pooling="mean", n_parallel=3, n_ubatch=24)
    texts = [letter * 5 for letter in LETTERS]

    vectors = engine.embed(*texts)

    np.testing.assert_allclose(vectors[20], engine.embed(texts[20])[0], atol=CLOSE)
    assert len(vectors) == 26


def test_the_model_says_how_it_pools(make_engine, bert, model_path):
    assert make_engine(bert).runner.facts.pooling == "cls"
    assert make_engine(model_path("llama")).runner.facts.pooling == "none"


def test_an_encoder_gets_its_marks_around_text(make_engine, bert):
    engine = make_engine(bert)

    (tokens,) = engine.intake.prepare(Embed("a", [["ab"]])).inputs

    assert (tokens[0], tokens[-1], len(tokens)) == (CLS, SEP, 4)


def test_an_encoder_takes_no_more_than_a_physical_batch(make_engine, bert):
    engine = make_engine(bert, n_ubatch=16)

    assert engine.embed("a" * 14)[0].shape == (1, WIDTH)
    with pytest.raises(InputTooLargeError, match="increase the physical batch size"):
        engine.embed("a" * 15)


@pytest.mark.parametrize("n_ctx", [None, 4096])
def test_an_encoder_takes_no_more_than_its_table_of_positions(make_engine, bert, n_ctx):
    engine = make_engine(bert, n_ubatch=512, n_ctx=n_ctx)

    assert engine.embed("a" * (N_POSITIONS - 2))[0].shape == (1, WIDTH)
    with pytest.raises(ContextExceededError):
        engine.embed("a" * (N_POSITIONS - 1))


def test_a_decoder_with_last_pooling_takes_its_whole_context(make_engine, model_path):
    text = "once upon a time " * 10
    exact = {"kv_type_k": "f32", "kv_type_v": "f32", "flash_attn": "off", "pooling": "last"}
    short = make_engine(model_path("llama"), n_ubatch=16, **exact)
    whole = make_engine(model_path("llama"), n_ubatch=256, **exact)

    np.testing.assert_allclose(short.embed(text)[0], whole.embed(text)[0], atol=1e-4)
    np.testing.assert_allclose(short.embed("a", text)[0], whole.embed("a")[0], atol=1e-4)
    with pytest.raises(ContextExceededError):
        short.embed("a" * 257)


def test_a_decoder_with_mean_pooling_takes_a_physical_batch(make_engine, model_path):
    engine = make_engine(model_path("llama"), pooling="mean", n_ubatch=16)

    with pytest.raises(InputTooLargeError):
        engine.embed("a" * 17)


def test_scores_do_not_depend_on_the_batch(make_engine, ranker):
    engine = make_engine(ranker, purpose="rank")
    documents = ["good dog", "bad", "a much longer text", "good dog"]

    together = engine.rank("who is it", *documents)
    alone = [engine.rank("who is it", document)[0] for document in documents]

    assert together == pytest.approx(alone, abs=CLOSE)
    assert together[0] == pytest.approx(together[3], abs=CLOSE)
    assert len({round(score, 4) for score in together}) == 3


def test_a_score_is_what_the_head_makes_of_the_first_token(make_engine, ranker):
    rows = make_engine(ranker, pooling="none").ask(Embed("a", [[[CLS, 30, SEP, SEP, 31, SEP]]]))
    first = np.frombuffer(rows.vectors[0][0], "<f4")
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(ranker).tensors}

    hidden = np.tanh(tensors["cls.weight"] @ first + tensors["cls.bias"])
    score = tensors["cls.output.weight"] @ hidden + tensors["cls.output.bias"]

    engine = make_engine(ranker, purpose="rank")
    engine.runner.vocabulary.tokenize = lambda text, **_: {"q": [30], "d": [31]}[text]
    assert engine.rank("q", "d") == pytest.approx(score.tolist(), abs=1e-4)


def test_a_pair_is_read_through_the_models_template(make_engine, model_path):
    engine = make_engine(model_path("causal_ranker"), purpose="rank")

    (tokens,) = engine.intake.prepare(Rank("a", "ab", ["c"])).inputs

    assert tokens.tolist() == [*b"Q: ab D: c", 256]


def test_a_causal_ranker_weighs_its_labels_over_the_whole_context(make_engine, model_path):
    exact = {"kv_type_k": "f32", "kv_type_v": "f32", "flash_attn": "off", "purpose": "rank"}
    documents = ["good dog", "bad", "a much longer text " * 5]
    short = make_engine(model_path("causal_ranker"), n_ubatch=32, **exact)
    whole = make_engine(model_path("causal_ranker"), n_ubatch=256, **exact)

    scores = whole.rank("who is it", *documents)

    assert all(0 < score < 1 for score in scores)
    assert scores == pytest.approx(short.rank("who is it", *documents), abs=1e-4)
    assert scores == pytest.approx([whole.rank("who is it", text)[0] for text in documents], abs=1e-4)


@pytest.mark.parametrize("fields", [{"purpose": "rank"}, {"purpose": "embed", "pooling": "rank"}])
def test_pooling_by_rank_is_reranking(make_engine, ranker, fields):
    facts = make_engine(ranker, **fields).runner.facts

    assert (facts.purpose, facts.pooling) == ("rank", "rank")


def test_a_model_without_a_head_does_not_rank(bert, model_path):
    for path in (bert, model_path("llama")):
        with pytest.raises(NotSupportedError, match="no classification head"):
            embedding.load(str(path), EngineSettings(purpose="rank"), lambda _: None)


def test_an_encoder_does_not_generate_and_says_what_to_do(bert):
    with pytest.raises(NotSupportedError, match="--embedding"):
        llama_runner.load(str(bert), EngineSettings(cpu=CpuSettings(n_threads=1)), lambda _: None)


def test_half_a_t5_does_not_generate_and_says_what_to_do(t5_encoder):
    with pytest.raises(NotSupportedError, match="--embedding"):
        llama_runner.load(str(t5_encoder), EngineSettings(cpu=CpuSettings(n_threads=1)), lambda _: None)


@pytest.mark.parametrize("load", [llama_runner.load, embedding.load])
def test_a_model_with_encoder_and_decoder_is_refused(tmp_path, load):
    write_t5(tmp_path / "t5.gguf", has_decoder=True)
    purpose = "generate" if load is llama_runner.load else "embed"

    with pytest.raises(NotSupportedError, match="an encoder and a decoder"):
        load(str(tmp_path / "t5.gguf"), EngineSettings(purpose=purpose), lambda _: None)


def test_an_adapter_changes_the_vectors(make_engine, model_path, tmp_path):
    random = np.random.default_rng(3)
    path = tmp_path / "lora.gguf"
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", 4.0)
        for side, shape in (("a", (4, 64)), ("b", (64, 4))):
            writer.add_tensor(f"blk.0.attn_v.weight.lora_{side}", random.normal(0, 0.5, shape).astype("f4"))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()

    def vector(*loras, **fields):
        adapters = AdapterSettings(loras=tuple(LoraSettings(str(path), scale) for scale in loras), **fields)
        return make_engine(model_path("llama"), pooling="mean", adapters=adapters).embed("hello")[0]

    assert not np.allclose(vector(), vector(1.0), atol=0.01)
    np.testing.assert_allclose(vector(), vector(1.0, is_applied=False), atol=CLOSE)
