"""What a character says before anybody else does. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec

from corral.prompt.characters.placeholders import expand
from corral.prompt.characters.speaking import scene_of
from corral.prompt.persona import Persona


@dataclass
class Opening:
    """One of `greetings`, at least one, said by `speaker`."""

    speaker: str
    greetings: tuple[str, ...]
    place: int = 0

    @property
    def text(self) -> str:
        """The one that is said."""
        return self.greetings[self.place]

    def turn(self, n_steps: int) -> None:
        """Say one so many places further on; behind the last comes the first."""
        self.place = (self.place + n_steps) % len(self.greetings)


def opening_of(persona: Persona | None, now: dt.datetime) -> Opening | None:
    """Return how `persona` begins a chat at `now`; None if nobody does, or one that waits for the user."""
    if persona is None:
        return None
    scene = msgspec.structs.replace(scene_of(persona, None), now=now)
    told = [expand(greeting, scene, "greeting").strip() for greeting in persona.greetings]
    greetings = tuple(greeting for greeting in told if greeting)
    return Opening(persona.called, greetings) if greetings else None
