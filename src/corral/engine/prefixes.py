"""Whose prefixes are where: radix trees by caller and adapters, and one of public prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from corral.engine.loras import Loras
from corral.engine.radix import Match, RadixTree, Tokens, common_length

NO_MATCH = Match(0, frozenset())

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Space:
    """Who may reuse the KV of a sequence: its caller all of it, everybody the first `n_public` tokens.

    Adapters change KV, so both hold only under the same set of them.
    """

    caller: str = ""
    loras: Loras = ()
    n_public: int = 0

    @property
    def key(self) -> tuple[str, Loras]:
        """What all that may share everything have in common."""
        return self.caller, self.loras


ANYBODY = Space()  # where no keys are asked for


class PrefixIndex:
    """Which holder (a seq_id) has which tokens, in which space. Holds no KV itself."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, Loras], RadixTree] = {}
        self._public: dict[Loras, RadixTree] = {}
        self._spaces: dict[int, Space] = {}

    def put(self, holder: int, space: Space, tokens: Tokens) -> None:
        """Register `holder` under exactly `tokens`, in place of what it had; under nothing for none."""
        if self._spaces.get(holder) != space or not len(tokens):
            self.remove(holder)
        if not len(tokens):
            return
        self._spaces[holder] = space
        self._own.setdefault(space.key, RadixTree()).put(holder, tokens)
        if space.n_public:
            self._public.setdefault(space.loras, RadixTree()).put(holder, tokens[: space.n_public])

    def remove(self, holder: int) -> None:
        """Forget `holder`; unknown ones are no error. An empty tree goes with it."""
        space = self._spaces.pop(holder, None)
        if space is None:
            return
        _remove(self._own, space.key, holder)
        if space.n_public:
            _remove(self._public, space.loras, holder)

    def match(
        self, space: Space, tokens: Tokens, *, only: int | None = None, n_most: int | None = None
    ) -> Match:
        """Return the longest prefix of `tokens` that `space` may reuse; with `only`, of that holder's own.

        No more than `n_most` of those who have it are named.
        """
        if only is None:
            own = _match(self._own.get(space.key), tokens, n_most)
        else:
            own = self._held(only, space, tokens)
        if own.n_tokens >= space.n_public:
            return own
        public = _match(self._public.get(space.loras), tokens[: space.n_public], n_most)
        return public if public.n_tokens > own.n_tokens else own

    def within(self, space: Space, tokens: Tokens) -> Iterator[tuple[int, int]]:
        """Yield who of this caller and adapters has no more than a beginning of `tokens`, and its length."""
        tree = self._own.get(space.key)
        return iter(()) if tree is None else tree.within(tokens)

    def _held(self, holder: int, space: Space, tokens: Tokens) -> Match:
        held = self._spaces.get(holder)
        if held is None or held.key != space.key:
            return NO_MATCH
        n_common = common_length(self.tokens(holder), tokens)
        return Match(n_common, frozenset({holder})) if n_common else NO_MATCH

    def space(self, holder: int) -> Space | None:
        """Return where `holder` is registered."""
        return self._spaces.get(holder)

    def tokens(self, holder: int) -> Tokens:
        """Return what `holder` is registered under. Raises `KeyError` for an unknown one."""
        return self._own[self._spaces[holder].key].tokens(holder)

    def check(self) -> None:
        """Assert that every holder is in the one tree of its space, and nowhere else."""
        for key, tree in self._own.items():
            assert set(tree.holders()) == {h for h, space in self._spaces.items() if space.key == key}
        for loras, tree in self._public.items():
            owners = {h for h, space in self._spaces.items() if space.n_public and space.loras == loras}
            assert set(tree.holders()) == owners


def _match(tree: RadixTree | None, tokens: Tokens, n_most: int | None) -> Match:
    return NO_MATCH if tree is None else tree.match(tokens, n_most=n_most)


def _remove(trees: dict[_Key, RadixTree], key: _Key, holder: int) -> None:
    tree = trees[key]
    tree.remove(holder)
    if tree.is_empty:
        del trees[key]
