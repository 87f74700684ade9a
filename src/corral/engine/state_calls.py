"""Calls about what an engine keeps between requests, as the reader's thread takes them."""

from __future__ import annotations

from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import (
    AnyEvent,
    Done,
    EraseSlot,
    ModelFacts,
    RestoreSlot,
    SaveSlot,
    SetLoras,
    SetSystemPrompt,
)
from corral.engine.slot_calls import SlotCall, SlotCalls
from corral.engine.standing import Standing
from corral.engine.tiers.arrivals import Post

StateCall = SaveSlot | RestoreSlot | EraseSlot | SetLoras | SetSystemPrompt


class StateCalls:
    """What stands for all requests is changed at once, for those that come later; slots on the loop's thread.

    `is_grouped`: self-extend moves positions, so that what a slot holds is no prefix to be used again.
    """

    def __init__(
        self,
        facts: ModelFacts,
        standing: Standing,
        slots: SlotCalls,
        post: Post,
        *,
        is_grouped: bool,
    ) -> None:
        self._facts = facts
        self._standing = standing
        self._slots = slots
        self._post = post
        self._is_grouped = is_grouped

    def handle(self, call: StateCall) -> list[AnyEvent]:
        """Do it and return the answer, or leave it for the loop.

        Raises `InvalidRequestError` and `NotSupportedError`.
        """
        match call:
            case SetLoras(request_id, scales):
                self._standing.set_loras(scales)
                return [Done(request_id)]
            case SetSystemPrompt(request_id, text):
                self._standing.set_system_prompt(text)
                return [Done(request_id)]
            case _:
                self._check(call)
                self._post(call.request_id, lambda: self._slots.take(call))
                return []

    def _check(self, call: SlotCall) -> None:
        if not 0 <= call.slot < self._facts.n_slots:
            raise InvalidRequestError("Invalid slot ID")
        if self._is_grouped and not isinstance(call, EraseSlot):
            raise NotSupportedError("With self-extend (--grp-attn-n) slots cannot be saved or restored")
