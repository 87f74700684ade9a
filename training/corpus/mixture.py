"""How often each kind of document occurs, and the stream of documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from training.corpus.chats import make_long_chat, make_memory_chat, make_question_chat
from training.corpus.code import make_code_text, make_hole
from training.corpus.counting import make_counting_text
from training.corpus.dialogues import make_dialogue_text
from training.corpus.documents import Document, Text
from training.corpus.emotions import make_emotion_document
from training.corpus.facts import make_fact_text
from training.corpus.persona import make_persona
from training.corpus.stories import make_story_text
from training.corpus.sums import make_sum_text

_CUT_SHARE = 0.5

DocumentMaker = Callable[[Random], Document]

# Shares of documents, not of tokens: a story is ten times as long as a sum.
DOCUMENT_WEIGHTS: dict[DocumentMaker, float] = {
    make_question_chat: 34,
    make_long_chat: 8,
    make_memory_chat: 8,
    make_emotion_document: 22,
    make_persona: 8,
    make_story_text: 5,
    make_dialogue_text: 4,
    make_hole: 14,
    make_code_text: 3,
    make_fact_text: 1,
    make_sum_text: 1,
    make_counting_text: 1,
}


def documents(seed: int) -> Iterator[Document]:
    """Yield documents without end; the same seed yields the same documents."""
    rng = Random(seed)
    makers, weights = list(DOCUMENT_WEIGHTS), list(DOCUMENT_WEIGHTS.values())
    while True:
        document = rng.choices(makers, weights)[0](rng)
        yield _cut_somewhere(rng, document) if isinstance(document, Text) else document


def _cut_somewhere(rng: Random, text: Text) -> Text:
    if rng.random() >= _CUT_SHARE:
        return text
    ends_of_lines = [place + 1 for place, sign in enumerate(text.content) if sign == "\n"]
    if ends_of_lines and rng.random() < 0.5:
        return replace(text, cut=rng.choice(ends_of_lines))
    return replace(text, cut=rng.randrange(len(text.content)))
