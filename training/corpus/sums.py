"""Small sums: a + b and a - b with results from 0 to 40."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Exchange, Text
from training.corpus.wording import expand, question

_LARGEST = 20
_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_FRAMES = (
    "{What is [sum]|What's [sum]|[sum]|[sum] =|[sum] = ?|How much is [sum]|Calculate [sum]|Compute"
    " [sum]|What does [sum] make|What is the result of [sum]|Can you calculate [sum]|Please"
    " calculate [sum]|Solve [sum]|Tell me what [sum] is|Can you tell me [sum]|What do I get for"
    " [sum]|What does [sum] equal|Do you know what [sum] is|What is the answer to [sum]|And [sum]"
    "|Quick: [sum]|How much does [sum] make|What is the value of [sum]|[sum] is what|[sum] equals"
    "|Give me the result of [sum]|What number is [sum]|I need the result of [sum]|Say what [sum]"
    " is}?"
)
_PLUS_STORY = (
    "{I have|Tom has|Anna has|She has|There are|You have} [a] [things]{ and {I get|you give me"
    "|someone brings|there come|I buy} [b] more|. Then I get [b] more|, and [b] more come}. How many"
    " [things] {are there|are there now|do we have|is that} {in all|now|together|}?"
)
_MINUS_STORY = (
    "{I have|Tom has|Anna has|She has|There are|You have} [a] [things]{ and {I lose|you take away"
    "|we eat|someone takes} [b]|. Then [b] are gone|. [b] go away|, and [b] are lost}. How many"
    " [things] are {left|left now|still there}?"
)
_THINGS = [
    "apples",
    "balls",
    "books",
    "coins",
    "cookies",
    "eggs",
    "pens",
    "birds",
    "cars",
    "stars",
    "cats",
    "toys",
]


def add_or_subtract(rng: Random) -> tuple[int, str, int, int]:
    """Return `(a, sign, b, result)`; the numbers are 0 to 20, the result never negative."""
    one, other = rng.randint(0, _LARGEST), rng.randint(0, _LARGEST)
    if rng.random() < 0.55:
        return one, "+", other, one + other
    large, small = max(one, other), min(one, other)
    return large, "-", small, large - small


def make_sum(rng: Random) -> Exchange:
    """Return a sum in some wording and its result."""
    a, sign, b, result = add_or_subtract(rng)
    if rng.random() < 0.15:
        return _story_sum(rng, a, sign, b, result)
    asked = question(rng, _FRAMES, sum=_written(rng, a, sign, b))
    return Exchange(asked, f"{a} {sign} {b} = {result}")


def make_sum_text(rng: Random) -> Text:
    """Return a column of sums as plain text."""
    rows = []
    for _ in range(rng.randint(2, 8)):
        a, sign, b, result = add_or_subtract(rng)
        rows.append(f"{a} {sign} {b} = {result}")
    return Text("\n".join(rows))


def _story_sum(rng: Random, a: int, sign: str, b: int, result: int) -> Exchange:
    frame = _PLUS_STORY if sign == "+" else _MINUS_STORY
    slots = {"a": str(a), "b": str(b), "things": rng.choice(_THINGS)}
    asked = expand(rng, frame, **slots).replace(" ?", "?")
    return Exchange(asked, f"{a} {sign} {b} = {result}")


def _written(rng: Random, a: int, sign: str, b: int) -> str:
    draw = rng.random()
    if draw < 0.5:
        return f"{a} {sign} {b}"
    if draw < 0.65:
        return f"{a}{sign}{b}"
    name = "plus" if sign == "+" else "minus"
    if draw < 0.88:
        return f"{a} {name} {b}"
    return f"{_WORDS[a]} {name} {_WORDS[b]}"
