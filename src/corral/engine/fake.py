"""A runner without a model, behind the same seam: for tests, and to measure the cost of everything else.

Its tokens are the 256 bytes, BOS and EOS. The next token is a function of all tokens that its memory really
holds, so text made on wrong KV differs. It refuses batches that a real memory would refuse.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import dataclass, fields

import numpy as np

from corral.core.engine_settings import AdapterSettings, EngineSettings
from corral.core.errors import ModelLoadError
from corral.core.messages import LoraFacts, ModelFacts
from corral.core.outcome import Candidate, TokenProbs
from corral.core.sampling import SamplingParams
from corral.engine.affinity import bind_threads, usable_cpus
from corral.engine.batch import Batch
from corral.engine.draft.held import Held
from corral.engine.fake_media import FakeMediaPrompt, FakeProjector
from corral.engine.loras import Loras
from corral.engine.media import MediaPrompt, Span
from corral.engine.ports import DecodeError, Sampled, State, Steered
from corral.engine.radix import Tokens
from corral.engine.structure.constraint import Constraint
from corral.engine.structure.follow import follow

BOS, EOS, N_VOCAB = 256, 257, 258
_LETTERS = b" abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class FakeBehaviour:
    """How the fake behaves; read from a model path such as `fake:crash_after=5,step_ms=2`.

    `crash_after`, `hang_after` and `fail_after` count decodes (0: never); `eos_after` tokens of context;
    `utf8` answers in three-byte characters; `is_trimmable` 0 imitates a recurrent model;
    `media` 1 one that takes images; `refrain` > 0 repeats itself after so many letters, nearly.
    """

    crash_after: int = 0
    hang_after: int = 0
    fail_after: int = 0
    load_fails: int = 0
    load_crashes: int = 0
    load_ms: int = 0
    step_ms: int = 0
    eos_after: int = 0
    utf8: int = 0
    media: int = 0
    refrain: int = 0
    is_trimmable: int = 1
    is_shiftable: int = 1

    @classmethod
    def parse(cls, path: str) -> FakeBehaviour:
        """Return what `path` asks for. Raises `ModelLoadError` for an unknown name."""
        pairs = [pair.split("=") for pair in path.partition(":")[2].split(",") if pair]
        known = {field.name for field in fields(cls)}
        if any(len(pair) != 2 or pair[0] not in known for pair in pairs):
            raise ModelLoadError(f"a fake model takes NAME=NUMBER of {sorted(known)}, not {path!r}")
        return cls(**{name: int(value) for name, value in pairs})


class FakeVocabulary:
    """Bytes are tokens."""

    n_tokens = N_VOCAB
    eog = frozenset({EOS})

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:  # noqa: ARG002
        """Return BOS if asked for, and the UTF-8 bytes."""
        return [BOS] * add_special + list(text.encode())

    def piece(self, token: int, *, is_special_shown: bool) -> bytes:
        """Return the byte."""
        if token < BOS:
            return bytes([token])
        return (b"<bos>", b"<eos>")[token - BOS] if is_special_shown else b""

    def is_special(self, token: int) -> bool:
        """Return whether it is BOS or EOS."""
        return token >= BOS


class FakeMemory:
    """What each sequence holds, token by token."""

    def __init__(self, n_slots: int, *, is_trimmable: bool) -> None:
        self.held: dict[int, list[int]] = {seq_id: [] for seq_id in range(n_slots)}
        self._is_trimmable = is_trimmable
        self.n_copied = 0
        self._regrouped: dict[int, list[int]] = {}

    def copy(self, source: int, target: int) -> None:
        """Copy the list."""
        self.clear(target)
        self.held[target] = list(self.held[source])
        self.n_copied += 1

    def trim(self, seq_id: int, n_keep: int) -> bool:
        """Cut the list."""
        assert n_keep <= len(self.held[seq_id])
        if self._is_trimmable:
            del self.held[seq_id][n_keep:]
        return self._is_trimmable

    def clear(self, seq_id: int) -> None:
        """Empty the list."""
        self.held[seq_id] = []
        self._regrouped.pop(seq_id, None)

    def shift(self, seq_id: int, n_keep: int, n_discard: int, n_past: int) -> None:
        """Cut the middle out."""
        assert len(self.held[seq_id]) == n_past
        del self.held[seq_id][n_keep : n_keep + n_discard]

    def add(self, seq_id: int, first: int, end: int, delta: int) -> None:
        """Move positions."""
        self._regrouped[seq_id] = [p + delta * (first <= p < end) for p in self.positions(seq_id)]

    def divide(self, seq_id: int, first: int, end: int, divisor: int) -> None:
        """Divide positions."""
        self._regrouped[seq_id] = [p // divisor if first <= p < end else p for p in self.positions(seq_id)]

    def positions(self, seq_id: int) -> list[int]:
        """Return the position of each token: its number, unless self-extend moved it."""
        return self._regrouped.get(seq_id) or list(range(len(self.held[seq_id])))

    def span(self, seq_id: int) -> tuple[int, int]:
        """Return the first and the last position."""
        positions = self.positions(seq_id)
        return (positions[0], positions[-1]) if positions else (-1, -1)

    def next_position(self, seq_id: int) -> int:
        """Return the only position that a new token may have."""
        moved = self._regrouped.get(seq_id)
        return moved[-1] + 1 if moved else len(self.held[seq_id])

    def append(self, seq_id: int, token: int) -> None:
        """Hold one more token."""
        if seq_id in self._regrouped:
            self._regrouped[seq_id].append(self.next_position(seq_id))
        self.held[seq_id].append(token)

    def state(self, seq_id: int) -> State:
        """Return the list as bytes."""
        return np.array(self.held[seq_id], np.int32).view(np.uint8)

    def set_state(self, seq_id: int, state: State) -> bool:
        """Take such bytes."""
        self.held[seq_id] = np.frombuffer(state.tobytes(), np.int32).tolist()
        return True


class FakeSampler:
    """Knows the bias and whether probabilities are wanted."""

    def __init__(self, params: SamplingParams, bias: Items[tuple[int, float]]) -> None:
        self.n_probs = params.n_probs
        self.bias = dict(bias)
        self.constraint: Constraint | None = None
        self.is_closed = False

    def accept(self, tokens: Tokens) -> None:
        """Nothing to learn."""

    def close(self) -> None:
        """Note it: once only."""
        assert not self.is_closed
        self.is_closed = True


class FakeDraftModel:
    """Knows what the fake will say, but for one token of seven, and reads a text in parts."""

    def __init__(self, tell: Callable[[list[int]], int]) -> None:
        self._tell = tell
        self._held = Held(n_ctx=150, n_most=20)

    def guess(self, tokens: list[int], n_most: int, p_min: float, *, owner: object) -> list[int] | None:  # noqa: ARG002
        """Return its guesses."""
        chunk = self._held.missing(tokens, n_most, owner=owner)
        if chunk is None:
            return None
        self._held.add(tokens[chunk.start : chunk.end])
        if chunk.end < len(tokens):
            return None
        text = list(tokens)
        for _ in range(n_most):
            text.append(self._tell(text) if len(text) % 7 else 0)
        return text[len(tokens) :]


class FakeRunner:
    """Makes letters out of what its memory holds."""

    copy_ms = 0.0

    def __init__(
        self,
        settings: EngineSettings,
        behaviour: FakeBehaviour | None = None,
        bind: Callable[[frozenset[int]], None] = lambda _cpus: None,
    ) -> None:
        self.behaviour = behaviour or FakeBehaviour()
        self.leases: list[tuple[tuple[int, ...], int | None]] = []
        self._bind, self._usable = bind, usable_cpus()
        self.n_slots = settings.n_parallel or 4
        n_ctx = (settings.n_ctx or 1024) // (self.n_slots if settings.n_parallel else 1)
        self.n_cells = n_ctx * self.n_slots
        self.is_trimmable = bool(self.behaviour.is_trimmable)
        self.is_shiftable = bool(self.behaviour.is_shiftable)
        self.vocabulary = FakeVocabulary()
        self.memory = FakeMemory(self.n_slots, is_trimmable=self.is_trimmable)
        self.batch = Batch.allocate(settings.n_batch)
        self.n_decoded = 0
        self.fingerprint = "fake"
        self.projector = FakeProjector(self.vocabulary) if self.behaviour.media else None
        self.draft_model = FakeDraftModel(self._likely) if settings.drafts.model_path else None
        self._tint = 0  # what the adapters in use add to every token held
        self.facts = ModelFacts(
            name="fake",
            architecture="fake",
            n_vocab=N_VOCAB,
            n_ctx=n_ctx,
            n_ctx_train=4096,
            n_threads=settings.cpu.n_threads or None,
            n_slots=self.n_slots,
            bos_text="<bos>",
            eos_text="<eos>",
            is_bos_added=True,
            eog=[EOS],
            is_trimmable=self.is_trimmable,
            has_vision=self.projector is not None,
            loras=fake_loras(settings.adapters),
            system_prompt=settings.system_prompt,
        )

    def decode_media(
        self, media: MediaPrompt, span: Span, seq_id: int, *, position: int, is_last_output: bool
    ) -> None:
        """Hold the rows of an image; its last is the row that is sampled from."""
        self.n_decoded += 1
        assert isinstance(media, FakeMediaPrompt)
        rows = media.rows(span)
        if position != self.memory.next_position(seq_id):
            raise DecodeError(f"an image at {position}, not {self.memory.next_position(seq_id)}")
        for token in rows:
            self.memory.append(seq_id, int(token))
        if is_last_output:
            last = (span.n_tokens - 1) % self.batch.n_max
            self.batch.seq_ids[last] = seq_id
            self.batch.n_rows = last + 1

    def use_loras(self, loras: Loras) -> None:
        """Have the next tokens leave other traces in memory than without."""
        self._tint = N_VOCAB * (zlib.crc32(repr(loras).encode()) % 1000 + 1) if loras else 0

    def decode(self, n_rows: int) -> None:
        """Write the rows into memory, as strictly as llama.cpp does."""
        self.n_decoded += 1
        self._misbehave()
        batch = self.batch
        for row in range(n_rows):
            seq_id = int(batch.seq_ids[row])
            n_held, expected = len(self.memory.held[seq_id]), self.memory.next_position(seq_id)
            if int(batch.positions[row]) != expected or n_held >= self.facts.n_ctx:
                raise DecodeError(f"row {row}: position {batch.positions[row]} after {n_held} tokens")
            self.memory.append(seq_id, int(batch.tokens[row]) + self._tint)

    def sampler(self, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]) -> FakeSampler:  # noqa: ARG002
        """Return a new one; the seed changes nothing."""
        return FakeSampler(params, bias)

    def sample(self, rows: Items[tuple[int, FakeSampler]], steered: Items[Steered] = ()) -> list[Sampled]:
        """Return the one possible token for each row; a companion's memory has a say in it too."""
        companions = self._companions(steered) if steered else {}
        return [
            self._sampled(row, sampler, companions.get(int(self.batch.seq_ids[row]), []))
            for row, sampler in rows
        ]

    def sample_at(self, place: int, row: int, sampler: FakeSampler) -> Sampled:
        """Return the one possible token for that row."""
        assert np.flatnonzero(self.batch.is_output[: self.batch.n_rows])[place] == row
        return self._sampled(row, sampler, [])

    def logprobs(self, place: int, tokens: list[int]) -> list[float]:
        """Return what the tokens held up to that output row make of each token: nothing is certain."""
        row = int(np.flatnonzero(self.batch.is_output[: self.batch.n_rows])[place])
        held = self.memory.held[int(self.batch.seq_ids[row])][: int(self.batch.positions[row]) + 1]
        seed = zlib.crc32(np.array(held, np.int32).tobytes())
        weights = np.array([zlib.crc32(b"%d" % token, seed) % 1000 + 1 for token in range(N_VOCAB)])
        found: list[float] = np.log(weights / weights.sum())[tokens].tolist()
        return found

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None = None) -> None:
        """Bind the threads of the process, as a real engine does, and note it."""
        self.leases.append((cpus, n_threads))
        self._bind(frozenset(cpus) or self._usable)

    def leave(self) -> None:
        """Nothing to say."""

    def close(self) -> None:
        """Nothing to free."""

    def _companions(self, steered: Items[Steered]) -> dict[int, list[int]]:
        """Return what the companions hold, by the seq_id of whom they steer, with the scale behind it."""
        rows = np.flatnonzero(self.batch.is_output[: self.batch.n_rows])
        of_place = [int(self.batch.seq_ids[row]) for row in rows]
        return {of_place[p]: [*self.memory.held[of_place[c]], int(100 * scale)] for p, c, scale in steered}

    def _held_at(self, row: int) -> list[int]:
        """Return what the sequence of a batch row held when that was its last."""
        seq_id = int(self.batch.seq_ids[row])
        n_behind = int((self.batch.seq_ids[row + 1 : self.batch.n_rows] == seq_id).sum())
        held = self.memory.held[seq_id]
        return held[: len(held) - n_behind]

    def _sampled(self, row: int, sampler: FakeSampler, companion: list[int]) -> Sampled:
        token = self._next(self._held_at(row), sampler.bias, companion)
        if sampler.constraint is not None:
            return follow(sampler.constraint, lambda ids: Sampled(token if ids is None else int(ids[0])))
        if not sampler.n_probs:
            return Sampled(token)
        piece = self.vocabulary.piece(token, is_special_shown=False)
        tops = [Candidate(token, piece, -float(i)) for i in range(sampler.n_probs)]
        return Sampled(token, TokenProbs(token, piece, 0.0, tops, [Candidate(token, piece, 1.0)], 1.0))

    def _likely(self, held: list[int]) -> int:
        return self._next(held, {}, [])

    def _next(self, held: list[int], bias: dict[int, float], companion: list[int]) -> int:
        if bias and max(bias.values()) >= 100:
            return max(bias, key=lambda token: bias[token])
        if self.behaviour.eos_after and len(held) >= self.behaviour.eos_after and EOS not in bias:
            return EOS
        if self.behaviour.utf8:
            return "€".encode()[len(held) % 3]
        if self.behaviour.refrain and zlib.crc32(np.array(held[-6:], np.int32).tobytes()) % 9:
            return _LETTERS[len(held) % self.behaviour.refrain]
        return _LETTERS[zlib.crc32(np.array(held + companion, np.int32).tobytes()) % len(_LETTERS)]

    def _misbehave(self) -> None:
        time.sleep(self.behaviour.step_ms / 1000)
        if self.n_decoded == self.behaviour.crash_after:
            os._exit(139)
        if self.n_decoded == self.behaviour.hang_after:
            time.sleep(3600)
        if self.n_decoded == self.behaviour.fail_after:
            raise DecodeError("asked to fail")


def fake_loras(settings: AdapterSettings) -> list[LoraFacts]:
    """Return adapters of any name; nothing is read."""
    return [LoraFacts(path=lora.path, scale=lora.scale * settings.is_applied) for lora in settings.loras]


def load(path: str, settings: EngineSettings) -> FakeRunner:
    """Return a fake that behaves as `path` asks. Raises `ModelLoadError`."""
    behaviour = FakeBehaviour.parse(path)
    time.sleep(behaviour.load_ms / 1000)
    if behaviour.load_crashes:
        os._exit(139)
    if behaviour.load_fails:
        raise ModelLoadError("asked to fail to load")
    return FakeRunner(settings, behaviour, bind_threads)
