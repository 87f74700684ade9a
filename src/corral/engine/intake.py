"""A request made ready for the scheduler: tokenized, checked, cut to the context."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from corral.core import log
from corral.core.clock import Clock
from corral.core.errors import ContextExceededError, CorralError, InvalidRequestError, NotSupportedError
from corral.core.messages import ModelFacts, Score
from corral.core.request import GenerationRequest, Guidance, Media, Piece
from corral.engine.guidance import check_guidance
from corral.engine.loras import Loras
from corral.engine.media import MediaPrompt, Projector, Span
from corral.engine.ports import Vocabulary
from corral.engine.prefixes import Space
from corral.engine.radix import Tokens
from corral.engine.scoring import Scoring
from corral.engine.standing import Standing
from corral.engine.window import cut_prompt

if TYPE_CHECKING:
    from corral.engine.structure.compiler import Compiler, Grammar

_log = log.get("engine")

MAX_SCORED = 4096  # tokens of all continuations of one call; each may take a sequence of its own


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request whose prompt is `prompt` (ids) and whose logit bias names ids. It came at `arrived_s`."""

    request: GenerationRequest
    prompt: Tokens
    bias: tuple[tuple[int, float], ...]
    is_truncated: bool
    arrived_s: float
    n_system: int = 0  # tokens of the system prompt, with which `prompt` begins
    loras: Loras = ()
    media: MediaPrompt | None = None
    spans: tuple[Span, ...] = ()
    grammar: Grammar | None = None
    shown: frozenset[int] = frozenset()  # special tokens that appear in the text
    closing: tuple[int, ...] = ()  # what ends thoughts that take too long
    negative: Tokens | None = None  # the prompt that its answers are guided away from
    scoring: Scoring | None = None  # it generates nothing: `prompt` is what continuations are behind

    def close(self) -> None:
        """Free what belongs to its images, if it is not served."""
        if self.media is not None:
            self.media.close()

    @property
    def space(self) -> Space:
        """Who may reuse the KV of its prompt."""
        return Space(self.request.caller, self.loras, self.n_system)

    @property
    def request_id(self) -> str:
        """Whose it is."""
        return self.request.request_id


