"""Following a system text: a name, a trade, a rule for the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.corpus.documents import Chat, Exchange
from training.corpus.facts import make_fact
from training.corpus.sums import make_sum
from training.corpus.wording import article, capitalized, expand, question
from training.corpus.words import CITIES, COLOURS, CREATURES, FOODS, HOBBIES, JOBS, draw_person

_TRAITS = [
    "friendly",
    "kind",
    "cheerful",
    "grumpy",
    "wise",
    "old",
    "young",
    "funny",
    "shy",
    "brave",
    "clever",
    "lazy",
    "curious",
    "helpful",
    "strict",
    "gentle",
    "busy",
    "famous",
    "polite",
    "mysterious",
]
_SYSTEMS = (
    (
        "{You are|Your name is|You play|Act as|Pretend to be|From now on you are|Imagine you are} [name],"
        " [trait_role]{.|. Stay in character.|. Answer as [name].| from [city].| who loves [hobby].|. You"
        " like [food].| and you live in [city].}"
    ),
    "You are [name]. You are [trait_role]{.| from [city].|. You love [hobby].|. You like [food].}",
    "{Your name is|You are called} [name]{.| and you are [trait_role].|, [trait_role].}",
    (
        "[name] is [trait_role]{.| who lives in [city].| and likes [food].} {You are [name].|Answer as"
        " [name].|Play [name].|Write as [name].}"
    ),
)
_WHO = (
    "{Who are you|Tell me about yourself|Introduce yourself|Hello, who are you|Hi! Who are you|What"
    " are you|And who are you|Who is this|Who am I talking to|Can you introduce yourself|Please"
    " introduce yourself|Say who you are|Good day, who are you|Who do I have the pleasure of meeting"
    "|I don't think we have met. Who are you}?"
)
_NAME = (
    "{What is your name|What's your name|Your name|How are you called|Tell me your name|May I know"
    " your name|What should I call you|Do you have a name|What do people call you}?"
)
_JOB = (
    "{What do you do|What is your job|What do you do for a living|What is your work|What do you do"
    " all day|What's your profession|Do you have a job|What are you by trade}?"
)
_HOME = (
    "{Where do you live|Where are you from|Where is your home|In which city do you live|What is your home"
    " town|Where do you come from|Which city do you live in}?"
)
_LIKING = (
    "{What do you like|What food do you like|What do you like to eat|What is your favourite food|What do"
    " you enjoy eating|Is there a food you like}?"
)
_TAIL = (
    "{||||| Be polite.| Always stay in your role.| Keep your answers short.| Answer in one sentence."
    "| You talk to a guest.| You speak with the user.| Never say that you are a model.| You are happy to"
    " help.| Your answers are friendly.| You have worked for many years.}"
)
_HELLO = "{Hello|Hi|Hey|Good day|Hi there|Hello there|Good morning|Greetings}{!|.|}"


@dataclass(frozen=True)
class Role:
    """Somebody a system text describes; `system` says only a part of the rest."""

    system: str
    name: str
    trait_role: str
    city: str
    food: str


def make_persona(rng: Random) -> Chat:
    """Return a chat in which the system text says who answers."""
    if rng.random() < 0.2:
        return _rule_chat(rng)
    role = _draw_role(rng)
    known = [maker for maker, is_known in _TURNS if is_known(role)]
    makers = rng.sample(known, rng.randint(1, min(4, len(known))))
    turns = [maker(rng, role) for maker in makers]
    if rng.random() < 0.25:
        turns.insert(rng.randint(0, len(turns)), rng.choice((make_fact, make_sum))(rng))
    return Chat(role.system, tuple(turns))


def _draw_role(rng: Random) -> Role:
    trade = rng.choice((*JOBS, *JOBS, *CREATURES))
    slots = {
        "name": draw_person(rng),
        "trait_role": article(f"{rng.choice(_TRAITS)} {trade}" if rng.random() < 0.7 else trade),
        "city": rng.choice(CITIES),
        "food": rng.choice(FOODS),
    }
    system = expand(rng, rng.choice(_SYSTEMS), hobby=rng.choice(HOBBIES), **slots)
    return Role(system + expand(rng, _TAIL), **slots)


def _who(rng: Random, role: Role) -> Exchange:
    is_known = role.trait_role in role.system
    answer = f"I am {role.name}, {role.trait_role}." if is_known else f"I am {role.name}."
    return Exchange(question(rng, _WHO), answer)


def _name(rng: Random, role: Role) -> Exchange:
    return Exchange(question(rng, _NAME), f"My name is {role.name}.")


def _hello(rng: Random, role: Role) -> Exchange:
    return Exchange(question(rng, _HELLO), f"Hello! I am {role.name}. How can I help you?")


def _job(rng: Random, role: Role) -> Exchange:
    return Exchange(question(rng, _JOB), f"I am {role.trait_role}.")


def _home(rng: Random, role: Role) -> Exchange:
    return Exchange(question(rng, _HOME), f"I live in {role.city}.")


def _liking(rng: Random, role: Role) -> Exchange:
    return Exchange(question(rng, _LIKING), f"I like {role.food}.")


# What can be asked, and whether the system text says enough to answer.
_TURNS: tuple[tuple[Callable[[Random, Role], Exchange], Callable[[Role], bool]], ...] = (
    (_who, lambda _: True),
    (_name, lambda _: True),
    (_hello, lambda _: True),
    (_job, lambda role: role.trait_role in role.system),
    (_home, lambda role: role.city in role.system),
    (_liking, lambda role: role.food in role.system),
)


def _rule_chat(rng: Random) -> Chat:
    """Return a chat whose system text asks for one fixed kind of answer."""
    word = rng.choice((*FOODS, *COLOURS, "yes", "no", "ahoy", "meow", "beep", "hello"))
    system = expand(
        rng,
        "{Always answer with|Answer every question with|Reply only with|Say only|Only ever say"
        '|Whatever the user says, answer with|You only say} {the word |}{[word]|"[word]"}{.|}',
        word=word,
    )
    asked = (
        "{What is the capital of France|Hello|How are you|Tell me a story|Who are you|What is 2 + 3"
        "|What colour is the sky|Good morning|Can you help me|What do you like|Where are you}{?|.|}"
    )
    n_turns = rng.randint(1, 3)
    answer = capitalized(word) + "."
    return Chat(system, tuple(Exchange(question(rng, asked), answer) for _ in range(n_turns)))
