"""How many tokens to draft: what they bring against what they cost. Arithmetic over what was measured."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

GAIN = 1.05  # a draft must promise this much more tokens per millisecond than none: estimates are rough

# How far a text agrees with itself says how probably it goes on to: from so many tokens on, so probable.
# For the first moment; a sequence soon has rates of its own.
_MATCHED = (2, 3, 4, 5, 7, 10, 16)
_FIRST = (0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9)
_KIND = [bisect_right(_MATCHED, n) - 1 for n in range(_MATCHED[-1] + 1)]

HOPELESS = 0.02  # a token that is so seldom reached is not worth looking at


class HitRate:
    """How often a guess was right, by how long its place had agreed with the text. Of one sequence.

    A guess teaches whether it was decoded or only looked at, so a draft that does not pay costs nothing
    while it is found out when one would.
    """

    NEWEST = 1 / 12  # weight of the newest guess, more at first

    def __init__(self) -> None:
        self._rates = list(_FIRST)
        self._n_seen = [3] * len(_FIRST)

    def of(self, n_matched: int) -> float:
        """Return how probable the next token of a place is that agrees in `n_matched` tokens."""
        return self._rates[_kind(n_matched)]

    def saw(self, n_matched: int, *, is_hit: bool) -> None:
        """Learn from one guess."""
        kind = _kind(n_matched)
        self._n_seen[kind] += 1
        self._rates[kind] += max(1 / self._n_seen[kind], self.NEWEST) * (is_hit - self._rates[kind])


def _kind(n_matched: int) -> int:
    return _KIND[n_matched] if n_matched < len(_KIND) else _KIND[-1]


class DraftCost:
    """What steps with drafts cost, measured in steps without. Of one engine.

    A row more does not cost what the last one did: kernels take rows in fours or eights (measured, 0.5B Q4_0
    on two cores: 2 rows 1.8 of one, 3 rows 2.4, 4 rows 2.2, 8 rows 3.0, 16 rows 3.9). So each size is
    measured for itself, and one that never was is taken for what a token of the others cost.
    """

    NEWEST = 0.25  # weight of the newest step
    USUAL = 0.25  # of a step, each token: as `step_cost.StepCost` takes rows for
    N_REMEMBERED = 500  # steps without drafts, after which all is measured anew
    N_UNSURE = 16  # steps without drafts, until which they are little known
    IN_ROW, IN_ROW_UNSURE = 32, 4  # steps with drafts, after which one without shows what it costs by now

    def __init__(self) -> None:
        self.one_ms = 0.0
        self._more = self.USUAL
        self._measured: dict[int, float] = {}
        self._n_plain = 0  # in a row
        self._n_drafted = 0  # in a row
        self._n_known = 0  # steps without drafts that were seen

    def observe(self, n_drafted: int, step_ms: float) -> None:
        """Learn from the step of a lone sequence. One much slower than expected is a machine in trouble."""
        if n_drafted:
            self.passed()
            self._learn(n_drafted, step_ms)
            return
        self._n_drafted = 0
        self._n_known += 1
        self.one_ms += self.NEWEST * (min(step_ms, 2 * self.one_ms) - self.one_ms) if self.one_ms else step_ms
        self._n_plain += 1
        if self._n_plain == self.N_REMEMBERED:
            self._measured.clear()
            self._more = self.USUAL

    def passed(self) -> None:
        """Note a step with a draft, of this kind or another."""
        self._n_plain = 0
        self._n_drafted += 1

    def of(self, n_drafted: int) -> float:
        """Return how many steps without drafts a step with `n_drafted` tokens costs."""
        return self._measured.get(n_drafted) or 1 + self._more * n_drafted

    def n_worth(self, rates: Iterable[float]) -> int:
        """Return how many tokens to draft, where each is right at its rate if those before it are."""
        if self._n_drafted >= (self.IN_ROW if self._n_known >= self.N_UNSURE else self.IN_ROW_UNSURE):
            return 0
        best, best_gain = 0, GAIN
        reached = n_tokens = 1.0
        for n, rate in enumerate(rates, 1):
            reached *= rate
            n_tokens += reached
            gain = n_tokens / self.of(n)
            if gain > best_gain:
                best, best_gain = n, gain
            if reached < HOPELESS:
                break
        return best

    def _learn(self, n_drafted: int, step_ms: float) -> None:
        if not self.one_ms:
            return
        expected = self.of(n_drafted)
        cost = max(1.0, min(step_ms / self.one_ms, 2 * expected))
        self._measured[n_drafted] = expected + self.NEWEST * (cost - expected)
        self._more += self.NEWEST * ((cost - 1) / n_drafted - self._more)