class Intake:
    """Turns requests into what the scheduler takes.

    Those with a structure take long and belong to one thread, those with images too; others may be made
    ready on another meanwhile.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        facts: ModelFacts,
        clock: Clock,
        *,
        is_shiftable: bool,
        projector: Projector | None = None,
    ) -> None:
        self.standing = Standing(vocabulary, facts)
        self._vocabulary = vocabulary
        self._facts = facts
        self._clock = clock
        self._is_shiftable = is_shiftable
        self._projector = projector

    def prepare(self, request: GenerationRequest) -> Prepared:
        """Return `request` made ready. Raises `InvalidRequestError` and `ContextExceededError`."""
        if request.guidance is not None:
            check_guidance(request, self._facts)
        prepared = self._prepared(request)
        if request.guidance is not None:
            prepared = self._with_negative(prepared, request.guidance)
        if request.shown_tokens or request.thinking is not None:
            prepared = self._with_text_rules(prepared)
        if request.structure is None:
            return prepared
        try:
            grammar = self._compiler.compile(request.structure)
        except CorralError:
            prepared.close()
            raise
        return replace(prepared, grammar=grammar)

    def prepare_score(self, call: Score) -> Prepared:
        """Return `call` made ready. Raises `InvalidRequestError` and `ContextExceededError`."""
        arrived_s, system = self._clock.now_s(), self.standing.given(None)
        n_system = len(system.system)
        is_bos_wanted = call.is_bos_wanted and not n_system
        asked = self.tokenize(call.prompt, is_bos_wanted=is_bos_wanted, has_special=True)
        is_first = is_bos_wanted and not call.prompt
        question = self.tokenize(call.question, is_bos_wanted=is_first, has_special=True)
        base = np.concatenate([system.system, np.array(asked + question, np.int32)])
        paths = [
            tuple(self.tokenize([c], is_bos_wanted=False, has_special=False)) for c in call.continuations
        ]
        self._check_score(len(base), paths)
        scoring = Scoring(paths, n_system + len(asked), len(base), n_system)
        request = GenerationRequest(
            request_id=call.request_id,
            prompt=[],
            max_tokens=0,
            caller=call.caller,
            weight=call.weight,
            priority=call.priority,
        )
        return Prepared(
            request,
            base,
            (),
            is_truncated=False,
            arrived_s=arrived_s,
            n_system=n_system,
            loras=system.loras,
            scoring=scoring,
        )

    def _check_score(self, n_base: int, paths: list[tuple[int, ...]]) -> None:
        if not n_base:
            raise InvalidRequestError("there is no prompt that something could be scored behind")
        if not paths or not all(paths):
            raise InvalidRequestError("a continuation to be scored cannot be empty")
        n_tokens = sum(map(len, paths))
        if n_tokens > MAX_SCORED:
            raise InvalidRequestError(
                f"the continuations have {n_tokens} tokens; at most {MAX_SCORED} are scored"
            )
        n_most = n_base + max(map(len, paths))
        if n_most > self._facts.n_ctx:
            raise self._exceeded(n_most, self._facts.n_ctx)

    @functools.cached_property
    def _compiler(self) -> Compiler:
        from corral.engine.structure.compiler import Compiler  # noqa: PLC0415 - imports take time at the start

        return Compiler(self._vocabulary)

    def _prepared(self, request: GenerationRequest) -> Prepared:
        arrived_s = self._clock.now_s()
        if request.slot is not None and not 0 <= request.slot < self._facts.n_slots:
            raise InvalidRequestError("Invalid slot ID")
        if any(isinstance(piece, Media) for piece in request.prompt):
            return self._prepare_media(request, arrived_s)
        given = self.standing.given(request.loras)
        n_system = len(given.system)
        ids = self.tokenize(
            request.prompt,
            is_bos_wanted=request.is_bos_wanted and not n_system,
            has_special=request.has_special,
        )
        prompt, is_truncated = self._fit(np.array(ids, np.int32), request.n_keep, n_system)
        if n_system and len(prompt):  # an empty one stays so: nothing is asked
            prompt = np.concatenate([given.system, prompt])
        bias = self._bias(request)
        return Prepared(request, prompt, bias, is_truncated, arrived_s, n_system=n_system, loras=given.loras)

    def _with_negative(self, prepared: Prepared, guidance: Guidance) -> Prepared:
        """Add the negative prompt where it would change the answer."""
        request = prepared.request
        if guidance.scale == 1 or request.max_tokens == 0 or not len(prepared.prompt):
            return prepared
        # An empty text gives the BOS alone, where the model has one.
        pieces: list[Piece] = [*guidance.negative] or [""]
        ids = self.tokenize(pieces, is_bos_wanted=request.is_bos_wanted, has_special=request.has_special)
        negative, is_cut = self._fit(np.array(ids or prepared.prompt[-1:], np.int32), request.n_keep, 0)
        return replace(prepared, negative=negative, is_truncated=prepared.is_truncated or is_cut)

    def _with_text_rules(self, prepared: Prepared) -> Prepared:
        request = prepared.request
        shown = (self._named(text) for text in request.shown_tokens)
        closing = () if request.thinking is None else self._named(request.thinking.closing)
        return replace(
            prepared, shown=frozenset(ids[0] for ids in shown if len(ids) == 1), closing=tuple(closing)
        )

    def _prepare_media(self, request: GenerationRequest, arrived_s: float) -> Prepared:
        if self._projector is None:
            raise NotSupportedError("the model takes no images; start the server with --mmproj")
        bias, given = self._bias(request), self.standing.given(request.loras)
        n_system = len(given.system)
        media = self._projector.read(
            request.prompt,
            is_bos_wanted=request.is_bos_wanted and not n_system,
            has_special=request.has_special,
        )
        if n_system + len(media.tokens) >= self._facts.n_ctx:
            media.close()
            raise self._exceeded(len(media.tokens), self._facts.n_ctx - n_system)
        return Prepared(
            request,
            np.concatenate([given.system, media.tokens]),
            bias,
            is_truncated=False,
            arrived_s=arrived_s,
            n_system=n_system,
            loras=given.loras,
            media=media,
            spans=tuple(replace(span, start=span.start + n_system) for span in media.spans),
        )

    def tokenize(self, pieces: Iterable[Piece], *, is_bos_wanted: bool, has_special: bool) -> list[int]:
        """Return the ids of pieces, tokenized one by one; a text in front gets BOS as the model wants it.

        Raises `InvalidRequestError` for an id outside the vocabulary.
        """
        ids: list[int] = []
        for number, piece in enumerate(pieces):
            if isinstance(piece, str):
                is_first = is_bos_wanted and number == 0
                ids += self._vocabulary.tokenize(piece, add_special=is_first, parse_special=has_special)
            elif isinstance(piece, Media):
                raise NotSupportedError("the model takes no images")
            else:
                self._check(piece)
                ids += piece
        return ids

    def counts(self, texts: list[str], *, has_special: bool) -> list[int]:
        """Return how many tokens each text has, without those of the beginning of a prompt."""
        return [len(self.tokenize([t], is_bos_wanted=False, has_special=has_special)) for t in texts]

    def pieces(self, ids: list[int]) -> list[bytes]:
        """Return the bytes of each id, special tokens included. Raises as `tokenize` does."""
        self._check(ids)
        return [self._vocabulary.piece(token, is_special_shown=True) for token in ids]

    def _check(self, ids: list[int]) -> None:
        if ids and not 0 <= min(ids) <= max(ids) < self._vocabulary.n_tokens:
            raise InvalidRequestError("Prompt contains invalid tokens")

    def _fit(self, prompt: Tokens, n_keep: int | None, n_system: int) -> tuple[Tokens, bool]:
        n_ctx = self._facts.n_ctx - n_system
        cut = cut_prompt(len(prompt), n_ctx, n_keep)
        if cut is None:
            return prompt, False
        if not self._is_shiftable:
            raise self._exceeded(len(prompt), n_ctx)
        return np.concatenate([prompt[: cut.n_keep], prompt[cut.n_keep + cut.n_discard :]]), True

    @staticmethod
    def _exceeded(n_prompt: int, n_ctx: int) -> ContextExceededError:
        return ContextExceededError(
            f"request ({n_prompt} tokens) exceeds the available context size ({n_ctx} tokens), "
            "try increasing it",
            n_prompt_tokens=n_prompt,
            n_ctx=n_ctx,
        )

    def _bias(self, request: GenerationRequest) -> tuple[tuple[int, float], ...]:
        """Return the offsets by token id. Ids outside the vocabulary are skipped, as llama-server does."""
        offsets: dict[int, float] = {}
        for key, offset in request.sampling.logit_bias:
            for token in self._named(key):
                offsets[token] = offsets.get(token, 0.0) + offset
        if request.sampling.ignore_eos:
            if not self._vocabulary.eog:
                _log.warning("request.ignore_eos_unneeded", reason="the model has no end-of-generation token")
            offsets.update(dict.fromkeys(self._vocabulary.eog, float("-inf")))
        return tuple(offsets.items())

    def _named(self, key: int | str) -> list[int]:
        if isinstance(key, str):
            return self._vocabulary.tokenize(key, add_special=False, parse_special=True)
        return [key] if 0 <= key < self._vocabulary.n_tokens else []
