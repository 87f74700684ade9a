"""The text that tells a model who it is; it stands at the beginning of every turn's prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.characters.speaking import prefixes_of
from corral.prompt.lorebook.book import LoreEntry
from corral.prompt.persona import Persona, Turn

USUAL = "You are {{char}}, talking with {{user}}. Stay in character; write only what {{char}} says and does."


def system_text(
    persona: Persona,
    scene: Scene,
    client: Sequence[str],
    *,
    before: Iterable[LoreEntry] = (),
    after: Iterable[LoreEntry] = (),
) -> str:
    """Return the system text of a persona, with lore around its description and the client's texts behind.

    Examples are part of it, as lines, and no turns of the chat: a template that wants user and assistant to
    take turns refuses a dialogue that ends with the user or has two turns of one of them, and a model takes
    turns for what was said in this very chat.
    """
    parts = [
        _behaviour(persona, scene),
        *(entry.content for entry in before),
        expand(persona.description, scene, "description"),
        _labelled("Personality", expand(persona.personality, scene, "personality")),
        _labelled("Scenario", expand(persona.scenario, scene, "scenario")),
        *(entry.content for entry in after),
        *_examples(persona, scene),
        *client,
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def after_history(persona: Persona, scene: Scene) -> str:
    """Return what stands behind the chat, "" for nothing."""
    return expand(persona.after_history, scene, "after_history", original="").strip()


def _behaviour(persona: Persona, scene: Scene) -> str:
    usual = expand(USUAL, scene)
    return usual if persona.system is None else expand(persona.system, scene, "system", original=usual)


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text.strip()}" if text.strip() else ""


def _examples(persona: Persona, scene: Scene) -> list[str]:
    """Return each example as a block of lines."""
    return [
        f"How {scene.character} talks, for example:\n" + _lines(persona, scene, turns, f"example {number}")
        for number, turns in enumerate(persona.examples)
        if turns
    ]


def _lines(persona: Persona, scene: Scene, turns: Sequence[Turn], place: str) -> str:
    prefixes = prefixes_of(persona, scene)
    said = [expand(turn.text, scene, f"{place}.{number}") for number, turn in enumerate(turns)]
    lines = [f"{prefixes[turn.speaker]} {text}" for turn, text in zip(turns, said, strict=True)]
    return "\n".join(line.strip() for line in lines)
