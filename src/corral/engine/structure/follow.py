"""One step of a sequence within its grammar: what it must say, or what it chooses to say and then must."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from corral.core.errors import InvalidRequestError
from corral.engine.ports import Sampled
from corral.engine.structure.constraint import Constraint, Ids

Choose = Callable[[Ids | None], Sampled]


def follow(constraint: Constraint, choose: Choose) -> Sampled:
    """Return the tokens of one step, all of them committed to `constraint`.

    `choose` samples a token: from all of the vocabulary, or from the ids it is given. The free choice comes
    first, as in llama.cpp: a model that knows what is wanted seldom needs to be told.
    """
    try:
        forced = constraint.take_forced()
        if forced:
            return Sampled(forced[0], forced=tuple(forced[1:]), is_last=constraint.is_over)
        sampled = _allowed(constraint, choose)
        constraint.commit(sampled.token)
        forced = constraint.take_forced()
        return msgspec.structs.replace(sampled, forced=tuple(forced), is_last=constraint.is_over)
    except InvalidRequestError as error:
        return Sampled(-1, failure=error)


def _allowed(constraint: Constraint, choose: Choose) -> Sampled:
    sampled = choose(None)
    if constraint.allows(sampled.token):
        return sampled
    ids = constraint.choices()
    return choose(ids)
