"""Small random GGUF files of every kind of memory, and an engine over real llama.cpp without threads.

The tokenizer of each is the 256 bytes and one end token, so any text can be tokenized and any answer shown.
"""

from __future__ import annotations

import logging
from contextlib import closing

import gguf
import numpy as np
import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.messages import Stepped
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams
from corral.engine.intake import Intake
from corral.engine.llama import runner as llama_runner
from corral.engine.llama.sampler import LlamaSampler
from corral.engine.scheduler import Scheduler
from corral.engine.window import is_window_sliding

WIDTH, N_LAYERS, N_HEADS, FFN = 64, 2, 4, 128
N_VOCAB = 257
GREEDY = SamplingParams(temperature=0.0, ignore_eos=True)


def byte_symbols():
    """Return GPT-2's printable stand-in for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


class ModelFile:
    """A GGUF file being written, with random tensors of one seed."""

    def __init__(self, path, architecture):
        self.writer = gguf.GGUFWriter(path, architecture)
        self.random = np.random.default_rng(7)
        self.writer.add_context_length(256)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_block_count(N_LAYERS)
        self.writer.add_layer_norm_rms_eps(1e-5)
        self._add_tokenizer()
        self.tensor("token_embd.weight", N_VOCAB, WIDTH, scale=1.0)
        self.ones("output_norm.weight", WIDTH)

    def _add_tokenizer(self):
        symbols = byte_symbols()
        self.writer.add_tokenizer_model("gpt2")
        self.writer.add_tokenizer_pre("gpt-2")
        self.writer.add_token_list([*symbols, "<|end|>"])
        self.writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL])
        self.writer.add_token_merges([f"{symbols[0]} {symbols[1]}"])
        self.writer.add_bos_token_id(256)
        self.writer.add_eos_token_id(256)
        self.writer.add_add_bos_token(False)

    def tensor(self, name, *shape, scale=0.3):
        self.writer.add_tensor(name, self.random.normal(0, scale, shape).astype(np.float32))

    def ones(self, name, *shape):
        self.writer.add_tensor(name, np.ones(shape, np.float32))

    def add_attention(self, layer):
        for name in ("q", "k", "v", "output"):
            self.tensor(f"blk.{layer}.attn_{name}.weight", WIDTH, WIDTH)
        self.ones(f"blk.{layer}.attn_norm.weight", WIDTH)
        self.ones(f"blk.{layer}.ffn_norm.weight", WIDTH)
        self.tensor(f"blk.{layer}.ffn_gate.weight", FFN, WIDTH)
        self.tensor(f"blk.{layer}.ffn_up.weight", FFN, WIDTH)
        self.tensor(f"blk.{layer}.ffn_down.weight", WIDTH, FFN)

    def add_heads(self, n_heads=N_HEADS):
        self.writer.add_feed_forward_length(FFN)
        self.writer.add_head_count(n_heads)
        self.writer.add_head_count_kv(n_heads)
        self.writer.add_rope_dimension_count(WIDTH // n_heads)

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_llama(path, n_heads=N_HEADS):
    with closing(ModelFile(path, "llama")) as file:
        file.add_heads(n_heads)
        for layer in range(N_LAYERS):
            file.add_attention(layer)


def write_wide_heads(path):
    """Heads of 32, as quantised KV caches need them."""
    write_llama(path, n_heads=2)


def write_mrope(path):
    """Qwen2-VL: positions in three dimensions, of which text uses one."""
    with closing(ModelFile(path, "qwen2vl")) as file:
        file.add_heads()
        file.writer.add_rope_dimension_sections([2, 3, 3, 0])
        for layer in range(N_LAYERS):
            file.add_attention(layer)
            for name in ("q", "k", "v"):
                file.tensor(f"blk.{layer}.attn_{name}.bias", WIDTH)


def write_causal_ranker(path):
    """Qwen 3 with a head of two labels, and a template for pairs of texts."""
    with closing(ModelFile(path, "qwen3")) as file:
        file.add_heads()
        file.writer.add_classifier_output_labels(["yes", "no"])
        file.writer.add_string("tokenizer.chat_template.rerank", "Q: {query} D: {document}<|end|>")
        file.tensor("cls.output.weight", 2, WIDTH)
        for layer in range(N_LAYERS):
            file.add_attention(layer)
            file.ones(f"blk.{layer}.attn_q_norm.weight", WIDTH // N_HEADS)
            file.ones(f"blk.{layer}.attn_k_norm.weight", WIDTH // N_HEADS)


def write_windowed(path):
    """Gemma 2: every other layer sees only the last 16 tokens."""
    with closing(ModelFile(path, "gemma2")) as file:
        file.add_heads()
        file.writer.add_key_length(WIDTH // N_HEADS)
        file.writer.add_value_length(WIDTH // N_HEADS)
        file.writer.add_sliding_window(16)
        file.writer.add_attn_logit_softcapping(50.0)
        file.writer.add_final_logit_softcapping(30.0)
        for layer in range(N_LAYERS):
            file.add_attention(layer)
            file.ones(f"blk.{layer}.post_attention_norm.weight", WIDTH)
            file.ones(f"blk.{layer}.post_ffw_norm.weight", WIDTH)


def write_recurrent(path):
    """Mamba: its memory is one state per sequence."""
    inner, state, rank, kernel = 2 * WIDTH, 8, 4, 4
    with closing(ModelFile(path, "mamba")) as file:
        file.writer.add_feed_forward_length(0)
        file.writer.add_head_count(0)
        file.writer.add_ssm_conv_kernel(kernel)
        file.writer.add_ssm_inner_size(inner)
        file.writer.add_ssm_state_size(state)
        file.writer.add_ssm_time_step_rank(rank)
        for layer in range(N_LAYERS):
            name = f"blk.{layer}"
            file.ones(f"{name}.attn_norm.weight", WIDTH)
            file.tensor(f"{name}.ssm_in.weight", 2 * inner, WIDTH)
            file.tensor(f"{name}.ssm_conv1d.weight", inner, kernel)
            file.tensor(f"{name}.ssm_conv1d.bias", inner)
            file.tensor(f"{name}.ssm_x.weight", rank + 2 * state, inner)
            file.tensor(f"{name}.ssm_dt.weight", inner, rank)
            file.tensor(f"{name}.ssm_dt.bias", inner)
            file.writer.add_tensor(f"{name}.ssm_a", -np.ones((inner, state), np.float32))
            file.tensor(f"{name}.ssm_d", inner)
            file.tensor(f"{name}.ssm_out.weight", WIDTH, inner)


WRITERS = {
    "llama": write_llama,
    "wide_heads": write_wide_heads,
    "mrope": write_mrope,
    "windowed": write_windowed,
    "causal_ranker": write_causal_ranker,
    "recurrent": write_recurrent,
}


class Engine:
    """Scheduler and runner on a real file; one thread, so that tests are fast beside anything else."""

    def __init__(self, path, **settings):
        fields = {"n_ctx": 1024, "n_parallel": 4, "cpu": CpuSettings(n_threads=1), "n_batch": 128, **settings}
        self.settings = EngineSettings(**fields)
        self.runner = llama_runner.load(str(path), self.settings, lambda _: None)
        self.scheduler = Scheduler(self.runner, self.settings, MonotonicClock())
        self.intake = Intake(
            self.runner.vocabulary,
            self.runner.facts,
            MonotonicClock(),
            is_shiftable=is_window_sliding(self.settings, is_shiftable=self.runner.is_shiftable),
            projector=self.runner.projector,
        )
        self.events = []
        self._n_submitted = 0

    def submit(self, prompt, **fields):
        self._n_submitted += 1
        values = {"max_tokens": 24, "sampling": GREEDY, "request_id": str(self._n_submitted), **fields}
        prepared = self.intake.prepare(GenerationRequest(prompt=[prompt], **values))
        self.events += self.scheduler.submit(prepared)
        return values["request_id"]

    def step(self):
        self.events += self.scheduler.step()
        self.scheduler.ledger.check()

    def run(self):
        while not self.scheduler.is_idle:
            self.step()

    def generate(self, prompt, **fields):
        """Return the tokens of one answer, made alone, and how it ended."""
        request_id = self.submit(prompt, **fields)
        self.run()
        return self.tokens(request_id), self.end(request_id)

    def outputs(self, request_id, index=0):
        stepped = [event for event in self.events if isinstance(event, Stepped)]
        return [o for e in stepped for o in e.outputs if (o.request_id, o.index) == (request_id, index)]

    def tokens(self, request_id, index=0):
        return [token for output in self.outputs(request_id, index) for token in output.tokens]

    def end(self, request_id, index=0):
        return self.outputs(request_id, index)[-1].end

    def close(self):
        self.runner.close()


@pytest.fixture(scope="session")
def model_path(tmp_path_factory):
    """Return a function from the kind of model to its file, written once."""
    folder = tmp_path_factory.mktemp("models")

    def path(kind):
        file = folder / f"{kind}.gguf"
        if not file.exists():
            WRITERS[kind](file)
        return file

    return path


@pytest.fixture
def events():
    """Return a list that gets what is logged from here on: pairs of the event and its fields."""
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append((record.getMessage(), record.fields))
    loggers = [logging.getLogger(f"corral.{name}") for name in ("engine", "llama")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield seen
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def make_engine(model_path):
    engines = []

    def make(kind="llama", **settings):
        engines.append(Engine(model_path(kind), **settings))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture(scope="session")
def sampled_model(model_path):
    """Give what samplers know of the small model."""
    settings = EngineSettings(n_ctx=256, n_parallel=1, cpu=CpuSettings(n_threads=1), is_warmup=False)
    runner = llama_runner.load(str(model_path("llama")), settings, lambda _: None)
    yield runner._sampled_model
    runner.close()


@pytest.fixture
def make_sampler(sampled_model):
    """Return a function that makes a chain of the samplers named, which has seen `history`."""
    made = []

    def make(*samplers, seed=1, bias=(), history=(), **fields):
        params = SamplingParams(samplers=samplers, **{"temperature": 1.0, **fields})
        made.append(LlamaSampler(sampled_model, params, seed, bias))
        made[-1].accept(np.array(history, np.int32))
        return made[-1]

    yield make
    for sampler in made:
        sampler.close()
