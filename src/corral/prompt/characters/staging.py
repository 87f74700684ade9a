"""A persona in one request: who talks with whom, when, and by which luck."""

from __future__ import annotations

import datetime as dt

import msgspec

from corral.prompt.characters.placeholders import Scene
from corral.prompt.characters.speaking import scene_of
from corral.prompt.persona import Persona


class Staging(msgspec.Struct, frozen=True, kw_only=True):
    """A persona in one request. `user_name` None: as the persona calls its user.

    `seed` draws what is left to chance; None is always the same one, so that turns begin alike.
    `is_user_first`: the template wants the user to begin (`opening.wants_user_first`).
    """

    persona: Persona
    now: dt.datetime
    user_name: str | None = None
    seed: int | None = None
    is_user_first: bool = False

    @property
    def scene(self) -> Scene:
        """What placeholders mean."""
        scene = scene_of(self.persona, self.user_name)
        return msgspec.structs.replace(scene, now=self.now, seed=self.seed or 0)
