"""The callers of the server: what each is allowed, and what each has used of it. One for all models."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from corral.core.caller import CallerTerms
from corral.core.clock import Clock, MonotonicClock
from corral.core.request import Media
from corral.gateway.charge import Charge
from corral.gateway.quota import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corral.core.messages import Score
    from corral.core.request import GenerationRequest, Piece
    from corral.gateway.quota import Standing

_Asked = TypeVar("_Asked", "GenerationRequest", "Score")
_DEFAULT = CallerTerms()
BYTES_PER_TOKEN = 4  # of text that is not tokenized yet; what is charged in the end are tokens


class Callers:
    """`terms` by the caller's name; who has none there has the default ones.

    What was used is held in memory, for callers with a quota only, and forgotten with the server.
    """

    def __init__(self, terms: Mapping[str, CallerTerms], clock: Clock | None = None) -> None:
        self._terms = terms
        self._clock = clock or MonotonicClock()
        self._usage = {caller: Usage(one.quota) for caller, one in terms.items() if one.quota.is_bounding}

    @property
    def has_quotas(self) -> bool:
        """Whether any caller has one."""
        return bool(self._usage)

    def is_choosy(self, caller: str) -> bool:
        """Tell whether there are models that `caller` may not use."""
        return any(one.models is not None for one in self._meant(caller))

    def may_use(self, caller: str, names: Iterable[str]) -> bool:
        """Tell whether `caller` may use the model of these names.

        The caller "", who showed no key, is shown what every key may use.
        """
        names = tuple(names)
        return all(one.may_use(names) for one in self._meant(caller))

    def stamped(self, asked: _Asked) -> _Asked:
        """Return what is asked with its caller's weight and priority."""
        terms = self._terms.get(asked.caller, _DEFAULT)
        if (terms.weight, terms.priority) == (asked.weight, asked.priority):
            return asked
        return msgspec.structs.replace(asked, weight=terms.weight, priority=terms.priority)

    def check(self, caller: str, n_requests: int = 1) -> None:
        """Raise QuotaExceededError where the quota of `caller` has no room for so many requests.

        Raises InvalidRequestError where it never has.
        """
        usage = self._usage.get(caller)
        if usage is not None:
            usage.check(self._clock.now_s(), n_requests)

    def charge(
        self,
        caller: str,
        pieces: Iterable[Piece],
        *,
        untold: Iterable[Piece] = (),
        n_requests: int = 1,
        n_checked: int | None = None,
    ) -> Charge | None:
        """Return what counts a request with this prompt, None for a caller without a quota.

        `untold` is computed too, and the engine does not tell how many tokens it has. `n_requests` 0: it
        belongs to a request that counts already. There must be room for `n_checked` requests, None: for as
        many as it counts. Raises as `check`.
        """
        usage = self._usage.get(caller)
        if usage is None:
            return None
        n_checked = n_requests if n_checked is None else n_checked
        if n_checked:
            usage.check(self._clock.now_s(), n_checked)
        return Charge(
            usage,
            self._clock,
            n_requests=n_requests,
            n_estimated=estimated_tokens(pieces),
            n_untold=estimated_tokens(untold),
        )

    def standing(self, caller: str) -> dict[str, Standing]:
        """Return how the quota of `caller` stands, by the kind of limit; empty for one without."""
        usage = self._usage.get(caller)
        if usage is None:
            return {}
        now_s = self._clock.now_s()
        found = {one.kind: one.standing(now_s) for one in (usage.requests, usage.tokens)}
        return {kind: standing for kind, standing in found.items() if standing is not None}

    def _meant(self, caller: str) -> Iterable[CallerTerms]:
        return self._terms.values() if caller == "" else (self._terms.get(caller, _DEFAULT),)


def estimated_tokens(pieces: Iterable[Piece]) -> int:
    """Return about how many tokens a prompt has; images are not known before the engine has seen them."""
    return sum(_estimated(piece) for piece in pieces)


def _estimated(piece: Piece) -> int:
    if isinstance(piece, Media):
        return 0
    return len(piece) if isinstance(piece, list) else len(piece.encode()) // BYTES_PER_TOKEN
