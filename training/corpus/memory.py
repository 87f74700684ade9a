"""Remembering what the user said earlier in the chat."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from training.corpus.documents import Exchange
from training.corpus.wording import expand, question
from training.corpus.words import (
    CITIES,
    COLOURS,
    CREATURES,
    FOODS,
    HOBBIES,
    JOBS,
    PEOPLE,
    PET_NAMES,
    draw_person,
)


@dataclass(frozen=True)
class Memory:
    """One thing to tell and to ask again."""

    values: tuple[str, ...]
    told: str
    acknowledged: str
    asked: str
    answered: str


_PETS = tuple(PET_NAMES)
_CITIES = tuple(CITIES)
_ASK_NAME = (
    "{What is my name|What's my name|Do you remember my name|Who am I|Do you know my name|Can you"
    " tell me my name|How am I called|Tell me my name|And what is my name|Say my name|Do you still"
    " know my name|What was my name again|So what is my name|Have you forgotten my name|What did I"
    " say my name was|Remind me of my name}?"
)
MEMORIES = (
    Memory(
        PEOPLE,
        "{My name is [v]|I am [v]|I'm [v]|Hello, my name is [v]|Hi, I am [v]|Hi, I'm [v]|Hello, I'm"
        " [v]|Call me [v]|You can call me [v]|People call me [v]|Hey, I am [v]|This is [v]|[v] is my"
        " name|[v] here|The name is [v]|Let me introduce myself, I am [v]|Good morning, my name is [v]"
        "|Please call me [v]}"
        "{.|!|}",
        "{Nice to meet you, [v]!|Hello [v], nice to meet you!}",
        _ASK_NAME,
        "Your name is [v].",
    ),
    Memory(
        tuple(COLOURS),
        "{My favourite colour is [v]|My favorite color is [v]|I like the colour [v]|I love the color"
        " [v]|The colour I like best is [v]|[v] is my favorite color|The color I like most is [v]}"
        "{.|!|}",
        "{[v] is a beautiful colour!}",
        "{What is my favourite colour|What's my favorite color|Which colour do I like|Do you remember"
        " my favorite color|What color do I like best|Which colour do I like best|What was my"
        " favourite colour}?",
        "Your favourite colour is [v].",
    ),
    Memory(
        tuple(FOODS),
        "{My favourite food is [v]|My favorite food is [v]|I love to eat [v]|I like to eat [v]|The"
        " food I like best is [v]|I like eating [v]|I really like [v]}{.|!|}",
        "{That sounds tasty!}",
        "{What is my favourite food|What's my favorite food|What do I like to eat|Do you remember my"
        " favorite food|Which food do I like|What food do I like best|What was my favourite food}?",
        "Your favourite food is [v].",
    ),
    Memory(
        tuple(CREATURES[:20]),
        "{My favourite animal is the [v]|My favorite animal is the [v]|The animal I like best is the"
        " [v]|The [v] is my favorite animal|My favourite animal is a [v]}{.|!|}",
        "{The [v] is a nice animal!}",
        "{What is my favourite animal|What's my favorite animal|Which animal do I like|Do you remember"
        " my favorite animal|Which animal do I like best|What was my favourite animal}?",
        "Your favourite animal is the [v].",
    ),
    Memory(
        _CITIES,
        "{I live in [v]|I am from [v]|I come from [v]|My home is in [v]|My home town is [v]|I'm from"
        " [v]|I live in a small house in [v]}{.|!|}",
        "{[v] is a nice place!}",
        "{Where do I live|Where am I from|Do you remember where I live|In which city do I live|Where"
        " is my home|What city do I live in|Where do I come from|Which city am I from}?",
        "You live in [v].",
    ),
    Memory(
        _PETS,
        "{I have a {dog|cat} called [v]|I have a {dog|cat} named [v]|My {dog|cat} is called [v]|The"
        " name of my {dog|cat} is [v]|My pet is called [v]|My {dog|cat}'s name is [v]|My pet's name is"
        " [v]}{.|!|}",
        "{[v] is a lovely name!}",
        "{What is my pet called|What is the name of my pet|Do you remember my pet's name|What is my"
        " pet's name|How is my pet called|What was the name of my pet}?",
        "Your pet is called [v].",
    ),
    Memory(
        tuple(str(age) for age in range(5, 81)),
        "{I am [v] years old|I'm [v] years old|My age is [v]|I am [v]|I just turned [v]|I turned [v]"
        " this year}{.|!|}",
        "{[v] is a good age!}",
        "{How old am I|What is my age|Do you remember my age|Can you tell me how old I am|Do you know"
        " how old I am|What age am I}?",
        "You are [v] years old.",
    ),
    Memory(
        tuple(HOBBIES),
        "{My hobby is [v]|I like [v]|I love [v]|My favourite hobby is [v]|In my free time I enjoy [v]|I"
        " enjoy [v]|My hobbies: [v]|My favorite hobby is [v]}{.|!|}",
        "{That sounds like fun!}",
        "{What is my hobby|Do you remember my hobby|What is my favourite hobby|What do I enjoy|What"
        " do I do in my free time|What was my hobby|Which hobby do I have}?",
        "Your hobby is [v].",
    ),
    Memory(
        tuple(job for job in JOBS if job[0] not in "aeiou"),
        "{I am a [v]|I work as a [v]|My job is [v]|I'm a [v]|I earn my money as a [v]}{.|!|}",
        "{That is an interesting job!}",
        "{What is my job|What do I do for a living|Do you remember my job|What do I work as|What is my"
        " profession|What was my job}?",
        "You are a [v].",
    ),
    Memory(
        tuple(str(number) for number in range(2, 100)),
        "{Remember the number [v]|My lucky number is [v]|Please remember this number: [v]|The number"
        " is [v]|Keep the number [v] in mind|The secret number is [v]}{.|!|}",
        "{I will remember the number [v].}",
        "{What is the number|Which number did I tell you|What was the number|What number should you"
        " remember|What is my lucky number|Do you remember the number|Tell me the number}?",
        "The number is [v].",
    ),
)


def draw_memories(rng: Random, count: int) -> list[tuple[Exchange, Exchange]]:
    """Return `count` different things, each as the telling and the later question."""
    weights = (5, 2, 2, 2, 2, 2, 1, 1, 1, 1)
    chosen: list[Memory] = []
    while len(chosen) < count:
        memory = rng.choices(MEMORIES, weights)[0]
        if memory not in chosen:
            chosen.append(memory)
    return [_pair(rng, memory) for memory in chosen]


def make_unknown_memory(rng: Random) -> Exchange:
    """Return a question about something that the user has not said."""
    memory = rng.choices(MEMORIES, (5, 2, 2, 2, 2, 2, 1, 1, 1, 1))[0]
    return Exchange(question(rng, memory.asked), "You have not told me yet.")


def _pair(rng: Random, memory: Memory) -> tuple[Exchange, Exchange]:
    value = rng.choice(memory.values)
    if memory.values in (PEOPLE, _PETS, _CITIES):
        value = draw_person(rng, memory.values)
    told = expand(rng, memory.told, v=value)
    if rng.random() < 0.2:
        told = told.lower()
    acknowledged = expand(rng, memory.acknowledged, v=value)
    answered = expand(rng, memory.answered, v=value)
    telling = Exchange(told, acknowledged[:1].upper() + acknowledged[1:])
    return telling, Exchange(question(rng, memory.asked), answered)
