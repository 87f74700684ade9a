"""One line of tokens being generated, from waiting to its end. Owned by the scheduler."""

from __future__ import annotations

import enum

import numpy as np

from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput, SequenceStart, TokenProbs
from corral.core.request import GenerationRequest
from corral.engine.draft.guesses import Guesses
from corral.engine.intake import Prepared
from corral.engine.lines import LineWatch
from corral.engine.media import SharedMedia, Span
from corral.engine.ports import Sampler
from corral.engine.radix import Tokens
from corral.engine.scoring import Path
from corral.engine.text import TextStream
from corral.engine.thinking import ThinkingWatch
from corral.engine.window import Cut


class Stage(enum.Enum):
    """Where a sequence stands."""

    WAITING = enum.auto()  # has no seq_id yet
    PREFILL = enum.auto()  # its prompt is being processed
    DECODE = enum.auto()  # each step gives it a token
    ENDED = enum.auto()


LEGAL_MOVES = {
    Stage.WAITING: {Stage.PREFILL, Stage.ENDED},
    Stage.PREFILL: {Stage.DECODE, Stage.ENDED},
    Stage.DECODE: {Stage.ENDED},
    Stage.ENDED: set(),
}


class Sequence:
    """The state of one sequence.

    Its context, `len(prompt) + n_predicted` tokens less what context shifts dropped:
        [0, n_cached)        came from the prefix cache
        [n_cached, n_past)   computed for this sequence
        [n_past, ...)        while decoding: `pending`, chosen and not yet in KV memory

    llama.cpp's position of the token at n_past is `position`: self-extend and some images move it.
    """

    def __init__(
        self,
        prepared: Prepared,
        index: int,
        seed: int,
        leader: Sequence | None = None,
        media: SharedMedia | None = None,
    ) -> None:
        self.request: GenerationRequest = prepared.request
        self.index = index
        self.prompt: Tokens = prepared.prompt
        self.spans = prepared.spans
        self.media = media  # until the images are in KV memory
        self.bias = prepared.bias
        self.grammar = prepared.grammar
        self.scoring = prepared.scoring
        self.is_truncated = prepared.is_truncated
        self.arrived_s = prepared.arrived_s
        self.n_system = prepared.n_system
        self.space = prepared.space
        self.seed = seed
        self.leader = leader  # the sequence of the same request whose prompt this one shares
        self.companion: Sequence | None = None  # what this one is guided away from
        self.companion_of: Sequence | None = None
        self.n_held_back = 0  # prompt tokens that are not prefilled: they are the first to be decoded
        self.stage = Stage.WAITING
        self.seq_id = -1
        self.n_cached = 0
        self.n_past = 0
        self.position_offset = 0
        self.group_start = 0  # self-extend: where the window begins whose positions are still their own
        self.pending: list[int] = []
        self.generated: list[int] = []
        self.n_unlimited: int | None = None  # tokens below which no limit can end it; None: not known yet
        self._context: Tokens = self.prompt  # and behind it what was generated when somebody last asked
        self.n_shifted_from: int | None = (
            None  # KV behind this position was slid: not a plain prefix any more
        )
        self.guesses: Guesses | None = None  # once it decodes alone
        self.n_drafted = 0
        self.n_drafted_accepted = 0
        self.sampler: Sampler | None = None
        self.text = TextStream(prepared.request.stop)
        self.lines = _line_watch(prepared.request)
        self.shown = prepared.shown
        thinking = prepared.request.thinking
        self.thinking = None if thinking is None else ThinkingWatch(thinking, prepared.closing)
        self._withheld: tuple[list[int], list[TokenProbs]] = ([], [])  # tokens of an unfinished character
        self.admitted_s = 0.0
        self.first_token_s = 0.0

    def move(self, stage: Stage) -> None:
        """Go on to `stage`; only the moves of the table are legal."""
        assert stage in LEGAL_MOVES[self.stage], (self.stage, stage)
        self.stage = stage

    @property
    def is_ready(self) -> bool:
        """Whether nothing of its own request stands before it (n > 1: the first one prefills for all)."""
        return self.leader is None or self.leader.stage in (Stage.DECODE, Stage.ENDED)

    @property
    def has_turn(self) -> bool:
        """Whether another has to end before it can run; not so a companion, nor the branch of a score."""
        return self.companion_of is None and (self.scoring is None or self.leader is None)

    @property
    def n_to_compute(self) -> int:
        """Prompt tokens that are computed for it; what has a leader has the prompt of that."""
        return len(self.prompt) if self.leader is None else 0

    @property
    def n_predicted(self) -> int:
        """Tokens sampled so far, the end-of-generation token included."""
        return len(self.generated)

    @property
    def position(self) -> int:
        """llama.cpp's position of the next token to be computed."""
        return self.n_past + self.position_offset

    @property
    def n_prefill_left(self) -> int:
        """Prompt tokens that are not in KV memory yet and go there in chunks."""
        return len(self.prompt) - self.n_past - self.n_held_back

    def path(self, n_tokens: int) -> Path:
        """Return what its first `n_tokens` tokens have of a continuation that is scored."""
        assert self.scoring is not None
        return tuple(self.prompt[self.scoring.n_base : n_tokens].tolist())

    @property
    def n_context(self) -> int:
        """Tokens of its context, or its companion's if that is longer; what was shifted out counts."""
        n_prompt = len(self.prompt)
        if self.companion is not None:
            n_prompt = max(n_prompt, len(self.companion.prompt))
        return n_prompt + len(self.generated)

    @property
    def span(self) -> Span | None:
        """The image whose rows come next."""
        return next((span for span in self.spans if span.start == self.n_past), None)

    @property
    def n_text_left(self) -> int:
        """Prompt tokens that are not in KV memory yet, up to the next image."""
        if not self.spans:
            return self.n_prefill_left
        ahead = (span.start for span in self.spans if span.start >= self.n_past)
        return next(ahead, len(self.prompt)) - self.n_past

    @property
    def is_checkpointed(self) -> bool:
        """Whether states of its prompt are worth keeping, of a model whose memory cannot be cut."""
        return self.request.is_cache_wanted and self.scoring is None

    def free_media(self) -> None:
        """Let go of the images: they are in KV memory, or will never be."""
        if self.media is not None:
            self.media.let_go()
            self.media = None

    def shifted(self, cut: Cut) -> None:
        """Note that context shift dropped `cut` from KV memory."""
        self.n_past -= cut.n_discard
        self.is_truncated = True
        n_before = cut.n_keep if self.n_shifted_from is None else self.n_shifted_from
        self.n_shifted_from = min(cut.n_keep, n_before)

    def regrouped(self, start: int, delta: int) -> None:
        """Note that self-extend moved the next position by `delta`: its KV is nobody else's prefix."""
        self.group_start = start
        self.position_offset += delta
        self.n_shifted_from = 0

    def resident(self) -> Tokens:
        """Return the tokens whose KV is a plain prefix of this context, oldest first."""
        n_known = self.n_past if self.n_shifted_from is None else self.n_shifted_from
        n_prompt = len(self.prompt)
        if n_known <= n_prompt:
            return self.prompt[:n_known]
        if n_known > len(self._context):
            # Only what is new is converted: this is asked for again and again while an answer grows.
            new = np.array(self.generated[len(self._context) - n_prompt :], np.int32)
            self._context = np.concatenate([self._context, new])
        return self._context[:n_known]

    def started(self) -> SequenceStart:
        """Return the report of admission."""
        return SequenceStart(
            self.request.request_id,
            self.index,
            self.seq_id,
            len(self.prompt) - self.n_system,
            self.n_cached_shown,
            self.seed,
            self.is_truncated,
            None if self.companion is None else self.companion.seq_id,
        )

    def withhold(self, token: int, probs: TokenProbs | None) -> None:
        """Keep a token until there is an output to put it in."""
        tokens, all_probs = self._withheld
        tokens.append(token)
        if probs is not None:
            all_probs.append(probs)

    def output(self, text: str, end: SequenceEnd | None = None) -> SequenceOutput:
        """Return an output with `text` and the tokens withheld so far."""
        tokens, probs = self._withheld
        self._withheld = ([], [])
        return SequenceOutput(self.request.request_id, self.index, text, tokens, probs, end)

    def ended(self, text: str, reason: FinishReason, stop_text: str, now_s: float) -> SequenceOutput:
        """Return the last output: the `text` that was still held back, and how it ended."""
        end = SequenceEnd(
            reason=reason,
            stop_text=stop_text,
            n_prompt_tokens=max(0, len(self.prompt) - self.n_system),
            n_cached=self.n_cached_shown,
            n_predicted=self.n_predicted,
            n_past=max(0, self.n_past - self.n_system),
            prompt_ms=self._prompt_ms(now_s),
            predicted_ms=(now_s - self.first_token_s) * 1000 if self.first_token_s else 0.0,
            is_truncated=self.is_truncated,
            slot=self.seq_id,
            seed=self.seed,
            n_drafted=self.n_drafted,
            n_drafted_accepted=self.n_drafted_accepted,
        )
        return self.output(text, end)

    @property
    def n_cached_shown(self) -> int:
        """Cached tokens of the client's own prompt: the system prompt is in no count."""
        return max(0, self.n_cached - self.n_system)

    def _prompt_ms(self, now_s: float) -> float:
        return ((self.first_token_s or now_s) - self.admitted_s) * 1000 if self.admitted_s else 0.0


def _line_watch(request: GenerationRequest) -> LineWatch | None:
    """Return what follows the lines of the answer, None if nobody asks about them."""
    is_wanted = request.n_indent > 0 or request.max_predict_ms is not None
    return LineWatch(request.n_indent) if is_wanted else None
