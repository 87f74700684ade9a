"""The open requests: whose sequences wait, whose run, and how they leave."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable

from corral.core.errors import CorralError
from corral.core.messages import Failed, Finished, Scored
from corral.core.outcome import FinishReason, SequenceOutput
from corral.engine.companions import pair_up
from corral.engine.emission import Emission
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger
from corral.engine.kv_dump import dump_kv
from corral.engine.media import SharedMedia
from corral.engine.ports import Memory
from corral.engine.scoring_sequences import scoring_sequences
from corral.engine.sequence import Sequence, Stage


class Roster:
    """Owner of all sequences. A seq_id that one gives back goes to `ledger` with the KV it holds.

    With `dumped` what a sequence leaves there is logged.
    """

    def __init__(self, ledger: KvLedger, emission: Emission, dumped: Memory | None) -> None:
        self.waiting: list[Sequence] = []
        self.n_waiting_tokens = 0  # in the prompts of those
        self.n_waiting_turns = 0  # of those
        self.n_turns_ended = 0  # of all that ran since the start
        self.running: list[Sequence] = []
        self.companions: list[Sequence] = []  # those among them that others are guided by
        self.n_running: Counter[str] = Counter()  # of each caller who has any
        self.n_waiting: Counter[str] = Counter()
        self._ledger = ledger
        self._emission = emission
        self._dumped = dumped
        self._open: dict[str, list[Sequence]] = {}

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._open

    @property
    def ids(self) -> list[str]:
        """The open requests."""
        return list(self._open)

    def sequences(self, request_id: str) -> list[Sequence]:
        """Return the sequences of an open request, ended ones too."""
        return self._open[request_id]

    def add(self, prepared: Prepared) -> None:
        """Take a request; its sequences wait. One without a prompt has none that could."""
        sequences = self._open[prepared.request.request_id] = _sequences(prepared)
        if len(prepared.prompt):
            self.waiting += sequences
            self.n_waiting_tokens += sum(sequence.n_to_compute for sequence in sequences)
            self.n_waiting_turns += sum(sequence.has_turn for sequence in sequences)
            self.n_waiting[prepared.space.caller] += len(sequences)

    def admit(self, sequence: Sequence) -> None:
        """Note that a waiting sequence runs now, or the companion of one."""
        if sequence.companion_of is None:
            self._wait_no_longer(sequence)
        else:
            self.companions.append(sequence)
        self.running.append(sequence)
        self.n_running[sequence.space.caller] += 1

    def end(self, sequence: Sequence, reason: FinishReason, now_s: float) -> SequenceOutput:
        """End a sequence and return its last output."""
        output = self._emission.finish(sequence, reason, now_s)
        self.leave(sequence)
        return output

    def finish(self, request_id: str, reason: FinishReason, now_s: float) -> list[SequenceOutput]:
        """End what is left of a request and return the last outputs."""
        sequences = self._open.pop(request_id)
        live = [sequence for sequence in sequences if sequence.stage is not Stage.ENDED]
        if sequences[0].scoring is None:
            return [self.end(sequence, reason, now_s) for sequence in live]
        for sequence in live:
            self.leave(sequence)
        self._forget(sequences[0])
        return []

    def scored(self, left: Iterable[Sequence]) -> list[Scored]:
        """Return the answers to the calls whose last sequences are among those that `left`."""
        calls = {sequence.request.request_id: sequence.scoring for sequence in left}
        done = [i for i in calls if all(s.stage is Stage.ENDED for s in self._open[i])]
        for request_id in done:
            self._forget(self._open.pop(request_id)[0])
        return [scoring.answer(i) for i, scoring in calls.items() if scoring is not None and i in done]

    def fail(
        self, failed: Iterable[Sequence], error: CorralError, *, is_memory_good: bool = True
    ) -> list[Failed]:
        """End the requests that `failed` belong to with `error`."""
        ids = {sequence.request.request_id for sequence in failed} & self._open.keys()
        for request_id in ids:
            sequences = self._open.pop(request_id)
            for sequence in sequences:
                self.leave(sequence, is_memory_good=is_memory_good)
            self._forget(sequences[0])
        return [Failed(request_id, error.report()) for request_id in ids]

    def finished(self, outputs: list[SequenceOutput]) -> list[Finished]:
        """Return the last word on each request whose sequences have all ended."""
        ids = {output.request_id for output in outputs if output.end is not None}
        done = [i for i in ids if all(s.stage is Stage.ENDED for s in self._open[i])]
        for request_id in done:
            del self._open[request_id]
        return [Finished(request_id) for request_id in done]

    def leave(self, sequence: Sequence, *, is_memory_good: bool = True) -> None:
        """Take an ended sequence out; its seq_id goes back with the KV it holds, if that can be trusted.

        Its companion goes with it.
        """
        self._leave(sequence, is_memory_good=is_memory_good)
        if sequence.companion is not None:
            self._leave(sequence.companion, is_memory_good=is_memory_good)

    def _leave(self, sequence: Sequence, *, is_memory_good: bool) -> None:
        if sequence in self.waiting:
            self._wait_no_longer(sequence)
        if sequence in self.running:
            self.running.remove(sequence)
            _count_out(self.n_running, sequence)
            self.n_turns_ended += sequence.has_turn
            self._give_back(sequence, is_memory_good=is_memory_good)
        if sequence in self.companions:
            self.companions.remove(sequence)
        if sequence.sampler is not None:
            sequence.sampler.close()
            sequence.sampler = None
        sequence.free_media()
        if sequence.stage is not Stage.ENDED:
            sequence.move(Stage.ENDED)

    def _wait_no_longer(self, sequence: Sequence) -> None:
        self.waiting.remove(sequence)
        self.n_waiting_tokens -= sequence.n_to_compute
        self.n_waiting_turns -= sequence.has_turn
        _count_out(self.n_waiting, sequence)

    def _give_back(self, sequence: Sequence, *, is_memory_good: bool) -> None:
        if not is_memory_good:
            self._ledger.discard(sequence.seq_id)
            return
        self._ledger.release(sequence.seq_id, sequence.space, sequence.resident())
        if self._dumped is not None:
            dump_kv(self._dumped, sequence.seq_id, sequence.resident())

    def _forget(self, base: Sequence) -> None:
        """Have memory keep the prompt of a call that scored, and nothing that it put behind."""
        scoring = base.scoring
        for place, seq_id in enumerate(scoring.seq_ids if scoring is not None else ()):
            assert scoring is not None
            n_kept = scoring.n_prompt if place == 0 else 0
            self._ledger.shorten(seq_id, base.space, base.prompt, n_kept=n_kept)


def _sequences(prepared: Prepared) -> list[Sequence]:
    """Return the n sequences of a request, with seeds of their own; the first prefills for all."""
    if prepared.scoring is not None:
        return scoring_sequences(prepared, prepared.scoring)
    given = prepared.request.sampling.seed
    # 0xFFFFFFFF asks llama.cpp for a random seed; ours is drawn here, so that it can be told.
    seed = secrets.randbelow(0xFFFFFFFF) if given is None else given
    n = prepared.request.n
    media = None if prepared.media is None else SharedMedia(prepared.media, n)
    leader = Sequence(prepared, 0, seed % 0xFFFFFFFF, media=media)
    others = (Sequence(prepared, i, (seed + i) % 0xFFFFFFFF, leader, media) for i in range(1, n))
    sequences = [leader, *others]
    if prepared.negative is not None:
        pair_up(sequences, prepared, prepared.negative)
    return sequences


def _count_out(n_of: Counter[str], sequence: Sequence) -> None:
    """Count one less of a caller. Modifies `n_of`."""
    caller = sequence.space.caller
    n_of[caller] -= 1
    if not n_of[caller]:
        del n_of[caller]
