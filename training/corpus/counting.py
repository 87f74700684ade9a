"""Counting up and down, the number before and after."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Exchange, Text
from training.corpus.wording import question

_LARGEST = 30


def make_counting(rng: Random) -> Exchange:
    """Return a request to count, or for a neighbour of a number."""
    makers = (_count_up, _count_to, _count_down, _neighbour, _larger)
    return rng.choices(makers, (2, 3, 1, 3, 1))[0](rng)


def make_counting_text(rng: Random) -> Text:
    """Return numbers in a row as plain text."""
    first = rng.randint(0, 5)
    return Text(_row(range(first, first + rng.randint(4, 25))))


def _row(numbers: range) -> str:
    return ", ".join(str(number) for number in numbers)


def _count_to(rng: Random) -> Exchange:
    last = rng.randint(3, 20)
    asked = (
        "{Count to [b]|Count up to [b]|Can you count to [b]|Please count to [b]|Count from one to"
        " [b]|Show me how you count to [b]|Count until [b]|Say the numbers up to [b]|List the"
        " numbers up to [b]}{.|?|}"
    )
    return Exchange(question(rng, asked, b=str(last)), _row(range(1, last + 1)))


def _count_up(rng: Random) -> Exchange:
    first = rng.randint(1, 12)
    last = first + rng.randint(2, 12)
    asked = (
        "{Count from [a] to [b]|Can you count from [a] to [b]|List the numbers from [a] to [b]|Say"
        " the numbers from [a] to [b]|Write the numbers from [a] to [b]|Give me the numbers [a] to"
        " [b]|Please count from [a] up to [b]|Count [a] to [b]}{.|?|}"
    )
    return Exchange(question(rng, asked, a=str(first), b=str(last)), _row(range(first, last + 1)))


def _count_down(rng: Random) -> Exchange:
    first = rng.randint(3, 15)
    asked = (
        "{Count down from [a]|Count down from [a] to 1|Count backwards from [a]|Can you count down"
        " from [a]|Count backwards from [a] to 1|Do a countdown from [a]|Start a countdown at [a]}"
        "{.|?|}"
    )
    return Exchange(question(rng, asked, a=str(first)), _row(range(first, 0, -1)))


def _neighbour(rng: Random) -> Exchange:
    number = rng.randint(1, _LARGEST)
    if rng.random() < 0.6:
        asked = (
            "{What number comes after [a]|Which number comes after [a]|What comes after [a]|What is"
            " the number after [a]|What number follows [a]|The next number after [a]|Which number"
            " is next after [a]}?"
        )
        return Exchange(question(rng, asked, a=str(number)), f"After {number} comes {number + 1}.")
    asked = (
        "{What number comes before [a]|Which number comes before [a]|What comes before [a]|What is"
        " the number before [a]|The number before [a]}?"
    )
    return Exchange(question(rng, asked, a=str(number)), f"Before {number} comes {number - 1}.")


def _larger(rng: Random) -> Exchange:
    one, other = rng.sample(range(_LARGEST + 1), 2)
    asked = (
        "{Which is bigger, [a] or [b]|Which number is bigger, [a] or [b]|What is larger, [a] or [b]"
        "|Is [a] bigger than [b] or smaller|Which is more, [a] or [b]|Which number is greater: [a]"
        " or [b]}?"
    )
    larger, smaller = max(one, other), min(one, other)
    answer = f"{larger} is bigger than {smaller}."
    return Exchange(question(rng, asked, a=str(one), b=str(other)), answer)
