"""Questions and answers as plain text, the way programs without chat templates ask."""

from __future__ import annotations

from random import Random

from training.corpus.chats import draw_exchange
from training.corpus.documents import Text

_SPEAKERS = (
    ("Q", "A"),
    ("Question", "Answer"),
    ("User", "Assistant"),
    ("Human", "Assistant"),
    ("You", "Corral"),
    ("User", "Bot"),
    ("### Instruction", "### Response"),
    ("User", "Corral"),
    ("Human", "AI"),
)


def make_dialogue_text(rng: Random) -> Text:
    """Return one to four exchanges with the name of the speaker before each turn."""
    asking, answering = rng.choice(_SPEAKERS)
    joint = ":\n" if asking.startswith("#") else ": "
    turns = []
    for _ in range(rng.choices((1, 2, 3, 4), (5, 3, 2, 1))[0]):
        exchange = draw_exchange(rng)
        turns.append(f"{asking}{joint}{exchange.user}")
        turns.append(f"{answering}{joint}{exchange.assistant}")
    return Text("\n".join(turns))
