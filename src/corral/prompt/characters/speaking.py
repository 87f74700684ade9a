"""How turns begin where a prompt is plain text, and where an answer ends there."""

from __future__ import annotations

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.persona import Persona, Speaker


def scene_of(persona: Persona, user_name: str | None) -> Scene:
    """Return who talks with whom; without a name of the user's it is the persona's word for one."""
    return Scene(character=persona.called, user=user_name or persona.user_name)


def prefixes_of(persona: Persona, scene: Scene) -> dict[Speaker, str]:
    """Return what begins each speaker's turns: the persona's prefixes, or names and colons."""
    user, character = persona.user_prefix, persona.character_prefix
    return {
        Speaker.USER: f"{scene.user}:" if user is None else expand(user, scene),
        Speaker.CHARACTER: f"{scene.character}:" if character is None else expand(character, scene),
        Speaker.SYSTEM: "",
    }


def stops_of(persona: Persona, user_name: str | None = None) -> list[str]:
    """Return the texts at which an answer in plain text ends: the persona's, and the user's next turn."""
    scene = scene_of(persona, user_name)
    turn = prefixes_of(persona, scene)[Speaker.USER].strip()
    stops = [*(expand(stop, scene) for stop in persona.stop), f"\n{turn}" if turn else ""]
    return [stop for stop in dict.fromkeys(stops) if stop]
