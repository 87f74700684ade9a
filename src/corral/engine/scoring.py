"""How probable given continuations are: what a `Score` call wants to know, and what it has learnt so far.

    base     prompt and question; what follows it tells of the first token of every continuation
    branch   base and the beginning of a continuation; what follows each of its tokens tells of the next

Each branch is a sequence that ends once its prompt is in memory. Beginnings that two branches share are
computed by the first of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from corral.core.messages import Scored

Path = tuple[int, ...]
"""The first tokens of a continuation; the empty path is the end of the base."""


class Scoring:
    """Shared by the sequences of one call. `n_prompt` of the `n_base` tokens stay in memory afterwards.

    `n_system` tokens of the prompt are the server's own, and in no count.
    """

    def __init__(self, continuations: list[Path], n_prompt: int, n_base: int, n_system: int = 0) -> None:
        assert all(continuations)
        self.n_prompt = n_prompt
        self.n_base = n_base
        self.seq_ids: list[int] = []  # where its sequences were, the base first
        self.continuations = continuations
        self._n_system = n_system
        self._wanted = _next_tokens(continuations)
        self._known: dict[Path, dict[int, float]] = {}
        self._n_cached = 0
        self._n_evaluated = 0

    def leased(self, seq_id: int, *, n_prompt: int, n_cached: int) -> None:
        """Note where a sequence runs, and how many of its `n_prompt` tokens need not be computed."""
        if not self.seq_ids:
            self._n_cached = n_cached
        if seq_id not in self.seq_ids:
            self.seq_ids.append(seq_id)
        self._n_evaluated += n_prompt - n_cached

    def is_missing(self, path: Path) -> bool:
        """Whether what follows `path` is wanted and not known yet."""
        return path in self._wanted and path not in self._known

    def n_reusable(self, path: Path) -> int:
        """Return how many tokens of base and `path` need not be computed again to learn what is missing."""
        for n in range(len(path) + 1):
            if self.is_missing(path[:n]):
                return self.n_base + n - 1
        return self.n_base + len(path)

    def wanted(self, path: Path) -> list[int]:
        """Return the tokens that are asked about behind `path`."""
        return self._wanted[path]

    def learn(self, path: Path, logprobs: Iterable[float]) -> None:
        """Take the log-probabilities of the tokens `wanted` behind `path`."""
        self._known[path] = dict(zip(self._wanted[path], logprobs, strict=True))

    def answer(self, request_id: str) -> Scored:
        """Return the answer. Everything must be known."""
        return Scored(
            request_id,
            [[self._known[c[:i]][c[i]] for i in range(len(c))] for c in self.continuations],
            self.n_base - self._n_system,
            max(0, self._n_cached - self._n_system),
            self._n_evaluated,
        )


def branches(continuations: Iterable[Path]) -> list[Path]:
    """Return the paths that must be computed: none is the beginning of another, in lexical order."""
    inner = sorted({c[:-1] for c in continuations if len(c) > 1})
    return [path for path, after in pairwise((*inner, ())) if after[: len(path)] != path]


def _next_tokens(continuations: Iterable[Path]) -> dict[Path, list[int]]:
    found: dict[Path, dict[int, None]] = {}
    for path, token in _steps(continuations):
        found.setdefault(path, {})[token] = None
    return {path: list(tokens) for path, tokens in found.items()}


def _steps(continuations: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    for continuation in continuations:
        yield from ((continuation[:i], token) for i, token in enumerate(continuation))
