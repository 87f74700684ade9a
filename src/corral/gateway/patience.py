"""When it is worth to ask again for a model that is not there yet. Pure."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corral.gateway.boarding import Boarding
    from corral.gateway.model import Model

# Of a model that was not loaded before.
USUAL_LOAD_S = 5.0
LONGEST_S = 60


def retry_after_s(model: Model, queue: Sequence[Boarding], now_s: float) -> int:
    """Return in how many seconds `model` may be there: after the loads ahead of it in `queue`, and its own.

    An estimate, from how long each took the last time and how far it is now.
    """
    ahead = itertools.takewhile(lambda one: one.model is not model, queue)
    wait_s = sum(_load_s(one.model) for one in ahead) + _rest_s(model, now_s)
    return max(1, min(math.ceil(wait_s), LONGEST_S))


def _load_s(model: Model) -> float:
    return USUAL_LOAD_S if model.load_s is None else model.load_s


def _rest_s(model: Model, now_s: float) -> float:
    left_s = model.boarding.left_s(now_s) if model.boarding is not None else None
    return _load_s(model) if left_s is None else left_s
