"""A character of the server's folder as a body would bring it along, and a template for it."""

from __future__ import annotations

from typing import Any

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.persona import Persona, Speaker, Turn

_KINDS = {Speaker.USER: "user", Speaker.CHARACTER: "character", Speaker.SYSTEM: "system"}


def described(persona: Persona, user_name: str) -> dict[str, Any]:
    """Return `character` for a body: the texts with their placeholders filled in, all examples in one."""
    scene = Scene(character=persona.name, user=user_name)
    texts = {
        name: expand(getattr(persona, name) or "", scene, name)
        for name in ("system", "description", "personality", "scenario", "greeting")
    }
    told = (texts["description"], texts["personality"], texts["scenario"])
    return {
        **texts,
        "charName": persona.name,
        "persona": "\n".join(text for text in told if text),
        "afterHistory": expand(persona.after_history, scene, "after_history"),
        "chatExample": [_message(turn, scene) for turns in persona.examples for turn in turns],
        "emotions": list(persona.emotions),
    }


def stops_of(persona: Persona, user_name: str) -> list[str]:
    """Return the texts that end its answers, their placeholders filled in."""
    scene = Scene(character=persona.name, user=user_name)
    return [expand(text, scene, "stop") for text in persona.stop]


def default_template(persona: Persona) -> dict[str, str]:
    """Return the template of plain text that a character is told with where the body brings none."""
    told = "@{system}\n" if persona.system else ""
    after = "@{afterHistory}\n" if persona.after_history else ""
    return {
        "prompt": f"{told}@{{charName}}'s persona: @{{persona}}\n\n${{chatExample}}${{chat}}{after}",
        "character": f"{_prefix(persona.character_prefix, '@{charName}:')} ${{message}}\n",
        "user": f"{_prefix(persona.user_prefix, '&{userName}:')} ${{message}}\n",
        "system": "${message}\n",
    }


def _prefix(own: str | None, usual: str) -> str:
    return usual if own is None else own.rstrip()


def _message(turn: Turn, scene: Scene) -> dict[str, str]:
    return {"chatType": _KINDS[turn.speaker], "message": expand(turn.text, scene, "examples")}
