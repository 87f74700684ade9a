"""Which character answers a tab: the one that its reader picked and the browser keeps, else none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from nicegui import ui

from corral.api.servings import Servings
from corral.core.errors import NotFoundError
from corral.prompt.persona import Persona
from corral.ui import character_words
from corral.ui.keepsake import Keepsake
from corral.ui.picker import Option, Picker, PickerWords

CHARACTERS = PickerWords("Character", "There is no character.")
NOBODY: Option = {
    "value": "",
    "label": character_words.NOBODY,
    "caption": character_words.NOBODY_CAPTION,
}


class Cast:
    """Shows the character in the header, once the server has any. `on_change`: it is another one now.

    `persona` is who speaks, None: the model as itself.
    """

    def __init__(self, servings: Servings, on_change: Callable[[], None]) -> None:
        self._characters = servings.characters
        self._on_change = on_change
        self._name = ""
        self.persona: Persona | None = None
        self._has_picked = False
        self._client = ui.context.client
        self._keepsake = Keepsake("character", prefix=servings.settings.server.prefix)
        self._picker: Picker | None = None
        self._place = ui.element("div").classes("cast")
        self.show()
        ui.timer(0, self._recall, once=True)  # begins when the browser is connected

    def hold(self) -> None:
        """The chat begins as it is: what the browser kept comes too late."""
        self._has_picked = True

    async def settle(self) -> Persona | None:
        """Return who gives the next answer, as the file is now. Raises NotFoundError if it has vanished."""
        if self._name:
            await self._characters.refresh()
            self.persona = self._characters.find(self._name)
        return self.persona

    def show(self) -> None:
        """Bring the browser up to date."""
        is_wanted = bool(self._characters.names() or self._name)
        if is_wanted and self._picker is None:
            with self._place:
                self._picker = Picker(CHARACTERS, self._options, self._pick)
            self._picker.on_open(self._look)
        self._place.set_visibility(is_wanted)
        if self._picker is not None:
            title = self.persona.name if self.persona is not None else character_words.NOBODY
            self._picker.show(self._name, title)

    async def _look(self) -> None:
        await self._characters.refresh()
        self.show()

    async def _recall(self) -> None:
        """Take up what the browser kept, unless the reader was faster."""
        await self._look()
        kept = await self._keepsake.recall()
        if self._has_picked or not kept:
            return
        if (persona := self._found(kept)) is None:
            self._keepsake.forget()
            self._say(character_words.gone_before(kept))
        else:
            self._change(kept, persona)

    def _pick(self, name: object) -> None:
        """Take what the browser says; it may say anything."""
        if name == self._name or not isinstance(name, str):
            return
        persona = self._found(name)
        if name and persona is None:
            self.show()
            return
        self._has_picked = True
        if name:
            self._keepsake.keep(name)
        else:
            self._keepsake.forget()
        self._change(name, persona)

    def _change(self, name: str, persona: Persona | None) -> None:
        self._name, self.persona = name, persona
        self.show()
        self._on_change()

    def _say(self, sentence: str) -> None:
        with self._client:
            ui.notify(sentence, position="top", timeout=6000)

    def _found(self, name: str) -> Persona | None:
        try:
            return self._characters.find(name)
        except NotFoundError:
            return None

    def _options(self) -> list[Option]:
        personas = dict(self._personas())
        titles = character_words.titles(personas)
        return [
            NOBODY,
            *(
                {"value": name, "label": titles[name], "caption": character_words.caption(persona)}
                for name, persona in personas.items()
            ),
        ]

    def _personas(self) -> Iterator[tuple[str, Persona]]:
        for name in self._characters.names():
            with contextlib.suppress(NotFoundError):  # its file has gone between the two calls
                yield name, self._characters.find(name)
