"""A list in the header, of models or characters, of which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nicegui import events, ui

# Vue shows what stands in braces as text, whatever a model or a character is called.
OPTION = """
<q-item v-bind="props.itemProps">
  <q-item-section>
    <q-item-label class="option-name"><span
      v-if="props.opt.state" :class="'dot dot-' + props.opt.state"></span>{{
      props.opt.label }}</q-item-label>
    <q-item-label caption class="option-facts">{{ props.opt.caption }}</q-item-label>
  </q-item-section>
  <q-tooltip v-if="props.opt.trouble" max-width="20rem">{{ props.opt.trouble }}</q-tooltip>
</q-item>
"""
# Quasar puts an `aria-label` where no reader of screens looks; this stands inside the field's own <label>.
LABEL = "<span>{label}</span>"
NO_OPTION = "<q-item><q-item-section>{nothing}</q-item-section></q-item>"

Option = dict[str, Any]


class PickerWords(NamedTuple):
    """What a list is called, and what it says when it is empty; neither comes from outside."""

    label: str
    nothing: str


class Picker:
    """Lists what `options` gives whenever it is opened, each an object of Quasar's `QSelect`.

    Those have `value`, `label` and `caption`; those of models `state`, `trouble` and `disable` besides.
    `on_pick` is called with what the browser says was chosen.
    """

    def __init__(
        self, said: PickerWords, options: Callable[[], list[Option]], on_pick: Callable[[object], None]
    ) -> None:
        self._options = options
        self._is_open = False
        self._select = ui.element("q-select").classes("picker")
        self._select.props("borderless dense emit-value map-options behavior=menu")
        self._select.props("popup-content-class=models-menu")
        self._select.props["options"] = options()
        self._select.add_slot("option", OPTION)
        self._select.add_slot("before", LABEL.format(label=said.label))
        self._select.add_slot("no-option", NO_OPTION.format(nothing=said.nothing))

        def pick(event: events.GenericEventArguments) -> None:
            on_pick(event.args)

        self._select.on("update:model-value", pick)
        self._select.on("popup-show", lambda: self._turn(is_open=True), args=[])
        self._select.on("popup-hide", lambda: self._turn(is_open=False), args=[])

    def on_open(self, act: Callable[[], object]) -> None:
        """Call `act`, which may be a coroutine function, whenever the list is opened."""
        self._select.on("popup-show", act, args=[])

    def show(self, value: str, shown: str | None = None) -> None:
        """Show `value` as the chosen one, and, where that is seen, what has become of all that are listed.

        `shown` is what it is called in the header, None: `value`.
        """
        label = value if shown is None else shown
        if self._select.props.get("display-value") != label or self._select.props["model-value"] != value:
            self._select.props["display-value"], self._select.props["model-value"] = label, value
        if self._is_open:
            self.refresh()

    def refresh(self) -> None:
        """List what there is now."""
        options = self._options()
        if options != self._select.props["options"]:
            self._select.props["options"] = options

    def _turn(self, *, is_open: bool) -> None:
        self._is_open = is_open
        self.refresh()
