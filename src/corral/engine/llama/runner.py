"""`Runner` on llama.cpp: owns library, model, context and batch, and frees them in reverse order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import llama_cpp
import msgspec

from corral.core.engine_settings import EngineSettings
from corral.core.errors import NotSupportedError
from corral.core.messages import ModelFacts
from corral.core.sampling import SamplingParams
from corral.engine.draft.kinds import BY_MODEL
from corral.engine.llama.aborts import loading
from corral.engine.llama.adapters import Adapters
from corral.engine.llama.buffers import BatchBuffer, Logits, LogitsView
from corral.engine.llama.constrained import sample_constrained
from corral.engine.llama.context import Context
from corral.engine.llama.control_vector import apply_control_vectors
from corral.engine.llama.draft_model import LlamaDraftModel
from corral.engine.llama.facts import model_facts
from corral.engine.llama.fingerprint import fingerprint
from corral.engine.llama.guidance import Rows, steer
from corral.engine.llama.library import Library
from corral.engine.llama.media import LlamaMedia
from corral.engine.llama.memory import LlamaMemory
from corral.engine.llama.model import Model
from corral.engine.llama.probabilities import log_softmax, sample_with_probs
from corral.engine.llama.sampled_model import SampledModel
from corral.engine.llama.sampler import LlamaSampler
from corral.engine.llama.vocabulary import LlamaVocabulary
from corral.engine.loras import Loras
from corral.engine.media import MediaPrompt, Projector, Span
from corral.engine.ports import DecodeError, Sampled, Steered
from corral.engine.window import check_grouping

COPY_BYTES_PER_MS = 4_000_000  # memory bandwidth of a modest machine; a copy between streams is bound by it
SHARED_COPY_MS = 1.0  # unified cells are shared, not copied
WORTH_A_THREAD = 200_000  # logits; below this a chain costs less than handing it over


class LlamaRunner:
    """A loaded GGUF model."""

    def __init__(self, path: str, settings: EngineSettings, progress: Callable[[float], None]) -> None:
        with loading(f"model '{path}'"), ExitStack() as stack:
            library = Library(settings.numa)
            stack.callback(library.close)
            model = Model(library, path, settings, progress)
            stack.callback(model.close)
            self._adapters = Adapters(library, model, settings.adapters)
            stack.callback(self._adapters.close)
            self._context = Context(library, model, settings)
            stack.callback(self._context.close)
            _require_memory(self._context)
            apply_control_vectors(self._context.pointer, model.pointer, settings.adapters)
            self.fingerprint = fingerprint(path, settings, library.build)
            self._buffer = BatchBuffer(self._context.n_batch)
            stack.callback(self._buffer.close)
            self._pool = ThreadPoolExecutor(
                self._n_threads(), "sampler", initializer=self._context.threads.free_thread
            )
            stack.callback(self._pool.shutdown)
            self._adopt(library, model, settings)
            stack.callback(self._sampled_model.close)
            self._media = LlamaMedia(library, model, self._context, settings)
            stack.callback(self._media.close)
            self.draft_model = self._draft_model(library, settings)
            if self.draft_model is not None:
                stack.callback(self.draft_model.close)
            self.facts: ModelFacts = self._media.with_modalities(self.facts)
            if settings.is_warmup:
                self._warm_up()
            self._owned = stack.pop_all()

    def _adopt(self, library: Library, model: Model, settings: EngineSettings) -> None:
        """Derive what the scheduler asks for."""
        self.vocabulary = LlamaVocabulary(model)
        self.memory = LlamaMemory(self._context.pointer)
        self.batch = self._buffer.batch
        self.n_slots = self._context.shape.n_slots
        self.n_cells = self._context.shape.n_cells
        is_windowed = model.has_sliding_window and not settings.is_swa_full
        self.is_trimmable = not model.is_recurrent and not is_windowed
        self.is_shiftable = self.is_trimmable and bool(llama_cpp.llama_memory_can_shift(self._context.memory))
        n_copied = llama_cpp.llama_n_ctx_seq(self._context.pointer) * self._context.cell_bytes
        self.copy_ms = SHARED_COPY_MS if settings.is_kv_unified else n_copied / COPY_BYTES_PER_MS
        self._logits = LogitsView(self._context.pointer, self.vocabulary.n_tokens)
        self.facts = msgspec.structs.replace(
            _facts(library, model, self), loras=self._adapters.facts, system_prompt=settings.system_prompt
        )
        check_grouping(settings.rope, is_shiftable=self.is_shiftable)
        self._sampled_model = SampledModel(self.vocabulary, self.facts.n_ctx)

    def _draft_model(self, library: Library, settings: EngineSettings) -> LlamaDraftModel | None:
        """Return the second model, if there is one and its guesses could be taken back from memory."""
        kinds = settings.drafts.kinds
        is_wanted = settings.drafts.model_path is not None and (kinds is None or BY_MODEL in kinds)
        if not is_wanted or not self.is_trimmable:
            return None
        return LlamaDraftModel(library, settings, self.vocabulary, self.facts.n_ctx)

    @property
    def projector(self) -> Projector | None:
        """What reads images, None for a model of text only."""
        return self._media.projector

    def use_loras(self, loras: Loras) -> None:
        """Have the next decodes computed with these adapters."""
        self._adapters.use(self._context.pointer, loras)

    def decode(self, n_rows: int) -> None:
        """Compute the rows. Raises `DecodeError` with llama.cpp's code (llama.h: 1 no cells, < 0 a fault)."""
        status = llama_cpp.llama_decode(self._context.pointer, self._buffer.struct(n_rows))
        if status:
            raise DecodeError(f"llama_decode returned {status} for {n_rows} rows")

    def decode_media(
        self, media: MediaPrompt, span: Span, seq_id: int, *, position: int, is_last_output: bool
    ) -> None:
        """Compute an image into memory. Raises `InternalError`, `DecodeError`."""
        self._media.decode(media, span, seq_id, position=position, is_last_output=is_last_output)

    def sampler(self, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]) -> LlamaSampler:
        """Return a new chain."""
        return LlamaSampler(self._sampled_model, params, seed, bias)

    def sample(self, rows: Items[tuple[int, LlamaSampler]], steered: Items[Steered] = ()) -> list[Sampled]:
        """Choose a token for each output row: greedy in numpy, chains in C, large ones on threads."""
        if not rows:
            return []
        logits: Rows = self._logits.rows(len(rows) + len(steered))
        if steered:
            logits = steer(logits, steered)
        n_chains = sum(not sampler.is_argmax or sampler.constraint is not None for _, sampler in rows)
        if n_chains <= 1 or n_chains * self.vocabulary.n_tokens < WORTH_A_THREAD:
            return self._sample_span(rows, logits)
        return self._sample_threaded(rows, logits)

    def sample_at(self, place: int, row: int, sampler: LlamaSampler) -> Sampled:
        """Choose a token from output row number `place` of the last decode, which is batch row `row`."""
        return self._sample_one(row, sampler, self._logits.rows(place + 1)[place])

    def logprobs(self, place: int, tokens: list[int]) -> list[float]:
        """Return the log-probabilities of `tokens` in output row number `place` of the last decode."""
        found: list[float] = log_softmax(self._logits.rows(place + 1)[place])[tokens].tolist()
        return found

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None = None) -> None:
        """Compute on these CPUs only, with none on all again, by `n_threads` at most."""
        self._context.threads.lease(frozenset(cpus), n_threads)
        if self.draft_model is not None:
            self.draft_model.threads.lease(frozenset(cpus), n_threads)

    def leave(self) -> None:
        """Log the context's figures. Weights of gigabytes are not freed page by page for nobody."""
        self._context.leave()

    def close(self) -> None:
        """Free everything, last made first."""
        self._owned.close()

    def _sample_threaded(self, rows: Items[tuple[int, LlamaSampler]], logits: Rows) -> list[Sampled]:
        spans = [(rows[part], logits[part]) for part in _parts(len(rows), self._n_threads())]
        later = [self._pool.submit(self._sample_span, *span) for span in spans[1:]]
        first = self._sample_span(*spans[0])
        return first + [sampled for future in later for sampled in future.result()]

    def _sample_span(self, rows: Items[tuple[int, LlamaSampler]], logits: Rows) -> list[Sampled]:
        return [self._sample_one(row, sampler, logits[i]) for i, (row, sampler) in enumerate(rows)]

    def _sample_one(self, row: int, sampler: LlamaSampler, logits: Logits) -> Sampled:
        if sampler.constraint is not None:
            return sample_constrained(sampler, sampler.constraint, logits, self._piece)
        if sampler.n_probs:
            probs = sample_with_probs(sampler, logits, self._piece)
            return Sampled(probs.token, probs)
        return Sampled(sampler.sample(self._context.pointer, row, logits))

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


def _require_memory(context: Context) -> None:
    if not context.memory:
        raise NotSupportedError(
            "the model is an encoder: it makes vectors, not text. Start with --embedding, or --reranking"
        )


def _parts(n: int, n_parts: int) -> Iterator[slice]:
    """Yield at most `n_parts` slices that cover `n` items evenly."""
    size = -(-n // n_parts)
    return (slice(at, min(at + size, n)) for at in range(0, n, size))


def _facts(library: Library, model: Model, runner: LlamaRunner) -> ModelFacts:
    return msgspec.structs.replace(
        model_facts(library, model, runner.vocabulary),
        n_ctx=runner.n_cells // runner.n_slots,
        n_slots=runner.n_slots,
        is_trimmable=runner.is_trimmable,
        n_batch=runner.batch.n_max,
        n_ubatch=llama_cpp.llama_n_ubatch(runner._context.pointer),  # noqa: SLF001 - a part of the class
        n_threads=runner._context.threads.n_most,  # noqa: SLF001
    )
