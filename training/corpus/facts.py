"""Simple facts: capitals, opposites, colours, sounds, days, months, and a few more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from training.corpus.documents import Exchange, Text
from training.corpus.fact_tables import (
    BABIES,
    CAPITALS,
    COLOURS_OF,
    DAYS,
    GENERAL,
    HOMES,
    KINDS,
    LEGS,
    MIXED_COLOURS,
    MONTHS,
    OPPOSITES,
    PLURALS,
    SEASONS,
    SOUNDS,
)
from training.corpus.wording import article, capitalized, expand, question

_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]


def make_fact(rng: Random) -> Exchange:
    """Return a question about one fact and its answer."""
    makers = (_capital, _opposite, _colour, _sound, _calendar, _general, _baby, _legs)
    more = (_mixed_colour, _kind, _home, _plural, _season, _ordinal)
    weights = (4, 4, 3, 3, 4, 6, 1, 1, 1, 2, 1, 1, 1, 1)
    return rng.choices((*makers, *more), weights)[0](rng)


def make_fact_text(rng: Random) -> Text:
    """Return facts as plain sentences."""
    tellers: tuple[Callable[[Random], str], ...] = (
        lambda r: expand(r, "The capital of [a] is [b].", **_pair(r, CAPITALS)),
        lambda r: expand(r, "The opposite of [a] is [b].", **_pair(r, OPPOSITES)),
        lambda r: expand(r, "The [a] says [b].", **_pair(r, SOUNDS)),
        _day_sentence,
    )
    return Text(" ".join(rng.choice(tellers)(rng) for _ in range(rng.randint(1, 5))))


def _day_sentence(rng: Random) -> str:
    row = rng.choice((DAYS, MONTHS))
    place = rng.randrange(len(row))
    return f"After {row[place]} comes {row[(place + 1) % len(row)]}."


def _pair(rng: Random, table: dict[str, str]) -> dict[str, str]:
    key = rng.choice(list(table))
    return {"a": key, "b": table[key]}


def _ask(rng: Random, table: dict[str, str], asked: str, answered: str) -> Exchange:
    slots = _pair(rng, table)
    answer = expand(rng, answered, **slots)
    return Exchange(question(rng, asked, **slots), capitalized(answer))


def _capital(rng: Random) -> Exchange:
    if rng.random() < 0.2:
        return _ask(
            rng,
            CAPITALS,
            "{[b] is the capital of which country|Which country has [b] as its capital|What"
            " country is [b] the capital of|Of which country is [b] the capital|In which country"
            " is [b]|Where is [b]|Which country is [b] in}?",
            "[b] is the capital of [a].",
        )
    return _ask(
        rng,
        CAPITALS,
        "{What is the capital of [a]|What's the capital of [a]|Which city is the capital of [a]"
        "|Tell me the capital of [a]|Name the capital of [a]|[a]'s capital|What is the capital"
        " city of [a]|Do you know the capital of [a]|Capital of [a]|Can you tell me the capital of"
        " [a]|What is [a]'s capital|What is the name of the capital of [a]|What city is the"
        " capital of [a]|I want to know the capital of [a]|And the capital of [a]|Give me the"
        " capital of [a]|What capital does [a] have|Which capital does [a] have|What is the main"
        " city of [a]}?",
        "The capital of [a] is [b].",
    )


def _opposite(rng: Random) -> Exchange:
    return _ask(
        rng,
        OPPOSITES,
        "{What is the opposite of [a]|What's the opposite of [a]|Opposite of [a]|Tell me the"
        " opposite of [a]|Give me the opposite of [a]|What is the opposite of the word [a]|Which"
        " word is the opposite of [a]|Name the opposite of [a]|What word means the opposite of [a]"
        "|Do you know the opposite of [a]|What is the contrary of [a]|The opposite of [a] is what"
        '|Which word means the opposite of "[a]"|What is the opposite of "[a]"|Say the opposite of'
        " [a]|What is an antonym of [a]|Find the opposite of [a]|And the opposite of [a]}?",
        "The opposite of [a] is [b].",
    )


def _colour(rng: Random) -> Exchange:
    thing = rng.choice(list(COLOURS_OF))
    verb = "are" if thing.endswith("s") and thing != "grass" else "is"
    asked = (
        "{What colour [verb] [a]|What color [verb] [a]|Which colour [verb] [a]|Which color [verb]"
        " [a]|Tell me the colour of [a]|What is the colour of [a]|What is the color of [a]|Tell me"
        " the color of [a]|Of what colour [verb] [a]|What colour do you think [a] [verb]|Do you"
        " know what color [a] [verb]|Do you know the color of [a]|Can you tell me what colour [a]"
        " [verb]|What color would you say [a] [verb]|Name the color of [a]|What colour does [a]"
        " have}?"
    )
    named = _with_the(thing)
    slots = {"a": named, "verb": verb}
    return Exchange(question(rng, asked, **slots), f"{capitalized(named)} {verb} {COLOURS_OF[thing]}.")


def _with_the(thing: str) -> str:
    if thing in {"sun", "sky", "moon", "sea", "night", "ocean"}:
        return f"the {thing}"
    if thing.endswith("s") or thing in {"snow", "milk", "blood", "coal", "ink", "butter", "gold"}:
        return thing
    if thing in {"silver", "ash", "honey", "cheese", "chocolate"}:
        return thing
    return article(thing)


def _sound(rng: Random) -> Exchange:
    if rng.random() < 0.3:
        return _ask(
            rng,
            SOUNDS,
            "{Which animal says [b]|What animal says [b]|Who says [b]|What animal makes the sound"
            " [b]|Which animal makes [b]|Which animal goes [b]|What animal goes [b]|Name the animal"
            " that says [b]}?",
            "The [a] says [b].",
        )
    return _ask(
        rng,
        SOUNDS,
        "{What sound does a [a] make|What does a [a] say|What does the [a] say|What noise does a"
        " [a] make|What sound does the [a] make|How does a [a] sound|Which sound does a [a] make"
        "|How does a [a] go|Tell me the sound of a [a]|What sounds do [a]s make|What noise does the"
        " [a] make|Make the sound of a [a]|Do you know what a [a] says|What sound do you hear from"
        " a [a]|What does a [a] sound like}?",
        "The [a] says [b].",
    )


def _calendar(rng: Random) -> Exchange:
    row, name, cycle = rng.choice(((DAYS, "day", "week"), (MONTHS, "month", "year"), (DAYS, "day", "week")))
    if rng.random() < 0.15:
        return _whole_row(rng, row, name, cycle)
    place = rng.randrange(len(row))
    if rng.random() < 0.6:
        return _after(rng, row, name, place)
    return _before(rng, row, name, place)


def _whole_row(rng: Random, row: Sequence[str], name: str, cycle: str) -> Exchange:
    asked = (
        "{What are the [name]s of the [cycle]|Name the [name]s of the [cycle]|List the [name]s of"
        " the [cycle]|Tell me the [name]s of the [cycle]|Which [name]s are in a [cycle]|List all"
        " [name]s of the [cycle]|Can you name all the [name]s of the [cycle]|What are the [name]s"
        " in a [cycle]|Give me the [name]s of the [cycle]|What [name]s does a [cycle] have}?"
    )
    answer = f"The {name}s of the {cycle} are {', '.join(row[:-1])} and {row[-1]}."
    return Exchange(question(rng, asked, name=name, cycle=cycle), answer)


def _after(rng: Random, row: Sequence[str], name: str, place: int) -> Exchange:
    asked = (
        "{What [name] comes after [a]|Which [name] comes after [a]|What comes after [a]|What [name]"
        " follows [a]|Which [name] is after [a]|What is the [name] after [a]|Which [name] follows"
        " [a]|The [name] after [a] is|What is the next [name] after [a]|Tell me the [name] after"
        " [a]|What follows [a]|After [a] comes which [name]|Which is the [name] after [a]|If it is"
        " [a] now, what is the next [name]|Name the [name] that comes after [a]}?"
    )
    if name == "day":
        asked = (
            "{" + asked[1:-2] + "|Today is [a]. What day is tomorrow|If today is [a], what is"
            " tomorrow|If today is [a], what day is it tomorrow|It is [a] today. What is"
            " tomorrow}?"
        )
    here, there = row[place], row[(place + 1) % len(row)]
    return Exchange(question(rng, asked, name=name, a=here), f"After {here} comes {there}.")


def _before(rng: Random, row: Sequence[str], name: str, place: int) -> Exchange:
    asked = (
        "{What [name] comes before [a]|Which [name] comes before [a]|What comes before [a]|What"
        " [name] is before [a]|Which [name] is before [a]|What is the [name] before [a]|Tell me the"
        " [name] before [a]|Name the [name] that comes before [a]|Which is the [name] before [a]}?"
    )
    if name == "day":
        asked = (
            "{" + asked[1:-2] + "|Today is [a]. What day was yesterday|If today is [a], what was"
            " yesterday|If today is [a], what day was yesterday}?"
        )
    here, there = row[place], row[place - 1]
    return Exchange(question(rng, asked, name=name, a=here), f"Before {here} comes {there}.")


def _ordinal(rng: Random) -> Exchange:
    row, name, cycle = rng.choice(((DAYS, "day", "week"), (MONTHS, "month", "year")))
    place = rng.randrange(len(row))
    slots = {"nth": _ORDINALS[place], "name": name, "cycle": cycle}
    asked = (
        "{What is the [nth] [name] of the [cycle]|Which [name] is the [nth] of the [cycle]|Which is"
        " the [nth] [name] of the [cycle]|Tell me the [nth] [name] of the [cycle]|Name the [nth]"
        " [name] of the [cycle]|What [name] is the [nth] of the [cycle]}?"
    )
    answer = f"The {_ORDINALS[place]} {name} of the {cycle} is {row[place]}."
    return Exchange(question(rng, asked, **slots), answer)


def _general(rng: Random) -> Exchange:
    asked, answered = rng.choice(GENERAL)
    return Exchange(question(rng, asked), answered)


def _baby(rng: Random) -> Exchange:
    return _ask(
        rng,
        BABIES,
        "{What is a baby [a] called|What do you call a baby [a]|What is the name of a baby [a]|What"
        " is a young [a] called|How is a baby [a] called|What do we call a young [a]|What is the"
        " young of a [a] called|Tell me what a baby [a] is called}?",
        "A baby [a] is called a [b].",
    )


def _legs(rng: Random) -> Exchange:
    return _ask(
        rng,
        LEGS,
        "{How many legs does a [a] have|How many legs has a [a]|How many legs does the [a] have|Tell"
        " me how many legs a [a] has|What number of legs does a [a] have|Do you know how many legs a"
        " [a] has}?",
        "A [a] has [b] legs.",
    )


def _mixed_colour(rng: Random) -> Exchange:
    first, second, mixed = rng.choice(MIXED_COLOURS)
    if rng.random() < 0.5:
        first, second = second, first
    asked = (
        "{What do you get when you mix [a] and [b]|What colour do [a] and [b] make|What color do [a]"
        " and [b] make|Mix [a] and [b]|What happens when I mix [a] and [b]|What color do you get if"
        " you mix [a] with [b]|Which colour is [a] plus [b]|What do [a] and [b] make}?"
    )
    answer = f"{capitalized(first)} and {second} make {mixed}."
    return Exchange(question(rng, asked, a=first, b=second), answer)


def _kind(rng: Random) -> Exchange:
    member = rng.choice(list(KINDS))
    asked = (
        "{What is [a]|What kind of thing is [a]|Tell me what [a] is|Do you know what [a] is|Explain"
        " what [a] is|Can you tell me what [a] is|What exactly is [a]}?"
    )
    named = article(member)
    answer = f"{capitalized(named)} is {KINDS[member]}."
    return Exchange(question(rng, asked, a=named), answer)


def _home(rng: Random) -> Exchange:
    return _ask(
        rng,
        HOMES,
        "{Where does a [a] live|Where do [a]s live|What is the home of a [a]|Where can I find a"
        " [a]|In what place does a [a] live|Where does the [a] live}?",
        "A [a] lives [b].",
    )


def _plural(rng: Random) -> Exchange:
    return _ask(
        rng,
        PLURALS,
        "{What is the plural of [a]|What's the plural of [a]|Give me the plural of [a]|Plural of [a]"
        "|Tell me the plural of the word [a]|How do you say [a] in the plural}?",
        "The plural of [a] is [b].",
    )


def _season(rng: Random) -> Exchange:
    return _ask(
        rng,
        SEASONS,
        "{What season comes after [a]|Which season comes after [a]|What season follows [a]|What is"
        " the season after [a]|Which season is after [a]|Tell me the season after [a]}?",
        "After [a] comes [b].",
    )
