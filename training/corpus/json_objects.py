"""Small JSON objects made from what the question says."""

from __future__ import annotations

import json
from random import Random

from training.corpus.documents import Exchange
from training.corpus.wording import capitalized, expand, question
from training.corpus.words import CITIES, COLOURS, FOODS, HOBBIES, JOBS, PEOPLE, PET_NAMES, draw_person

JsonValue = str | int | bool | list[str]

_FIELDS = {
    "name": PEOPLE,
    "city": CITIES,
    "job": JOBS,
    "color": COLOURS,
    "colour": COLOURS,
    "food": FOODS,
    "hobby": HOBBIES,
    "animal": ["cat", "dog", "horse", "cow", "bird", "fish", "rabbit", "mouse", "hamster", "pony"],
    "pet": PET_NAMES,
    "friend": PEOPLE,
    "fruit": ["apple", "banana", "cherry", "pear", "plum", "grape", "orange", "lemon"],
}
_NUMBERS = {"age": (1, 90), "year": (1, 40), "price": (1, 60), "count": (1, 30), "size": (1, 50)}
_ASKED = (
    (
        "{Give me|Write|Make|Create|Return|I need|Please give me|Generate|Show me|Output|Produce} {JSON"
        "|a JSON object|a small JSON object|json|an object in JSON} with [keys] for [values]{.|}"
    ),
    "{Give me|Write|Make|Create|Return|I need} {JSON|a JSON object|json} for [values] with [keys]{.|}",
    "{JSON|JSON object|As JSON|json please}: [pairs]{.|}",
    "{Write|Turn|Put|Convert} {this|the following} {as|into|to} JSON: [pairs]{.|}",
    "{Give me|Write|Make|Create|Return|Generate} {JSON|a JSON object|json} with [pairs]{.|}",
    "{Answer|Reply|Respond} {in|with|only with} JSON. [told]{.|}",
    "{Extract|Get|Give me} [keys] {as JSON|as a JSON object|in JSON}: [values]{.|}",
    "{[told] Write that as JSON.|[told] Give me that as JSON.|[told] Make that a JSON object.}",
)


def make_json(rng: Random) -> Exchange:
    """Return a wish for a JSON object and the object."""
    draw = rng.random()
    if draw < 0.12:
        return _list_of_words(rng)
    if draw < 0.22:
        return _told_person(rng)
    return _record(rng, draw_record(rng))


def draw_record(rng: Random) -> dict[str, JsonValue]:
    """Return a small record, most often of a person."""
    if rng.random() < 0.45:
        keys = ["name", "age", *rng.sample(["city", "job", "color", "food", "hobby"], 1)]
        keys = keys[: rng.randint(2, 3)]
    else:
        keys = rng.sample([*_FIELDS, *_NUMBERS, "is_ready"], rng.randint(1, 4))
    return {key: _value(rng, key) for key in keys}


def _value(rng: Random, key: str) -> JsonValue:
    if key in _NUMBERS:
        return rng.randint(*_NUMBERS[key])
    if key == "is_ready":
        return rng.random() < 0.5
    if key in {"name", "friend", "city", "pet"}:
        return draw_person(rng, _FIELDS[key])
    return rng.choice(_FIELDS[key])


def _said(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _record(rng: Random, record: dict[str, JsonValue]) -> Exchange:
    keys = list(record)
    values = [_said(value) for value in record.values()]
    slots = {
        "keys": _joined(rng, keys),
        "values": ", ".join(values),
        "pairs": ", ".join(
            expand(rng, "{[k] [v]|[k]: [v]|[k] = [v]}", k=key, v=value)
            for key, value in zip(keys, values, strict=True)
        ),
        "told": _sentence(keys, values),
    }
    asked = expand(rng, rng.choice(_ASKED), **slots).replace("..", ".")
    return Exchange(asked, json.dumps(record))


def _sentence(keys: list[str], values: list[str]) -> str:
    facts = [f"the {key} is {value}" for key, value in zip(keys, values, strict=True)]
    return capitalized("; ".join(facts)) + "."


def _told_person(rng: Random) -> Exchange:
    name, age, city = draw_person(rng), rng.randint(2, 80), rng.choice(CITIES)
    has_city = rng.random() < 0.5
    told = f"{name} is {age} years old" + (f" and lives in {city}." if has_city else ".")
    asked = expand(
        rng,
        "{[told] {Write|Give me|Return|Make} {this|that|it} as JSON.|{Write|Give me|Turn|Put} this"
        " {as|into} JSON: [told]|{Extract|Give} the data as JSON: [told]|JSON for this: [told]}",
        told=told,
    )
    record = {"name": name, "age": age} | ({"city": city} if has_city else {})
    return Exchange(asked, json.dumps(record))


def _list_of_words(rng: Random) -> Exchange:
    source = rng.choice((COLOURS, FOODS, PEOPLE, _FIELDS["animal"], _FIELDS["fruit"]))
    words = rng.sample(source, rng.randint(2, 4))
    asked = question(
        rng,
        "{Give me|Write|Make|Create|Return|I need} {a JSON list|a JSON array|a list in JSON} {with|of}"
        " [words]{.|}",
        words=_joined(rng, words),
    )
    if asked.islower() or asked.isupper():
        words = [word.lower() if asked.islower() else word.upper() for word in words]
    return Exchange(asked, json.dumps(words))


def _joined(rng: Random, words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    joint = rng.choice((" and ", ", ", " and "))
    return ", ".join(words[:-1]) + joint + words[-1]
