"""A small model of the same vocabulary that guesses what the large one will say."""

from __future__ import annotations

from contextlib import ExitStack

import llama_cpp
import msgspec
import numpy as np

from corral.core.engine_settings import (
    AdapterSettings,
    CpuSettings,
    EngineSettings,
    MediaSettings,
    RopeSettings,
)
from corral.core.errors import ModelLoadError
from corral.engine.draft.held import Held
from corral.engine.llama.aborts import loading
from corral.engine.llama.buffers import BatchBuffer, Logits, LogitsView
from corral.engine.llama.context import Context
from corral.engine.llama.library import Library
from corral.engine.llama.memory import LlamaMemory
from corral.engine.llama.model import Model
from corral.engine.llama.probabilities import log_softmax
from corral.engine.llama.vocabulary import LlamaVocabulary

N_BATCH = 512  # tokens of a text in one turn: the step that they are read in shall not take long


class LlamaDraftModel:
    """A second model with a context of one sequence. Owned by the runner, and by its thread."""

    def __init__(
        self, library: Library, settings: EngineSettings, target: LlamaVocabulary, n_ctx: int
    ) -> None:
        path = settings.drafts.model_path
        assert path is not None
        with loading(f"draft model '{path}'"), ExitStack() as stack:
            own = _settings(settings, n_ctx)
            model = Model(library, path, own, lambda _: None)
            stack.callback(model.close)
            _check(model, path, target)
            context = Context(library, model, own)
            stack.callback(context.close)
            self.threads = context.threads
            self._pointer = context.pointer
            self._buffer = BatchBuffer(context.n_batch)
            stack.callback(self._buffer.close)
            self._memory = LlamaMemory(context.pointer)
            self._eog = target.eog
            self._logits = LogitsView(context.pointer, target.n_tokens)
            self._held = Held(n_ctx=context.shape.n_ctx, n_most=context.n_batch)
            self._owned = stack.pop_all()

    def guess(self, tokens: list[int], n_most: int, p_min: float, *, owner: object) -> list[int] | None:
        """Return what follows `tokens`, greedily: at most `n_most`, until one is less probable than `p_min`.

        None while it is still reading the text, and for a text that is too long for it. `owner` tells texts
        apart that must not be compared.
        """
        chunk = self._held.missing(tokens, n_most, owner=owner)
        if chunk is None:
            return None
        self._memory.trim(0, chunk.start)
        row = self._decode(tokens[chunk.start : chunk.end], chunk.start)
        if row is None or chunk.end < len(tokens):
            return None
        return self._continued(row, chunk.end, n_most, p_min)

    def close(self) -> None:
        """Free everything, last made first."""
        self._owned.close()

    def _continued(self, row: Logits | None, position: int, n_most: int, p_min: float) -> list[int]:
        guessed: list[int] = []
        while row is not None:
            token = int(row.argmax())
            if token in self._eog or (p_min > 0 and np.exp(log_softmax(row)[token]) < p_min):
                break
            guessed.append(token)
            if len(guessed) == n_most:
                break
            row = self._decode([token], position)
            position += 1
        return guessed

    def _decode(self, tokens: list[int], position: int) -> Logits | None:
        """Compute tokens; return the logits behind the last. None, and nothing is held, where that fails."""
        batch = self._buffer.batch
        batch.clear()
        batch.add_chunk(np.array(tokens, np.int32), position, 0, is_last_output=True)
        if llama_cpp.llama_decode(self._pointer, self._buffer.struct(len(tokens))):
            self._memory.clear(0)
            self._held.forget()
            return None
        self._held.add(tokens)
        row: Logits = self._logits.rows(1)[0]
        return row


def _settings(settings: EngineSettings, n_ctx: int) -> EngineSettings:
    """Return how the draft model runs: as the large one, but for what is asked for it."""
    drafts = settings.drafts
    device = settings.device
    if drafts.n_gpu_layers is not None:
        device = msgspec.structs.replace(device, n_gpu_layers=drafts.n_gpu_layers)
    if drafts.devices is not None:
        device = msgspec.structs.replace(device, devices=drafts.devices)
    return msgspec.structs.replace(
        settings,
        n_ctx=drafts.n_ctx or n_ctx,
        n_parallel=1,
        n_ctx_slot=None,
        n_batch=N_BATCH,
        cpu=_cpu(settings.cpu, drafts.n_threads),
        cpu_batch=_cpu(settings.cpu_batch, drafts.n_threads_batch),
        device=msgspec.structs.replace(device, tensor_overrides=(), tensor_split=()),
        rope=RopeSettings(),
        adapters=AdapterSettings(),
        media=MediaSettings(),
        kv_overrides=(),
        kv_type_k=drafts.kv_type_k,
        kv_type_v=drafts.kv_type_v,
        is_swa_full=True,
        has_perf=False,
    )


def _cpu(cpu: CpuSettings, n_threads: int | None) -> CpuSettings:
    return cpu if n_threads is None else msgspec.structs.replace(cpu, n_threads=n_threads)


def _check(model: Model, path: str, target: LlamaVocabulary) -> None:
    """Raise `ModelLoadError` where the model cannot draft: other tokens, or a memory that cannot be cut."""
    if model.is_recurrent:
        raise ModelLoadError(
            f"draft model '{path}': its memory cannot be cut, so its guesses cannot be taken back"
        )
    own = LlamaVocabulary(model)
    if own.n_tokens != target.n_tokens:
        raise ModelLoadError(
            f"draft model '{path}': it has {own.n_tokens} tokens and the model has {target.n_tokens}; "
            "both must have one vocabulary"
        )
    differing = next(
        (token for token in range(own.n_tokens) if _piece(own, token) != _piece(target, token)), None
    )
    if differing is not None or own.eog != target.eog:
        what = "tokens that end a text" if differing is None else f"token {differing}"
        raise ModelLoadError(
            f"draft model '{path}': its {what} differ from the model's; both must have one vocabulary"
        )


def _piece(vocabulary: LlamaVocabulary, token: int) -> bytes:
    return vocabulary.piece(token, is_special_shown=True)
