"""Naming the emotion of a message with exactly one word from a given list."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Chat, Document, Exchange, Text
from training.corpus.emotion_messages import (
    FEELINGS,
    LOVED_PATTERN,
    MESSAGES,
    NEAREST,
    WHO_PATTERN,
)
from training.corpus.emotion_messages_more import more_messages
from training.corpus.wording import capitalized, expand, listed

_NEAREST_SHARE = 0.25
_SHUFFLED_SHARE = 0.7

_ORDERS = (
    "{Which|What} {emotion|feeling|mood} {does|is in} this message{ show| have|}?",
    (
        "{Name|Give|Say|Choose|Pick|Select|Find} the {emotion|feeling|mood} {of|in|that fits} {this"
        " message|the message|this text|the following message|this sentence}{.|:|}"
    ),
    (
        "{Classify|Label} the {emotion|feeling|mood|sentiment} of {this message|the message|this text"
        "|the following text}{.|:|}"
    ),
    (
        "{How does the {writer|speaker|person|author} feel|How does this person feel|What does the"
        " {writer|speaker|user} feel|What is the {emotion|feeling|mood} of this {message|text}}?"
    ),
    (
        "{You read a message and name its emotion|Your task is to name the emotion of a message|Tell me"
        " which emotion this message shows|You label messages with emotions|Decide which emotion fits"
        " best}."
    ),
    (
        "{Analyze|Determine|Identify|Detect} the {emotion|emotional state|mood|expression} {in|of} the"
        " {message|text|last message}{.|:|}"
    ),
)
_LISTS = (
    (
        "{Choose|Pick|Select|Answer with} {one|exactly one|only one|one word} {of|from}{:| these:| these"
        " words:| this list:| the list:} [list]{.|}"
    ),
    "{Emotions|Options|Choices|Labels|Words|List|Possible answers|Possible emotions|Classes}: [list]{.|}",
    (
        "{Answer|Reply|Respond} with {exactly one word|one word|only one word|a single word|one of these"
        " words}: [list]{.|}"
    ),
    "{Use only|Only use|You can choose from|Available} {one of|the words|these:|emotions:} [list]{.|}",
    "[list]{?|}",
)
_QUOTES = (
    '{Message|Text|The message|Sentence|Input|Message to classify}:{ |\n}{"[message]"|[message]}',
    "{User|Somebody|He|She|A friend|I} {wrote|writes|said|says}: {\"[message]\"|[message]|'[message]'}",
    '{"[message]"|[message]}',
    "[message]",
)

_PATTERNS = {feeling: (*patterns, *more_messages(feeling)) for feeling, patterns in MESSAGES.items()}
# The feelings most lists are about; the others are rarer in the text.
_MAIN_FEELINGS = [feeling for feeling in MESSAGES if more_messages(feeling)]
_MAIN_SHARE = 0.6

# What people say around a feeling and what shows none.
_OPENINGS = (
    "{Hello|Hi|Hey|Dear friend|Hey you|Listen|You know|Well|So|Hi mum|Dear diary|Hi everyone}{,|!|.}",
    (
        "{Today|This morning|Last night|Yesterday|This evening|Just now} {at work|at school|at home|in the"
        " shop|in the street|on the train|in the kitchen}."
    ),
    (
        "{I have to tell you something|Let me tell you something|Guess what|You will not believe this|I must"
        " tell you|Here is what happened|I came home|I was at the station|I met Tom}{.|:|!}"
    ),
    "{I just|We just|He just} {came home|got back|got here|arrived}.",
)
_CLOSINGS = (
    "{See you|Bye|Talk to you later|I will call you later|Write me back|That is all|Well}{.|!}",
    "{I wanted to tell you|That is what happened|What do you say|I had to write this down|Now you know}.",
    "{It is|It was} {Monday|Tuesday|late|nine o'clock|in the evening|at school|at home}.",
)


def make_emotion_document(rng: Random) -> Document:
    """Return one message, a list of emotions and the one that fits, in some layout."""
    layouts = (_in_user_turn, _in_system_text, _as_plain_text)
    return rng.choices(layouts, (6, 3, 2))[0](rng)


def make_emotion(rng: Random) -> Exchange:
    """Return one message, a list of emotions and the one that fits, in a user turn."""
    message, words, answer = draw_task(rng)
    return Exchange(_instruction(rng, message, words), answer)


def draw_task(rng: Random) -> tuple[str, list[str], str]:
    """Return a message, the listed emotion words, and the one that fits it."""
    feeling = rng.choice(_MAIN_FEELINGS if rng.random() < _MAIN_SHARE else list(MESSAGES))
    message = draw_message(rng, feeling)
    target = feeling
    if feeling in NEAREST and rng.random() < _NEAREST_SHARE:
        target = rng.choice(NEAREST[feeling])
    words, answer = _draw_words(rng, feeling, target)
    return message, words, answer


def draw_message(rng: Random, feeling: str) -> str:
    """Return a message that shows `feeling`."""
    message = _sentence(rng, feeling)
    draw = rng.random()
    if draw < 0.2:
        message = f"{message} {_sentence(rng, feeling)}"
    elif draw < 0.4:
        message = f"{expand(rng, rng.choice(_OPENINGS))} {message}"
    elif draw < 0.5:
        message = f"{message} {expand(rng, rng.choice(_CLOSINGS))}"
    draw = rng.random()
    if draw < 0.15:
        return message.lower()
    return message.rstrip(".!") if draw < 0.3 else message


def _sentence(rng: Random, feeling: str) -> str:
    slots = {"who": expand(rng, WHO_PATTERN), "loved": expand(rng, LOVED_PATTERN)}
    message = capitalized(expand(rng, rng.choice(_PATTERNS[feeling]), **slots))
    return message.replace(" !", "!").replace(" .", ".").replace(" ,", ",").replace("!!!", "!!")


def _draw_words(rng: Random, feeling: str, target: str) -> tuple[list[str], str]:
    """Return the list and the right word.

    A list with the feeling itself may hold a near one too, for the nearest name is right; a
    list without it holds only one name that can be meant.
    """
    blocked = {feeling, target}
    if target != feeling:
        blocked |= set(NEAREST[feeling])
        blocked |= {near for near, to in NEAREST.items() if target in to}
    others = [name for name in FEELINGS if name not in blocked]
    at_most = rng.choice((8, 15, len(others)))
    chosen = [target, *rng.sample(others, rng.randint(2, at_most))]
    has_plain_names = rng.random() < 0.6
    words = [name if has_plain_names else rng.choice(FEELINGS[name]) for name in chosen]
    answer = words[0]
    if rng.random() < _SHUFFLED_SHARE:
        rng.shuffle(words)
    else:
        words.sort()
    return words, answer


def _list_text(rng: Random, words: list[str]) -> str:
    form = rng.randrange(6)
    if form == 0:
        return listed(words, " or ")
    if form == 1:
        return "\n" + "\n".join(f"- {word}" for word in words)
    if form == 2:
        return "[" + ", ".join(words) + "]"
    return ", ".join(words)


def _instruction(rng: Random, message: str, words: list[str]) -> str:
    order = expand(rng, rng.choice(_ORDERS))
    options = expand(rng, rng.choice(_LISTS), list=_list_text(rng, words))
    quote = expand(rng, rng.choice(_QUOTES), message=message)
    joint = rng.choice(("\n", " ", "\n\n"))
    parts = rng.choice(((order, options, quote), (order, quote, options), (quote, order, options)))
    ending = rng.choice(("", "", "", f"{joint}Emotion:", f"{joint}One word:", f"{joint}Answer:"))
    return joint.join(parts) + ending


def _in_user_turn(rng: Random) -> Chat:
    return Chat(None, (make_emotion(rng),))


def _in_system_text(rng: Random) -> Chat:
    message, words, answer = draw_task(rng)
    order = expand(rng, rng.choice(_ORDERS))
    options = expand(rng, rng.choice(_LISTS), list=_list_text(rng, words))
    if rng.random() < 0.3:
        message = expand(rng, rng.choice(_QUOTES), message=message)
    return Chat(f"{order} {options}", (Exchange(message, answer),))


def _as_plain_text(rng: Random) -> Text:
    message, words, answer = draw_task(rng)
    label = rng.choice(("Emotion", "Feeling", "Mood", "Answer", "Emotion", "Expression"))
    asked = _instruction(rng, message, words).removesuffix("Emotion:").rstrip()
    return Text(f"{asked}\n{label}: {answer}")
