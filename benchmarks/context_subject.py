"""One model set up in one way: how long prefill and decode steps take behind so many tokens of context."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import msgspec
import numpy as np

from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.sampling import SamplingParams
from corral.engine.llama.runner import LlamaRunner
from corral.engine.ports import State

N_SEQUENCES = 8
N_SEGMENT = 2048
_N_STEPS = 8  # measured of each kind, after one that is not
_FIRST_TOKEN = 100  # below it some vocabularies have their special tokens
_PAD = 256  # room for the steps, and what llama.cpp rounds the cells of a sequence up to


StateKind: TypeAlias = tuple[bool, str, bool]
States: TypeAlias = dict[StateKind, tuple[int, State]]
"""The longest context known of each kind: its tokens, and what the sequence held."""


class Arrangement(msgspec.Struct, frozen=True):
    """What is varied."""

    is_unified: bool = False
    n_ubatch: int = 512
    flash_attn: str = "auto"
    kv_type: str = "f16"

    @property
    def state_kind(self) -> StateKind:
        """What must be alike for llama.cpp to take a state: without flash attention values lie transposed."""
        return self.is_unified, self.kv_type, self.flash_attn != "off"

    def settings(self, n_ctx: int, n_threads: int | None) -> EngineSettings:
        """Return the settings of an engine with room for `n_ctx` tokens in each sequence."""
        return EngineSettings(
            n_ctx=(n_ctx + _PAD) * N_SEQUENCES,
            n_parallel=N_SEQUENCES,
            n_batch=N_SEGMENT,
            n_ubatch=self.n_ubatch,
            cpu=CpuSettings(n_threads=n_threads),
            flash_attn=self.flash_attn,
            kv_type_k=self.kv_type,
            kv_type_v=self.kv_type,
            is_kv_unified=self.is_unified,
        )


class Timing(msgspec.Struct, frozen=True):
    """What was measured behind `n_context` tokens.

    prefill_tok_s: of the last `n_segment` tokens of the context, in one batch.
    one_ms, eight_ms: a decode step, greedy choice included, of one sequence and of eight with contexts of
        their own.
    eight_shared_ms: of eight that share the context, where the layout can share; else None.
    """

    n_context: int
    n_segment: int
    prefill_tok_s: float
    one_ms: float
    eight_ms: float
    eight_shared_ms: float | None


class Subject:
    """A loaded model. What `states` knows already it does not compute, and it adds to them."""

    def __init__(self, runner: LlamaRunner, arrangement: Arrangement, states: States) -> None:
        self._runner = runner
        self._arrangement = arrangement
        self._states = states
        self._n_past = 0
        random = np.random.default_rng(0)
        n_vocab, n_ctx = runner.vocabulary.n_tokens, runner.n_cells // runner.n_slots
        self._tokens = random.integers(_FIRST_TOKEN, n_vocab, n_ctx).astype(np.int32)

    def time(self, n_context: int, check_time: Callable[[], None]) -> Timing:
        """Measure behind `n_context` tokens; `check_time` is called between batches and may raise."""
        n_segment = min(N_SEGMENT, n_context)
        self._go_to(n_context - n_segment, check_time)
        began_s = time.perf_counter()
        self._prefill(n_context)
        prefill_tok_s = n_segment / (time.perf_counter() - began_s)
        self._keep()
        check_time()
        one_ms = self._step_ms(1)
        eight_ms = self._eight_ms(self._give_own)
        check_time()
        shared_ms = self._eight_ms(self._share) if self._arrangement.is_unified else None
        return Timing(n_context, n_segment, prefill_tok_s, one_ms, eight_ms, shared_ms)

    def _go_to(self, n: int, check_time: Callable[[], None]) -> None:
        """Have sequence 0 hold the first `n` tokens: from a state that is known, or by computing them."""
        memory = self._runner.memory
        n_known, state = self._states.get(self._arrangement.state_kind, (0, None))
        if state is not None and self._n_past < n <= n_known:
            self._n_past = n_known if memory.set_state(0, state) else 0
        if self._n_past > n:
            memory.trim(0, n)
            self._n_past = n
        while self._n_past < n:
            check_time()
            self._prefill(min(self._n_past + N_SEGMENT, n))

    def _prefill(self, n: int) -> None:
        """Compute the tokens of sequence 0 up to `n` in one batch."""
        batch = self._runner.batch
        batch.clear()
        batch.add_chunk(self._tokens[self._n_past : n], self._n_past, 0, is_last_output=True)
        self._runner.decode(batch.n_rows)
        self._n_past = n

    def _keep(self) -> None:
        kind = self._arrangement.state_kind
        if self._n_past > self._states.get(kind, (0, None))[0]:
            self._states[kind] = self._n_past, self._runner.memory.state(0)

    def _eight_ms(self, give: Callable[[int], None]) -> float:
        others = range(1, N_SEQUENCES)
        for seq_id in others:
            give(seq_id)
        try:
            return self._step_ms(N_SEQUENCES)
        finally:
            for seq_id in others:
                self._runner.memory.clear(seq_id)

    def _share(self, seq_id: int) -> None:
        self._runner.memory.copy(0, seq_id)

    def _give_own(self, seq_id: int) -> None:
        """Give a sequence cells of its own: streams copy, in the unified pool a copy would share them."""
        if not self._arrangement.is_unified:
            self._share(seq_id)
        elif not self._runner.memory.set_state(seq_id, self._runner.memory.state(0)):
            raise RuntimeError(f"sequence {seq_id} refused the state of sequence 0")

    def _step_ms(self, n_sequences: int) -> float:
        """Return the median of some steps, and forget their tokens."""
        times_ms = [self._one_step_ms(n_sequences, self._n_past + i) for i in range(1 + _N_STEPS)]
        for seq_id in range(n_sequences):
            self._runner.memory.trim(seq_id, self._n_past)
        return statistics.median(times_ms[1:])

    def _one_step_ms(self, n_sequences: int, position: int) -> float:
        runner, seq_ids = self._runner, list(range(n_sequences))
        tokens = [int(token) for token in self._tokens[position : position + n_sequences]]
        sampler = runner.sampler(SamplingParams(temperature=0), 0, [])
        began_s = time.perf_counter()
        runner.batch.clear()
        runner.batch.add_decodes(tokens, [position] * n_sequences, seq_ids)
        runner.decode(n_sequences)
        runner.sample([(row, sampler) for row in seq_ids])
        took_ms = 1000 * (time.perf_counter() - began_s)
        sampler.close()
        return took_ms


@contextmanager
def arranged(
    model: str,
    arrangement: Arrangement,
    settings: EngineSettings,
    states: States,
) -> Iterator[Subject]:
    """Load the model for the block."""
    runner = LlamaRunner(model, settings, lambda _fraction: None)
    try:
        yield Subject(runner, arrangement, states)
    finally:
        runner.close()
