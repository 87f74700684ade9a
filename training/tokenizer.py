"""The model's own byte-level BPE, learned from the generated text.

The pieces are split by the GPT-2 expression before merging, which is what llama.cpp
does for `tokenizer.ggml.pre = gpt-2`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from training.corpus.documents import SPECIAL_TOKENS, Document
from training.corpus.mixture import documents

if TYPE_CHECKING:
    from pathlib import Path

N_PIECES = 2048
N_DOCUMENTS = 60_000
SEED = 11


def learn_tokenizer() -> Tokenizer:
    """Return a tokenizer learned from the documents of one seed; special tokens come first."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=N_PIECES,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = ("".join(_plain_parts(one)) for one in islice(documents(SEED), N_DOCUMENTS))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_or_learn(path: Path) -> Tokenizer:
    """Return the tokenizer stored at `path`, learning and storing it first if it is missing."""
    if not path.exists():
        learn_tokenizer().save(str(path))
    return Tokenizer.from_file(str(path))


def encode_weighted(tokenizer: Tokenizer, document: Document) -> tuple[list[int], list[float]]:
    """Return the token ids of a document and, for each, its weight in the loss."""
    token_ids: list[int] = []
    weights: list[float] = []
    for piece in document.pieces():
        piece_ids = tokenizer.encode(piece.text).ids
        token_ids += piece_ids
        weights += [piece.weight] * len(piece_ids)
    return token_ids, weights


def _plain_parts(document: Document) -> list[str]:
    """Return the text of a document without special tokens, which are no text to merge."""
    parts = []
    for piece in document.pieces():
        text = piece.text
        for token in SPECIAL_TOKENS:
            text = text.replace(token, "\n")
        parts.append(text)
    return parts
