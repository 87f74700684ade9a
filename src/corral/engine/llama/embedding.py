"""`EmbeddingRunner` on llama.cpp: every input of a batch is a sequence, and the model pools its rows."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Items
from contextlib import ExitStack
from typing import Any

import llama_cpp
import msgspec
import numpy as np

from corral.core.engine_settings import EngineSettings
from corral.core.errors import NotSupportedError
from corral.core.messages import ModelFacts
from corral.engine.embedding_ports import Vectors
from corral.engine.llama.aborts import loading
from corral.engine.llama.adapters import Adapters
from corral.engine.llama.buffers import BatchBuffer
from corral.engine.llama.context import Context
from corral.engine.llama.control_vector import apply_control_vectors
from corral.engine.llama.embedding_plan import POOLINGS, EmbeddingPlan, plan_for
from corral.engine.llama.encoders import encodes
from corral.engine.llama.facts import model_facts
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.llama.pair_layout import pair_layout
from corral.engine.llama.rank_head import has_rank_head
from corral.engine.llama.vocabulary import LlamaVocabulary
from corral.engine.loras import in_force
from corral.engine.ports import DecodeError
from corral.engine.radix import Tokens


class LlamaEmbeddingRunner:
    """A loaded GGUF model that gives vectors or scores."""

    def __init__(self, path: str, settings: EngineSettings, progress: Callable[[float], None]) -> None:
        with loading(f"model '{path}'"), ExitStack() as stack:
            library = Library(settings.numa)
            stack.callback(library.close)
            model = Model(library, path, settings, progress)
            stack.callback(model.close)
            self._plan = plan = plan_for(model, settings)
            if plan.pooling == "rank":
                _require_head(path)
            adapters = Adapters(library, model, settings.adapters)
            stack.callback(adapters.close)
            self._context = Context(library, model, plan.settings(settings), lambda p: _adjust(p, plan))
            stack.callback(self._context.close)
            _apply(adapters, self._context, model, settings)
            self._buffer = BatchBuffer(plan.n_rows)
            stack.callback(self._buffer.close)
            self._adopt(library, model, settings)
            self.facts: ModelFacts = msgspec.structs.replace(self.facts, loras=adapters.facts)
            if settings.is_warmup:
                self.embed([np.zeros(1, np.int32)])
            self._owned = stack.pop_all()

    def _adopt(self, library: Library, model: Model, settings: EngineSettings) -> None:
        """Derive what the scheduler asks for."""
        plan = self._plan
        self._compute = llama_cpp.llama_encode if encodes(model.pointer) else llama_cpp.llama_decode
        self.vocabulary = LlamaVocabulary(model)
        self.n_rows, self.n_inputs, self.n_input = plan.n_rows, plan.n_inputs, plan.n_input
        if not self._context.memory:  # parts of an input could not see those before
            self.n_input = plan.n_rows
        self.width = _width(model, plan)
        self.pairs = pair_layout(model, self.vocabulary)
        self.facts = self._facts(model_facts(library, model, self.vocabulary), settings)

    def _facts(self, facts: ModelFacts, settings: EngineSettings) -> ModelFacts:
        return msgspec.structs.replace(
            facts,
            n_ctx=self._plan.n_ctx,
            n_embd=self.width,
            n_slots=self.n_inputs,
            purpose="rank" if self._plan.pooling == "rank" else "embed",
            pooling=self._plan.pooling,
            n_batch=self.n_rows,
            n_ubatch=min(settings.n_ubatch, settings.n_batch),
            n_threads=self._context.threads.n_most,
        )

    def embed(self, inputs: Items[Tokens]) -> list[Vectors]:
        """Return the vectors of each input. Raises `DecodeError` with llama.cpp's code."""
        llama_cpp.llama_memory_clear(self._context.memory, False)
        if len(inputs) == 1 and len(inputs[0]) > self.n_rows:
            return [self._embed_in_parts(inputs[0])]
        batch = self._buffer.batch
        batch.clear()
        for seq_id, tokens in enumerate(inputs):
            batch.add_chunk(tokens, 0, seq_id, is_last_output=True)
        self._run()
        return self._read([len(tokens) for tokens in inputs])

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None = None) -> None:
        """Compute on these CPUs only, with none on all again, by `n_threads` at most."""
        self._context.threads.lease(frozenset(cpus), n_threads)

    def leave(self) -> None:
        """Log the context's figures. Weights of gigabytes are not freed page by page for nobody."""
        self._context.leave()

    def close(self) -> None:
        """Free everything, last made first."""
        self._owned.close()

    def _embed_in_parts(self, tokens: Tokens) -> Vectors:
        """Return the vector that the last part gives, after all others went into KV memory."""
        assert len(tokens) <= self.n_input
        batch = self._buffer.batch
        for at in range(0, len(tokens), self.n_rows):
            batch.clear()
            batch.add_chunk(tokens[at : at + self.n_rows], at, 0, is_last_output=True)
            self._run()
        return self._read([len(tokens)])[0]

    def _run(self) -> None:
        batch = self._buffer.batch
        batch.is_output[: batch.n_rows] = 1
        status = self._compute(self._context.pointer, self._buffer.struct(batch.n_rows))
        if status:
            raise DecodeError(f"llama.cpp returned {status} for {batch.n_rows} rows")

    def _read(self, lengths: list[int]) -> list[Vectors]:
        """Copy the vectors of the sequences 0, 1, ..., or without pooling those of all rows in order."""
        context = self._context.pointer
        if self._plan.pooling == "none":
            rows = self._copied(llama_cpp.llama_get_embeddings(context), sum(lengths))
            return np.split(rows, np.cumsum(lengths)[:-1])
        get = llama_cpp.llama_get_embeddings_seq
        return [self._copied(get(context, seq_id), 1) for seq_id in range(len(lengths))]

    def _copied(self, pointer: Any, n_vectors: int) -> Vectors:  # noqa: ANN401 - a ctypes pointer
        if not pointer:
            raise DecodeError("llama.cpp gave no vectors")
        return np.ctypeslib.as_array(pointer, shape=(n_vectors, self.width)).copy()


def load(path: str, settings: EngineSettings, progress: Callable[[float], None]) -> LlamaEmbeddingRunner:
    """Return a runner for the GGUF at `path`. Raises `ModelLoadError`, `NotSupportedError`."""
    return LlamaEmbeddingRunner(path, settings, progress)


def _adjust(params: Any, plan: EmbeddingPlan) -> None:  # noqa: ANN401 - a ctypes struct
    params.embeddings = True
    params.pooling_type = POOLINGS.index(plan.pooling)
    params.n_seq_max = plan.n_inputs


def _apply(adapters: Adapters, context: Context, model: Model, settings: EngineSettings) -> None:
    """Have all batches computed with what was given at the start."""
    adapters.use(context.pointer, in_force(enumerate(lora.scale for lora in adapters.facts)))
    apply_control_vectors(context.pointer, model.pointer, settings.adapters)


def _width(model: Model, plan: EmbeddingPlan) -> int:
    is_rank = plan.pooling == "rank"
    width = llama_cpp.llama_model_n_cls_out if is_rank else llama_cpp.llama_model_n_embd_out
    return int(width(model.pointer))


def _require_head(path: str) -> None:
    if not has_rank_head(path):
        raise NotSupportedError(
            f"'{path}' has no classification head (tensor cls.weight or cls.output.weight), so it cannot "
            "rank; take a reranking model, or compare vectors with --embedding"
        )
