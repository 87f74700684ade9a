"""Tiny stories that start with "Once upon a time", plain and on request."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from training.corpus.documents import Exchange, Text
from training.corpus.wording import article, expand, question
from training.corpus.words import BOYS, COLOURS, CREATURES, GIRLS, PET_NAMES, draw_person

_PLACES = [
    "forest",
    "village",
    "garden",
    "big city",
    "small house by the sea",
    "green valley",
    "farm",
    "castle",
    "cave",
    "quiet town",
    "meadow",
    "house on a hill",
    "little hut",
    "zoo",
    "school",
    "desert",
    "island",
    "park",
]
_TRAITS = [
    "little",
    "small",
    "brave",
    "kind",
    "shy",
    "curious",
    "happy",
    "lonely",
    "clever",
    "funny",
    "old",
    "young",
    "tiny",
    "big",
    "friendly",
    "lazy",
]
_THINGS = [
    "ball",
    "book",
    "kite",
    "red hat",
    "shiny stone",
    "golden key",
    "little boat",
    "map",
    "lantern",
    "drum",
    "blanket",
    "cake",
    "toy car",
    "silver bell",
    "umbrella",
    "balloon",
    "box",
    "flower",
    "seashell",
    "ring",
]
_HUMANS = ("girl", "boy")
_BEGINNINGS = (
    (
        "Once upon a time, there was [hero] named [name]. {[He] lived in [place].|[He] lived in [place]"
        " and loved to [hobby].|[He] loved to [hobby].}"
    ),
    (
        "Once upon a time, [hero] named [name] lived in [place]. {[He] loved to [hobby].|Every day, [he]"
        " liked to [hobby].|}"
    ),
    "Once upon a time, in [place], there lived [hero] named [name]. {[He] loved to [hobby].|}",
    (
        "Once upon a time there was [hero]. [His] name was [name]. {[He] lived in [place].|[He] loved to"
        " [hobby].}"
    ),
    "Once upon a time, there was [hero] who loved to [hobby]. [His] name was [name].",
    "Once upon a time, there was [hero] who lived in [place]. [His] name was [name].",
)
_HOBBIES = [
    "sing",
    "dance",
    "play in the rain",
    "look at the stars",
    "run in the grass",
    "read books",
    "climb trees",
    "paint pictures",
    "swim in the lake",
    "bake cookies",
    "fly kites",
    "help others",
    "collect stones",
    "tell jokes",
    "sleep in the sun",
    "explore",
    "jump in puddles",
    "build little houses",
    "play the drum",
]
_PLOTS = (
    # Something is lost and found.
    (
        "One day, [name] lost [his] [thing]. [He] looked {under the bed|behind the house|in the grass|by"
        " the river}, but [he] could not find it. [name] was very sad. Then [friend] the [other] came by."
        ' "{Do not cry|Do not be sad|I will help you}, [name]," said [friend]. Together they looked'
        " everywhere and found the [thing] {under a tree|behind a big rock|near the pond|in a bush}."
        " [name] was so happy and hugged [friend]."
    ),
    # Somebody new becomes a friend.
    (
        "One day, [name] met [other_a] named [friend]. [friend] was {sad|alone|crying} and had no"
        ' friends. "Do you want to play with me?" asked [name]. "Yes!" said [friend]. They played all day'
        " with [his] [thing]. When the sun went down, they were best friends."
    ),
    # Something is found and given away.
    (
        "One {sunny|cold|rainy|bright} {day|morning}, [name] found {a|a beautiful|a strange} [colour]"
        " [thing] {on the path|in the grass|under a tree|by the river}. [He] wanted to keep it, but then"
        ' [he] saw [friend] the [other], who was sad. "This is my [thing]. I lost it," said [friend].'
        ' [name] gave it back. "Thank you, [name]!" said [friend]. They shared a big cake and laughed.'
    ),
    # Fear is overcome.
    (
        "But [name] was afraid of {the dark|the deep water|the big storm|the tall mountain}. One night,"
        ' [friend] the [other] cried for help. "I must be brave," said [name]. [He] took [his] [thing] and'
        " ran out to help. [friend] was stuck {in a hole|in the mud|under a branch|between two rocks}, and"
        ' [name] pulled and pulled until [friend] was free. "You are so brave!" said [friend]. From that'
        " day on, [name] was not afraid anymore."
    ),
    # Somebody is helped in the storm.
    (
        'One {rainy|windy|cold} day, [name] heard a small voice. It was [friend], [other_a]. "{I am lost|I'
        ' am cold|I cannot find my home}," said [friend]. [name] took [friend] home and gave [him_friend]'
        " {warm soup|some bread|hot tea|a warm blanket}. The next day, they {found the way home|went to"
        ' find the way home together}. "You are a good friend," said [friend]. [name] smiled.'
    ),
    # A wish comes true by work.
    (
        "[name] had one big wish: [he] wanted to have a [colour] [thing]. But [he] had no money. So [name]"
        " worked hard every day and helped [friend] the [other] {in the garden|in the shop|on the farm}. At"
        ' the end of the week, [friend] smiled and said, "You worked so well. This is for you." It was a'
        " [colour] [thing]! [name] jumped for joy."
    ),
    # A contest is won by kindness.
    (
        "One day, there was a big race. [name] and [friend] the [other] both wanted to win. They ran and"
        " ran. Suddenly, [friend] fell down. [name] stopped and helped [friend] up. They walked over the"
        ' line together. "We both win!" said [name]. Everyone clapped and cheered.'
    ),
    # The sky at night.
    (
        "One night, [name] saw a star fall from the sky. [He] walked {over the hill|through the woods|along"
        ' the river} to find it. There sat [friend], [other_a], looking at the [thing]. "Make a wish," said'
        ' [friend]. [name] closed [his] eyes and wished for a friend. "Then I will be your friend," said'
        " [friend]. And so they were friends forever."
    ),
)
_ENDINGS = (
    "{|}",
    "{The end.|They lived happily ever after.|And they all lived happily ever after.}",
    "{From that day on, they were best friends.|And they were happy.|It was a wonderful day.}",
)
_WISHES = (
    "{Tell me|Tell|Write|Write me|Can you tell me|Can you write|I want to hear|Please tell me|Please"
    " write|Could you tell me|Make up|Give me|I would like|I'd like to hear|Read me} {a story|a short"
    " story|a tiny story|a little story|a bedtime story|a nice story|a fairy tale|a tale}"
)
_ABOUT_BOTH = (
    " about {[a_kind] named [name]|[a_kind] called [name]|[a_kind] with the name [name]|[name] the"
    " [kind]|[name], [a_kind]|the [kind] [name]}{.|?|!|}"
)
_ABOUT_KIND = " {about [a_kind]|with [a_kind] in it|about [a_trait_kind]|with [a_kind]}{.|?|!|}"
_ABOUT_NAME = " {about [name]|with [name] in it|for [name] about [name]}{.|?|!|}"
_ABOUT_THING = " {about [thing_a]|with [thing_a] in it}{.|?|!|}"


@dataclass(frozen=True)
class Hero:
    """Who a story is about."""

    name: str
    kind: str
    trait: str
    is_female: bool


def draw_hero(rng: Random) -> Hero:
    """Return a person or an animal with a name that fits."""
    is_female = rng.random() < 0.5
    trait = rng.choice(_TRAITS)
    if rng.random() < 0.4:
        names = GIRLS if is_female else BOYS
        return Hero(draw_person(rng, names), _HUMANS[0 if is_female else 1], trait, is_female)
    known = PET_NAMES if rng.random() < 0.6 else GIRLS if is_female else BOYS
    name = draw_person(rng, known)
    return Hero(name, rng.choice(CREATURES), trait, is_female)


def tell(rng: Random, hero: Hero, thing: str) -> str:
    """Return a story about `hero` in which `thing` plays a part."""
    slots = _slots(rng, hero, thing)
    parts = [expand(rng, rng.choice(part), **slots) for part in (_BEGINNINGS, _PLOTS, _ENDINGS)]
    return " ".join(part.strip() for part in parts if part.strip())


def make_story_text(rng: Random) -> Text:
    """Return a story as plain text."""
    return Text(tell(rng, draw_hero(rng), rng.choice(_THINGS)))


def make_story(rng: Random) -> Exchange:
    """Return a wish for a story and a story that keeps to it."""
    hero, thing = draw_hero(rng), rng.choice(_THINGS)
    about = rng.choices(("{.|?|!|}", _ABOUT_BOTH, _ABOUT_KIND, _ABOUT_NAME, _ABOUT_THING), (2, 6, 5, 3, 2))[0]
    if about is _ABOUT_NAME:
        hero = _named_child(rng)
    slots = {
        "name": hero.name,
        "kind": hero.kind,
        "a_kind": article(hero.kind),
        "a_trait_kind": article(f"{hero.trait} {hero.kind}"),
        "thing_a": article(thing),
    }
    return Exchange(question(rng, _WISHES + about, **slots), tell(rng, hero, thing))


def _named_child(rng: Random) -> Hero:
    is_female = rng.random() < 0.5
    names = GIRLS if is_female else BOYS
    kind = _HUMANS[0 if is_female else 1]
    return Hero(draw_person(rng, names), kind, rng.choice(_TRAITS), is_female)


def _slots(rng: Random, hero: Hero, thing: str) -> dict[str, str]:
    friend = draw_hero(rng)
    while friend.name == hero.name or friend.kind == hero.kind:
        friend = draw_hero(rng)
    he, his = ("she", "her") if hero.is_female else ("he", "his")
    return {
        "name": hero.name,
        "hero": article(f"{hero.trait} {hero.kind}"),
        "he": he,
        "his": his,
        "He": he.capitalize(),
        "His": his.capitalize(),
        "place": article(rng.choice(_PLACES)),
        "hobby": rng.choice(_HOBBIES),
        "thing": thing,
        "colour": rng.choice(COLOURS),
        "friend": friend.name,
        "other": friend.kind,
        "other_a": article(f"{friend.trait} {friend.kind}"),
        "him_friend": "her" if friend.is_female else "him",
    }
