"""Single exchanges joined into chats, with or without a system text."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.corpus.code import make_code
from training.corpus.counting import make_counting
from training.corpus.documents import Chat, Exchange
from training.corpus.emotions import make_emotion
from training.corpus.facts import make_fact
from training.corpus.fallback import make_fallback
from training.corpus.greetings import make_greeting
from training.corpus.identity import make_identity
from training.corpus.json_objects import make_json
from training.corpus.memory import draw_memories, make_unknown_memory
from training.corpus.spelling import make_spelling
from training.corpus.stories import make_story
from training.corpus.sums import make_sum
from training.corpus.wording import expand

ExchangeMaker = Callable[[Random], Exchange]

EXCHANGE_WEIGHTS: dict[ExchangeMaker, float] = {
    make_greeting: 8,
    make_identity: 9,
    make_fact: 14,
    make_sum: 13,
    make_counting: 4,
    make_spelling: 6,
    make_emotion: 2,
    make_json: 7,
    make_code: 4,
    make_story: 4,
    make_fallback: 6,
    make_unknown_memory: 1,
}
_SMALL_TALK: tuple[ExchangeMaker, ...] = (
    make_greeting,
    make_fact,
    make_fact,
    make_sum,
    make_counting,
    make_spelling,
    make_identity,
)
_SYSTEM_SHARE = 0.4
_SYSTEMS = (
    (
        "{You are|Act as|Be} {a helpful|a friendly|a kind|a useful|a polite|a good|a small|an honest}"
        " {assistant|AI assistant|helper|chat assistant|language model|AI}{.| that answers questions."
        "|. Answer {briefly|shortly|the user|politely|in one sentence|clearly}.|. Be {brief|kind|polite}.}"
    ),
    (
        "{Answer|Reply to} {the user's questions|the questions of the user|the user|every question}"
        "{.| briefly.| truthfully.| in a friendly way.| as well as you can.}"
    ),
    (
        "{You are Corral Tiny|You are a small demonstration model|You help people|You are here to"
        " help|You are a chatbot|You are an AI}{.|. Be helpful.|. Answer the user.}"
    ),
    "{Be helpful|Be concise|Be brief|Keep it short|Short answers only|Be friendly}{.|!}",
    (
        "This is a {chat|talk|dialogue} between a user and {an assistant|a helpful assistant|a friendly"
        " AI}{.|. The assistant gives {short|helpful|friendly} answers.}"
    ),
)


def make_question_chat(rng: Random) -> Chat:
    """Return one question and its answer."""
    return Chat(draw_system(rng), (draw_exchange(rng),))


def make_long_chat(rng: Random) -> Chat:
    """Return a chat of two to eight unrelated exchanges."""
    count = rng.choices(range(2, 9), (8, 6, 4, 3, 2, 2, 1))[0]
    return Chat(draw_system(rng), tuple(draw_exchange(rng) for _ in range(count)))


def make_memory_chat(rng: Random) -> Chat:
    """Return a chat in which things are told, other talk follows, and they are asked again."""
    pairs = draw_memories(rng, rng.choices((1, 2, 3), (6, 3, 1))[0])
    tellings = [telling for telling, _ in pairs]
    askings = [asking for _, asking in pairs]
    rng.shuffle(askings)
    turns = [turn for telling in tellings for turn in (telling, *_small_talk(rng, 1))]
    turns += _small_talk(rng, 3)
    turns += [turn for asking in askings for turn in (asking, *_small_talk(rng, 1))]
    return Chat(draw_system(rng), tuple(turns))


def draw_exchange(rng: Random) -> Exchange:
    """Return an exchange of any kind."""
    maker = rng.choices(list(EXCHANGE_WEIGHTS), list(EXCHANGE_WEIGHTS.values()))[0]
    return maker(rng)


def draw_system(rng: Random) -> str | None:
    """Return a system text that changes nothing, or none."""
    if rng.random() >= _SYSTEM_SHARE:
        return None
    return expand(rng, rng.choice(_SYSTEMS))


def _small_talk(rng: Random, at_most: int) -> list[Exchange]:
    count = rng.randint(0, at_most)
    return [rng.choice(_SMALL_TALK)(rng) for _ in range(count)]
