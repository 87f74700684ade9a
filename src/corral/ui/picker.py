"""The list of models in the header, of which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import events, ui

# Vue shows what stands in braces as text, whatever a model is called.
OPTION = """
<q-item v-bind="props.itemProps">
  <q-item-section>
    <q-item-label class="option-name"><span :class="'dot dot-' + props.opt.state"></span>{{
      props.opt.label }}</q-item-label>
    <q-item-label caption class="option-facts">{{ props.opt.caption }}</q-item-label>
  </q-item-section>
  <q-tooltip v-if="props.opt.trouble" max-width="20rem">{{ props.opt.trouble }}</q-tooltip>
</q-item>
"""
NO_OPTION = "<q-item><q-item-section>There is no model yet.</q-item-section></q-item>"

Option = dict[str, Any]


class Picker:
    """Lists what `options` gives whenever it is opened, each an object of Quasar's `QSelect`.

    Those have `value`, `label`, `caption`, `state`, `trouble` and `disable`. `on_pick` is called with what
    the browser says was chosen.
    """

    def __init__(self, options: Callable[[], list[Option]], on_pick: Callable[[object], None]) -> None:
        self._options = options
        self._is_open = False
        self._select = ui.element("q-select").classes("picker")
        self._select.props("borderless dense emit-value map-options behavior=menu aria-label=Model")
        self._select.props("popup-content-class=models-menu")
        self._select.props["options"] = options()
        self._select.add_slot("option", OPTION)
        self._select.add_slot("no-option", NO_OPTION)

        def pick(event: events.GenericEventArguments) -> None:
            on_pick(event.args)

        self._select.on("update:model-value", pick)
        self._select.on("popup-show", lambda: self._turn(is_open=True), args=[])
        self._select.on("popup-hide", lambda: self._turn(is_open=False), args=[])

    def show(self, name: str) -> None:
        """Show `name` as the chosen one, and, where that is seen, what has become of all models."""
        if self._select.props.get("display-value") != name:
            self._select.props["display-value"] = self._select.props["model-value"] = name
        if self._is_open:
            self._refresh()

    def _refresh(self) -> None:
        options = self._options()
        if options != self._select.props["options"]:
            self._select.props["options"] = options

    def _turn(self, *, is_open: bool) -> None:
        self._is_open = is_open
        self._refresh()
