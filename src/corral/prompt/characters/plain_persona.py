"""A persona as templates of plain text see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corral.prompt.characters.placeholders import expand
from corral.prompt.characters.plain_template import as_references, as_slots
from corral.prompt.characters.speaking import prefixes_of
from corral.prompt.characters.staging import Staging
from corral.prompt.characters.system_text import behaviour, examples, examples_heading, joined, portrait
from corral.prompt.lorebook.telling import Told
from corral.prompt.persona import Speaker

_KINDS = {Speaker.USER: "user", Speaker.CHARACTER: "character", Speaker.SYSTEM: "system"}


class PlainPersona:
    """The values that templates refer to, with the placeholders of their texts filled in.

    `persona` is all that tells who it is, `introduction` that behind how to behave, as a paragraph. In both
    stands the lore around the description. `greeting` is the number of the one that it has in this chat.
    """

    def __init__(self, staging: Staging, greeting: int = 0) -> None:
        self._persona, self._scene = staging.persona, staging.scene
        self._greeting = greeting
        self._prefixes = prefixes_of(self._persona, self._scene)
        self._behaviour = behaviour(self._persona, self._scene)
        self._fixed = self._texts()

    @property
    def references(self) -> dict[str, str]:
        """What templates find in the place of the values: slots, as the texts are no templates themselves."""
        return as_references(self._values(Told(), ()))

    def slots(self, told: Told, homeless: Sequence[str]) -> dict[str, str]:
        """Return what fills the slots: with the lore in `told`, and texts that no message has a place for."""
        return as_slots(self._values(told, homeless))

    @property
    def greeting(self) -> str:
        """What it says first in this chat, "" for nothing."""
        greetings = self._persona.greetings[self._greeting : self._greeting + 1]
        place = f"greeting {self._greeting}" if self._greeting else "greeting"
        return "".join(expand(text, self._scene, place).strip() for text in greetings)

    @property
    def examples(self) -> list[tuple[str, str]]:
        """The kind and the text of each message of its examples."""
        dialogues = examples(self._persona, self._scene)
        return [(_KINDS[turn.speaker], turn.text) for turns in dialogues for turn in turns]

    @property
    def templates(self) -> dict[str, str]:
        """The templates that it is told with where nobody brings others."""
        shown = "@{examplesHeading}${chatExample}\n" if self.examples else ""
        return {
            "prompt": f"@{{introduction}}{shown}${{chat}}",
            "character": f"{self._opened(Speaker.CHARACTER)}${{message}}\n",
            "user": f"{self._opened(Speaker.USER)}${{message}}\n",
            "system": "${message}\n",
        }

    @property
    def ending(self) -> str:
        """What opens its turn in these templates."""
        return self._prefixes[Speaker.CHARACTER].rstrip()

    def _opened(self, speaker: Speaker) -> str:
        return f"@{{{_KINDS[speaker]}Prefix}} " if self._prefixes[speaker].strip() else ""

    def _values(self, told: Told, homeless: Sequence[str]) -> dict[str, Any]:
        persona = joined([portrait(self._persona, self._scene, told), *homeless])
        introduction = joined([self._behaviour, persona])
        return {
            **self._fixed,
            "persona": persona,
            "introduction": f"{introduction}\n\n" if introduction else "",
        }

    def _texts(self) -> dict[str, Any]:
        persona, scene = self._persona, self._scene
        return {
            "charName": scene.character,
            "system": self._behaviour,
            "description": expand(persona.description, scene, "description"),
            "personality": expand(persona.personality, scene, "personality"),
            "scenario": expand(persona.scenario, scene, "scenario"),
            "greeting": self.greeting,
            "emotions": list(persona.emotions),
            "examplesHeading": examples_heading(scene),
            "userPrefix": self._prefixes[Speaker.USER].rstrip(),
            "characterPrefix": self._prefixes[Speaker.CHARACTER].rstrip(),
        }
