"""From one pattern many sentences: choices in braces, slots in square brackets."""

from __future__ import annotations

import re
from random import Random

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"\[([A-Za-z_]+)\]")
_LOWER_CASE_SHARE = 0.22
_NO_MARK_SHARE = 0.22
_COURTESY_SHARE = 0.25
_UPPER_CASE_SHARE = 0.015

_BEFORE = (
    "Hi, ", "Hello, ", "Hey, ", "OK, ", "Please, ", "So, ", "Well, ", "Now, ", "Quick question: ",
    "One more question: ", "By the way, ", "Tell me, ", "Say, ", "I wonder: ", "And ", "Listen, ",
    "My friend asks: ", "Next question: ", "I have a question: ", "Hi there! ", "Hello Corral, ",
    "Hey Corral, ", "Let me ask you: ", "Great. ", "Thanks. ", "Hmm, ", "Oh, ", "Alright, ", "Corral, ",
    "I want to know: ", "Just curious: ", "Next: ", "Another one: ", "You know what? ", "First, ",
    "Sorry, but ", "Excuse me, ", "Dear Corral, ", "Good. ", "If you can, ", "My question is: ",
)  # fmt: skip
_AFTER = (
    " please", ", please", " Thanks", ", thanks", " now", " then", " again", ", Corral",
    " if you can", ", my friend", ", if I may ask", ", would you", " I need to know",
    " I forgot", " Tell me", ", do you know", " Answer please", ", can you tell me", " today",
)  # fmt: skip


def expand(rng: Random, pattern: str, **slots: str) -> str:
    """Return one sentence of `pattern`.

    `{a|b}` is a choice and may be nested; `[name]` is replaced by the slot of that
    name after the choices are made, so a slot's text is never read as a pattern.
    """
    while match := _CHOICE.search(pattern):
        choice = rng.choice(match[1].split("|"))
        pattern = pattern[: match.start()] + choice + pattern[match.end() :]
    return _SLOT.sub(lambda slot: slots[slot[1]], pattern)


def question(rng: Random, pattern: str, **slots: str) -> str:
    """Return one question of `pattern`, typed the way people type."""
    return typed(rng, expand(rng, pattern, **slots))


def remark(rng: Random, pattern: str, **slots: str) -> str:
    """Return one sentence of `pattern` that is no question and takes no courtesy."""
    return _hurried(rng, expand(rng, pattern, **slots))


def typed(rng: Random, text: str) -> str:
    """Return `text` as somebody polite, or somebody in a hurry, may type it."""
    if rng.random() < _COURTESY_SHARE:
        text = _with_courtesy(rng, text)
    return _hurried(rng, text)


def _hurried(rng: Random, text: str) -> str:
    if rng.random() < _NO_MARK_SHARE:
        text = text.rstrip("?.!")
    draw = rng.random()
    if draw < _LOWER_CASE_SHARE:
        return text.lower()
    if draw < _LOWER_CASE_SHARE + _UPPER_CASE_SHARE:
        return text.upper()
    return text


def article(noun: str) -> str:
    """Return the noun with `a` or `an` before it."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def listed(words: list[str], last_joint: str = " and ") -> str:
    """Return `a, b and c`."""
    if len(words) == 1:
        return words[0]
    return ", ".join(words[:-1]) + last_joint + words[-1]


def capitalized(text: str) -> str:
    """Return `text` with its first letter in upper case and the rest as it was."""
    return text[:1].upper() + text[1:]


def normalized(text: str) -> str:
    """Return only the letters and digits of `text`, in lower case, one space apart."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _with_courtesy(rng: Random, text: str) -> str:
    if rng.random() < 0.5:
        return rng.choice(_BEFORE) + _lower_start(text)
    mark = text[-1] if text[-1] in "?.!" else ""
    after = rng.choice(_AFTER)
    joint = mark if after[1:2].isupper() and after[0] == " " else ""
    return text.removesuffix(mark) + joint + after + mark


def _lower_start(text: str) -> str:
    if text.startswith(("I ", "I'")) or not text[:1].isupper() or text[1:2].isupper():
        return text
    return text[0].lower() + text[1:]
