"""The model's tokenizer. Only reads the model, so any thread may call it."""

from __future__ import annotations

import ctypes

import llama_cpp

from corral.engine.llama.model import Model

_PIECE_BYTES = 256
_SPECIAL_ATTRIBUTES = (
    llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
    | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
    | llama_cpp.LLAMA_TOKEN_ATTR_UNUSED
)


class LlamaVocabulary:
    """Text to token ids and back, pieces cached."""

    def __init__(self, model: Model) -> None:
        self.pointer = llama_cpp.llama_model_get_vocab(model.pointer)
        self.n_tokens: int = llama_cpp.llama_vocab_n_tokens(self.pointer)
        is_eog = llama_cpp.llama_vocab_is_eog
        self.eog = frozenset(token for token in range(self.n_tokens) if is_eog(self.pointer, token))
        self.is_bos_added = bool(llama_cpp.llama_vocab_get_add_bos(self.pointer))
        self.is_eos_added = bool(llama_cpp.llama_vocab_get_add_eos(self.pointer))
        self._pieces: tuple[dict[int, bytes], dict[int, bytes]] = ({}, {})

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the ids of `text`; `add_special` puts BOS (and EOS) as the model wants them."""
        data = text.encode("utf-8", "replace")
        n_max = len(data) + 2
        buffer = (ctypes.c_int32 * n_max)()
        n = llama_cpp.llama_tokenize(self.pointer, data, len(data), buffer, n_max, add_special, parse_special)
        if n < 0:  # normalization made the text longer: -n says how much room it needs
            buffer = (ctypes.c_int32 * -n)()
            n = llama_cpp.llama_tokenize(
                self.pointer, data, len(data), buffer, -n, add_special, parse_special
            )
        return list(buffer[:n])

    def piece(self, token: int, *, is_special_shown: bool) -> bytes:
        """Return the bytes of one token."""
        known = self._pieces[is_special_shown]
        piece = known.get(token)
        if piece is None:
            piece = known[token] = self._piece(token, is_special_shown)
        return piece

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark of its own, or no token at all."""
        return bool(llama_cpp.llama_vocab_get_attr(self.pointer, token) & _SPECIAL_ATTRIBUTES)

    def text_of(self, token: int) -> str:
        """Return a special token as templates write it; the empty string for none (-1)."""
        return "" if token < 0 else self.piece(token, is_special_shown=True).decode("utf-8", "replace")

    def _piece(self, token: int, is_special_shown: bool) -> bytes:  # noqa: FBT001 - as the C call has it
        size = _PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(size)
            n = llama_cpp.llama_token_to_piece(self.pointer, token, buffer, size, 0, is_special_shown)
            if n >= 0:
                return buffer.raw[:n]
            size = -n
