"""The vocabulary as llguidance wants it. Takes about a second to build for 150,000 tokens."""

from __future__ import annotations

from typing import Any

from llguidance import LLTokenizer

from corral.engine.ports import Vocabulary

_SPECIAL = b"\xff"  # in front of a token that text can never spell
_ANCHOR = "\x02"


def build(vocabulary: Vocabulary) -> LLTokenizer:
    """Return llguidance's tokenizer for `vocabulary`, which has an end-of-generation token."""
    table: Any = _Table(vocabulary)
    return LLTokenizer(table, n_vocab=vocabulary.n_tokens, eos_token=sorted(vocabulary.eog))


class _Table:
    """The attributes and the call that LLTokenizer asks for."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(self, vocabulary: Vocabulary) -> None:
        ids = range(vocabulary.n_tokens)
        self.special_token_ids = [token for token in ids if vocabulary.is_special(token)]
        self.eos_token_id = min(vocabulary.eog)
        self.tokens = [vocabulary.piece(token, is_special_shown=True) for token in ids]
        for token in self.special_token_ids:
            self.tokens[token] = _SPECIAL + self.tokens[token]
        self._vocabulary = vocabulary
        self._anchor = self._ids("")

    def __call__(self, text: bytes | str) -> list[int]:
        """Return the tokens of `text` as they are in the middle of a line: no space is put in front."""
        tokens = self._ids(text if isinstance(text, str) else text.decode("utf-8", "replace"))
        n_anchor = len(self._anchor)
        return tokens[n_anchor:] if tokens[:n_anchor] == self._anchor else []

    def _ids(self, text: str) -> list[int]:
        return self._vocabulary.tokenize(_ANCHOR + text, add_special=False, parse_special=False)
