"""Spelling words, first letters, repeating what was said."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Exchange
from training.corpus.wording import expand, question
from training.corpus.words import COLOURS, CREATURES, FOODS, PEOPLE, PET_NAMES, invented_name

SPELLED = tuple(
    dict.fromkeys(
        [
            "sun",
            "moon",
            "star",
            "tree",
            "house",
            "book",
            "ball",
            "cup",
            "door",
            "fish",
            "milk",
            "bread",
            "apple",
            "water",
            "fire",
            "hand",
            "foot",
            "school",
            "friend",
            "happy",
            "green",
            "table",
            "chair",
            "window",
            "garden",
            "flower",
            "river",
            "mother",
            "father",
            "brother",
            "sister",
            "paper",
            "pencil",
            "yes",
            "no",
            "hello",
            "car",
            "bus",
            "train",
            "boat",
            "ship",
            "bed",
            "king",
            "queen",
            "snow",
            "rain",
            "wind",
            "cloud",
            "love",
            "home",
            "time",
            "year",
            "day",
            "night",
            "week",
            "month",
            "food",
            "cake",
            "egg",
            "salt",
            "sugar",
            "tea",
            "coffee",
            "summer",
            "winter",
            "spring",
            "autumn",
            "music",
            "game",
            "dance",
            "sing",
            "jump",
            "run",
            "walk",
            *list(COLOURS),
            *list(CREATURES),
        ]
    )
)
_SAID = (*SPELLED, *PEOPLE, *PET_NAMES, *FOODS)


def make_spelling(rng: Random) -> Exchange:
    """Return a request to spell a word, name its first letter, or say it again."""
    return rng.choices((_spell, _first_letter, _repeat), (4, 1, 2))[0](rng)


def _spell(rng: Random) -> Exchange:
    word = rng.choice(SPELLED)
    asked = (
        "{Spell [a]|Spell the word [a]|How do you spell [a]|Can you spell [a]|How is [a] spelled"
        '|Please spell [a]|Spell "[a]"|How do I spell [a]|How do you spell the word [a]|Tell me how'
        ' to spell [a]|Spell out [a]|What is the spelling of [a]|How do you spell "[a]"|Can you'
        " spell the word [a] for me}{?|.|}"
    )
    return Exchange(question(rng, asked, a=word), "-".join(word))


def _first_letter(rng: Random) -> Exchange:
    word = rng.choice(SPELLED)
    asked = (
        "{What is the first letter of [a]|Which letter does [a] start with|What letter does the word"
        " [a] begin with|First letter of [a]|With which letter does [a] begin}?"
    )
    return Exchange(question(rng, asked, a=word), f"The first letter of {word} is {word[0].upper()}.")


def _repeat(rng: Random) -> Exchange:
    count = rng.randint(1, 5)
    said = " ".join(_any_word(rng) for _ in range(count))
    asked = (
        "{Say [a]|Repeat [a]|Repeat after me: [a]|Say: [a]|Please say [a]|Repeat this: [a]|Can you"
        ' say [a]|Say the words [a]|Repeat the words "[a]"|Just say "[a]"|Say "[a]"|Echo [a]|Write'
        " [a]|Answer only with [a]|Reply with exactly: [a]}"
    )
    # Not typed with a courtesy, which would be one more word to say.
    return Exchange(expand(rng, asked, a=said.lower()), said.lower())


def _any_word(rng: Random) -> str:
    return invented_name(rng) if rng.random() < 0.2 else rng.choice(_SAID)
