"""From the names that requests give to models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec

from corral.core.errors import NotFoundError

_MAX_LISTED = 20
_MAX_SHOWN = 200


class NameIndex(msgspec.Struct, frozen=True):
    """`exact`: name or alias -> name. `shared`: what several models could be meant by -> their names."""

    exact: dict[str, str]
    shared: dict[str, tuple[str, ...]]
    folded: dict[str, tuple[str, ...]]

    def resolve(self, wanted: str) -> str:
        """Return the name of the model that is meant, in the spelling of another case if that is one only.

        Raises NotFoundError with the names that there are.
        """
        name = self.exact.get(wanted)
        if name is not None:
            return name
        meant = self.shared.get(wanted) or self.folded.get(wanted.casefold(), ())
        if len(meant) == 1:
            return meant[0]
        shown = wanted if len(wanted) <= _MAX_SHOWN else f"{wanted[:_MAX_SHOWN]}..."
        if meant:
            raise NotFoundError(f"The model '{shown}' could be several: {_listed(meant)}")
        raise NotFoundError(f"The model '{shown}' does not exist. {self._all()}")

    def _all(self) -> str:
        names = sorted(set(self.exact.values()))
        return f"There are: {_listed(names)}" if names else "There are none"


def index(names: Iterable[str], aliases: Mapping[str, str], weak: Mapping[str, Iterable[str]]) -> NameIndex:
    """Return the index. A name goes before an alias, which goes before the `weak` names of each model.

    A weak name counts where it is one model's only.
    """
    exact = {**aliases, **{name: name for name in names}}
    owners: dict[str, list[str]] = {}
    for name, others in weak.items():
        for other in others:
            owners.setdefault(other, []).append(name)
    claimed = {other: tuple(sorted(set(own))) for other, own in owners.items() if other not in exact}
    exact |= {other: own[0] for other, own in claimed.items() if len(own) == 1}
    shared = {other: own for other, own in claimed.items() if len(own) > 1}
    folded: dict[str, set[str]] = {}
    for spelling, name in exact.items():
        folded.setdefault(spelling.casefold(), set()).add(name)
    return NameIndex(exact, shared, {key: tuple(sorted(own)) for key, own in folded.items()})


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    listed = ", ".join(islice(names, _MAX_LISTED))
    n_more = len(names) - _MAX_LISTED
    return f"{listed} and {n_more} more" if n_more > 0 else listed
