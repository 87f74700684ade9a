"""`Runner` on llama.cpp: owns library, model, context and batch, and frees them in reverse order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import llama_cpp

from corral.core.engine_settings import EngineSettings
from corral.core.messages import ModelFacts
from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import BatchBuffer, Logits, LogitsView
from corral.engine.llama.context import Context
from corral.engine.llama.library import Library
from corral.engine.llama.memory import LlamaMemory
from corral.engine.llama.model import Model
from corral.engine.llama.probabilities import sample_with_probs
from corral.engine.llama.sampler import LlamaSampler
from corral.engine.llama.vocabulary import LlamaVocabulary
from corral.engine.ports import DecodeError, Sampled

COPY_BYTES_PER_MS = 4_000_000  # memory bandwidth of a modest machine; a copy between streams is bound by it
SHARED_COPY_MS = 1.0  # unified cells are shared, not copied
WORTH_A_THREAD = 200_000  # logits; below this a chain costs less than handing it over


class LlamaRunner:
    """A loaded GGUF model."""

    def __init__(self, path: str, settings: EngineSettings, progress: Callable[[float], None]) -> None:
        with ExitStack() as stack:
            library = Library()
            stack.callback(library.close)
            model = Model(library, path, settings, progress)
            stack.callback(model.close)
            self._context = Context(library, model, settings)
            stack.callback(self._context.close)
            self._buffer = BatchBuffer(self._context.n_batch)
            stack.callback(self._buffer.close)
            self._pool = ThreadPoolExecutor(self._n_threads(), thread_name_prefix="sampler")
            stack.callback(self._pool.shutdown)
            self._adopt(library, model, settings)
            if settings.is_warmup:
                self._warm_up()
            self._owned = stack.pop_all()

    def _adopt(self, library: Library, model: Model, settings: EngineSettings) -> None:
        """Derive what the scheduler asks for."""
        self.vocabulary = LlamaVocabulary(model)
        self.memory = LlamaMemory(self._context.memory)
        self.batch = self._buffer.batch
        self.n_slots = self._context.shape.n_slots
        self.n_cells = self._context.shape.n_cells
        is_windowed = model.has_sliding_window and not settings.is_swa_full
        self.is_trimmable = not model.is_recurrent and not is_windowed
        self.is_shiftable = self.is_trimmable and bool(llama_cpp.llama_memory_can_shift(self._context.memory))
        n_copied = llama_cpp.llama_n_ctx_seq(self._context.pointer) * model.kv_bytes_per_token()
        self.copy_ms = SHARED_COPY_MS if settings.is_kv_unified else n_copied / COPY_BYTES_PER_MS
        self._logits = LogitsView(self._context.pointer, self.vocabulary.n_tokens)
        self.facts = _facts(library, model, self)

    def decode(self, n_rows: int) -> None:
        """Compute the rows. Raises `DecodeError` with llama.cpp's code (llama.h: 1 no cells, < 0 a fault)."""
        status = llama_cpp.llama_decode(self._context.pointer, self._buffer.struct(n_rows))
        if status:
            raise DecodeError(f"llama_decode returned {status} for {n_rows} rows")

    def sampler(self, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]) -> LlamaSampler:
        """Return a new chain."""
        return LlamaSampler(self.vocabulary.pointer, self.facts.n_ctx, params, seed, bias)

    def sample(self, rows: Items[tuple[int, LlamaSampler]]) -> list[Sampled]:
        """Choose a token for each output row: greedy in numpy, chains in C, large ones on threads."""
        if not rows:
            return []
        logits = self._logits.rows(len(rows))
        n_chains = sum(not sampler.is_argmax for _, sampler in rows)
        if n_chains <= 1 or n_chains * logits.shape[1] < WORTH_A_THREAD:
            return self._sample_span(rows, logits)
        return self._sample_threaded(rows, logits)

    def close(self) -> None:
        """Free everything, last made first."""
        self._owned.close()

    def _sample_threaded(self, rows: Items[tuple[int, LlamaSampler]], logits: Logits) -> list[Sampled]:
        spans = [(rows[part], logits[part]) for part in _parts(len(rows), self._n_threads())]
        later = [self._pool.submit(self._sample_span, *span) for span in spans[1:]]
        first = self._sample_span(*spans[0])
        return first + [sampled for future in later for sampled in future.result()]

    def _sample_span(self, rows: Items[tuple[int, LlamaSampler]], logits: Logits) -> list[Sampled]:
        return [self._sample_one(row, sampler, logits[i]) for i, (row, sampler) in enumerate(rows)]

    def _sample_one(self, row: int, sampler: LlamaSampler, logits: Logits) -> Sampled:
        if sampler.n_probs:
            probs = sample_with_probs(sampler, logits, self._piece)
            return Sampled(probs.token, probs)
        if sampler.is_argmax:
            return Sampled(sampler.argmax(logits))
        return Sampled(llama_cpp.llama_sampler_sample(sampler.pointer, self._context.pointer, row))

    def _piece(self, token: int) -> bytes:
        return self.vocabulary.piece(token, is_special_shown=True)

    def _n_threads(self) -> int:
        return int(llama_cpp.llama_n_threads(self._context.pointer))

    def _warm_up(self) -> None:
        """Touch the weights once, so that the first request does not pay for it."""
        pointer = self._context.pointer
        self.batch.clear()
        self.batch.add_decodes([0], [0], [0])
        llama_cpp.llama_set_warmup(pointer, True)
        llama_cpp.llama_decode(pointer, self._buffer.struct(1))
        llama_cpp.llama_set_warmup(pointer, False)
        llama_cpp.llama_memory_clear(self._context.memory, True)
        llama_cpp.llama_synchronize(pointer)


def load(path: str, settings: EngineSettings, progress: Callable[[float], None]) -> LlamaRunner:
    """Return a runner for the GGUF at `path`. Raises `ModelLoadError`, `NotSupportedError`."""
    return LlamaRunner(path, settings, progress)


def _parts(n: int, n_parts: int) -> Iterator[slice]:
    """Yield at most `n_parts` slices that cover `n` items evenly."""
    size = -(-n // n_parts)
    return (slice(at, min(at + size, n)) for at in range(0, n, size))


def _facts(library: Library, model: Model, runner: LlamaRunner) -> ModelFacts:
    vocabulary = runner.vocabulary
    return ModelFacts(
        name=model.metadata.get("general.name", ""),
        architecture=model.metadata.get("general.architecture", ""),
        n_vocab=vocabulary.n_tokens,
        n_ctx=runner.n_cells // runner.n_slots,
        n_ctx_train=llama_cpp.llama_model_n_ctx_train(model.pointer),
        n_embd=llama_cpp.llama_model_n_embd(model.pointer),
        n_params=llama_cpp.llama_model_n_params(model.pointer),
        n_bytes=llama_cpp.llama_model_size(model.pointer),
        n_slots=runner.n_slots,
        vocab_type=llama_cpp.llama_vocab_type(vocabulary.pointer),
        chat_template=model.chat_template,
        bos_text=vocabulary.text_of(llama_cpp.llama_vocab_bos(vocabulary.pointer)),
        eos_text=vocabulary.text_of(llama_cpp.llama_vocab_eos(vocabulary.pointer)),
        is_bos_added=vocabulary.is_bos_added,
        is_eos_added=vocabulary.is_eos_added,
        is_trimmable=runner.is_trimmable,
        build=library.build,
        metadata=model.metadata,
    )
