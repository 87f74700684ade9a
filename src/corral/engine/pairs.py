"""How a query and a document become one input of a reranking model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corral.engine.ports import Vocabulary

_PLACEHOLDER = re.compile(r"{(query|document)}")


@dataclass(frozen=True, slots=True)
class PairLayout:
    """`head` query `between` document `tail`, in token ids; or the model's own `template`.

    The template holds {query} and {document} and says everything, BOS included.
    """

    head: tuple[int, ...] = ()
    between: tuple[int, ...] = ()
    tail: tuple[int, ...] = ()
    template: str | None = None

    def pairs(self, vocabulary: Vocabulary, query: str, documents: Iterable[str]) -> list[list[int]]:
        """Return the token ids of each pair."""
        if self.template is not None:
            return [_filled(self.template, vocabulary, query, document) for document in documents]
        before = [*self.head, *_plain(vocabulary, query), *self.between]
        return [[*before, *_plain(vocabulary, document), *self.tail] for document in documents]


def _filled(template: str, vocabulary: Vocabulary, query: str, document: str) -> list[int]:
    """Return the ids of the filled template as one text: tokens reach across the borders of its parts."""
    words = {"query": query, "document": document}
    text = _PLACEHOLDER.sub(lambda found: words[found[1]], template)
    return vocabulary.tokenize(text, add_special=False, parse_special=True)


def _plain(vocabulary: Vocabulary, text: str) -> list[int]:
    return vocabulary.tokenize(text, add_special=False, parse_special=False)
