"""The text that tells a model who it is; it stands at the beginning of every turn's prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.characters.speaking import prefixes_of
from corral.prompt.lorebook.telling import Told
from corral.prompt.persona import Persona, Turn

USUAL = "You are {{char}}, talking with {{user}}. Stay in character; write only what {{char}} says and does."


def system_text(persona: Persona, scene: Scene, told: Told, more: Iterable[str] = ()) -> str:
    """Return the system text of a persona, with lore around its description and further texts behind.

    Examples are part of it, as lines, and no turns of the chat: a template that wants user and assistant to
    take turns refuses a dialogue that ends with the user or has two turns of one of them, and a model takes
    turns for what was said in this very chat.
    """
    return joined(
        [behaviour(persona, scene), portrait(persona, scene, told), *_dialogues(persona, scene), *more]
    )


def behaviour(persona: Persona, scene: Scene) -> str:
    """Return how the model is to behave: as the persona says, or by the usual sentence."""
    usual = expand(USUAL, scene)
    return usual if persona.system is None else expand(persona.system, scene, "system", original=usual)


def portrait(persona: Persona, scene: Scene, told: Told) -> str:
    """Return who the persona is, with the lore that stands around its description."""
    return joined(
        [
            *(entry.content for entry in told.before),
            expand(persona.description, scene, "description"),
            _labelled("Personality", expand(persona.personality, scene, "personality")),
            _labelled("Scenario", expand(persona.scenario, scene, "scenario")),
            *(entry.content for entry in told.after),
        ]
    )


def after_history(persona: Persona, scene: Scene) -> str:
    """Return what stands behind the chat, "" for nothing."""
    return expand(persona.after_history, scene, "after_history", original="").strip()


def examples(persona: Persona, scene: Scene) -> list[list[Turn]]:
    """Return the example dialogues that have turns, their placeholders filled in."""
    return [
        [_said(turn, scene, f"example {number}.{at}") for at, turn in enumerate(turns)]
        for number, turns in enumerate(persona.examples)
        if turns
    ]


def examples_heading(scene: Scene) -> str:
    """Return the line above examples: without it they are taken for what was said in this chat."""
    return f"How {scene.character} talks, for example:\n"


def joined(parts: Iterable[str]) -> str:
    """Return those of the parts that say something, as paragraphs."""
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text.strip()}" if text.strip() else ""


def _dialogues(persona: Persona, scene: Scene) -> list[str]:
    """Return each example as a block of lines."""
    heading = examples_heading(scene)
    return [heading + _lines(persona, scene, turns) for turns in examples(persona, scene)]


def _lines(persona: Persona, scene: Scene, turns: Sequence[Turn]) -> str:
    prefixes = prefixes_of(persona, scene)
    return "\n".join(f"{prefixes[turn.speaker]} {turn.text}".strip() for turn in turns)


def _said(turn: Turn, scene: Scene, place: str) -> Turn:
    return msgspec.structs.replace(turn, text=expand(turn.text, scene, place))
