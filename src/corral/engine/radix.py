"""A radix tree over token ids: which resident sequence shares how many first tokens with a prompt.

Token-exact: an edge holds any number of tokens, and a match may end inside one. A *holder* (a seq_id) is
registered under the tokens whose KV it has; every node on its path names it.

    root -[1 2 3]-> {0, 1} -[4 5]-> {0}
                          `-[7]--> {1}          match([1, 2, 3, 7, 9]) == (4, {1})
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int32]


@dataclass(slots=True, eq=False)
class _Node:
    edge: Tokens
    parent: _Node | None
    holders: set[int] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)  # who holds no more than leads here
    children: dict[int, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The longest known prefix: its length in tokens and who holds it (empty when the length is 0)."""

    n_tokens: int
    holders: frozenset[int]


class RadixTree:
    """An index of resident prefixes. Holds no KV itself."""

    def __init__(self) -> None:
        self._root = _Node(np.empty(0, np.int32), None)
        self._ends: dict[int, _Node] = {}

    def __contains__(self, holder: int) -> bool:
        return holder in self._ends

    @property
    def is_empty(self) -> bool:
        """Whether nobody is registered."""
        return not self._ends

    def holders(self) -> Iterable[int]:
        """Return who is registered."""
        return self._ends.keys()

    def match(self, tokens: Tokens, *, n_most: int | None = None) -> Match:
        """Return the longest prefix of `tokens` that some holder has; name no more than `n_most` of these."""
        node, n_matched = self._root, 0
        while n_matched < len(tokens):
            child = node.children.get(int(tokens[n_matched]))
            if child is None:
                break
            n_common = common_length(child.edge, tokens[n_matched:])
            node, n_matched = child, n_matched + n_common
            if n_common < len(child.edge):
                break
        return Match(n_matched, frozenset(islice(node.holders, n_most)) if n_matched else frozenset())

    def within(self, tokens: Tokens) -> Iterator[tuple[int, int]]:
        """Yield who is registered under a beginning of `tokens`, and its length; the shortest first."""
        node, n_matched = self._root, 0
        while n_matched < len(tokens):
            child = node.children.get(int(tokens[n_matched]))
            if child is None or common_length(child.edge, tokens[n_matched:]) < len(child.edge):
                return
            node, n_matched = child, n_matched + len(child.edge)
            yield from ((holder, n_matched) for holder in node.ends)

    def put(self, holder: int, tokens: Tokens) -> None:
        """Register `holder` under exactly `tokens`, in place of what it had."""
        self.remove(holder)
        node, n_done = self._root, 0
        while n_done < len(tokens):
            node = self._descend(node, tokens[n_done:])
            node.holders.add(holder)
            n_done += len(node.edge)
        node.ends.add(holder)
        self._ends[holder] = node

    def remove(self, holder: int) -> None:
        """Forget `holder`; unknown ones are no error."""
        node = self._ends.pop(holder, None)
        if node is not None:
            node.ends.discard(holder)
        while node is not None:
            parent = node.parent
            node.holders.discard(holder)
            if parent is not None and not node.holders:
                del parent.children[int(node.edge[0])]
            node = parent

    def tokens(self, holder: int) -> Tokens:
        """Return what `holder` is registered under. Raises `KeyError` for an unknown one."""
        edges = []
        node: _Node | None = self._ends[holder]
        while node is not None:
            edges.append(node.edge)
            node = node.parent
        return np.concatenate(edges[::-1])

    def _descend(self, node: _Node, tokens: Tokens) -> _Node:
        """Return the child that ends within `tokens`, made or split off where there is none."""
        child = node.children.get(int(tokens[0]))
        if child is None:
            return self._attach(node, tokens.copy())
        n_common = common_length(child.edge, tokens)
        return child if n_common == len(child.edge) else self._split(child, n_common)

    @staticmethod
    def _attach(parent: _Node, edge: Tokens) -> _Node:
        node = _Node(edge, parent)
        parent.children[int(edge[0])] = node
        return node

    def _split(self, node: _Node, n_first: int) -> _Node:
        """Cut `node`'s edge in two; return the new upper half. Whoever ended at `node` still does."""
        assert node.parent is not None
        upper = self._attach(node.parent, node.edge[:n_first])
        upper.holders |= node.holders
        node.edge, node.parent = node.edge[n_first:], upper
        upper.children[int(node.edge[0])] = node
        return upper


def common_length(a: Tokens, b: Tokens) -> int:
    """Return how many first tokens `a` and `b` share."""
    n = min(len(a), len(b))
    differs = np.flatnonzero(a[:n] != b[:n])
    return int(differs[0]) if len(differs) else n
