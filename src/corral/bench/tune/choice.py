"""What is taken of the candidates, and how sure that is. Pure."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence

import msgspec

from corral.bench.metric import METRICS
from corral.bench.summary import Spread, spread
from corral.bench.tune.coordinate import Coordinate, Flags

# Smaller differences come and go with the machine's mood and are not worth a flag.
_WORTH = 0.03


class Trial(msgspec.Struct, frozen=True):
    """One candidate and what it reached in each round; `failure` where its server did not answer them all.

    `limited` are the values of the coordinate's limit, in the same rounds.
    """

    flags: Flags
    values: tuple[float, ...] = ()
    limited: tuple[float, ...] = ()
    failure: str = ""

    @property
    def spread(self) -> Spread | None:
        """The median and the ends of the values."""
        return spread(self.values)


class Surety(enum.Enum):
    """How much the rounds say about a choice."""

    CLEAR = "clear: its rounds are apart from those of the preferred candidates"
    LIKELY = "likely: its median is better, yet single rounds overlap"
    NO_GAIN = "nothing else is better by more than 3 %"
    LIMIT_MISSED = "no candidate kept the bound; this one came nearest"
    ALONE = "nothing else was measured, or kept the bound"


class Choice(msgspec.Struct, frozen=True):
    """The trial taken, and why one may believe it."""

    trial: Trial
    surety: Surety


def choose(coordinate: Coordinate, trials: Sequence[Trial]) -> Choice | None:
    """Return the first trial, in the order of preference, that is as good as the best but for noise.

    None if no candidate was measured.
    """
    measured = [trial for trial in trials if trial.values]
    if not measured:
        return None
    kept = [trial for trial in measured if _is_within(coordinate, trial)]
    if not kept:
        return Choice(min(measured, key=_limited), Surety.LIMIT_MISSED)
    best = max(_score(coordinate, trial) for trial in kept)
    taken = next(trial for trial in kept if _score(coordinate, trial) >= best - abs(best) * _WORTH)
    return Choice(taken, _surety(coordinate, taken, kept))


def rivals(coordinate: Coordinate, trials: Sequence[Trial]) -> list[Trial]:
    """Return what must be measured again before the choice is believed: the best preferred, and the taken.

    They were measured minutes apart, in which the machine may have changed its mood. Empty if the most
    preferred candidate is taken anyway.
    """
    choice = choose(coordinate, trials)
    if choice is None:
        return []
    kept = [trial for trial in trials if trial.values and _is_within(coordinate, trial)]
    preferred = kept[: kept.index(choice.trial)] if choice.trial in kept else []
    if not preferred:
        return []
    return [max(preferred, key=lambda trial: _score(coordinate, trial)), choice.trial]


def _surety(coordinate: Coordinate, taken: Trial, kept: Sequence[Trial]) -> Surety:
    if len(kept) == 1:
        return Surety.ALONE
    preferred = kept[: kept.index(taken)]
    if not preferred:
        return Surety.NO_GAIN
    is_apart = all(_is_apart(coordinate, taken, other) for other in preferred)
    return Surety.CLEAR if is_apart else Surety.LIKELY


def _is_apart(coordinate: Coordinate, better: Trial, other: Trial) -> bool:
    if METRICS[coordinate.field].is_higher_better:
        return min(better.values) > max(other.values)
    return max(better.values) < min(other.values)


def _score(coordinate: Coordinate, trial: Trial) -> float:
    """Return a number that is higher for the better trial."""
    found = trial.spread
    assert found is not None
    return found.median if METRICS[coordinate.field].is_higher_better else -found.median


def _is_within(coordinate: Coordinate, trial: Trial) -> bool:
    limit = coordinate.limit
    return limit is None or _limited(trial) <= limit.most_s


def _limited(trial: Trial) -> float:
    """Return the median; without a value nothing says that a bound was kept."""
    found = spread(trial.limited)
    return math.inf if found is None else found.median
