"""The events of a streamed message: its start, its blocks one after the other, its end."""

from __future__ import annotations

from typing import Any

from corral.api.anthropic.blocks import Blocks
from corral.api.anthropic.message import MessageShowing, ending, head, input_usage
from corral.api.chat.live import LiveChat, never_ran
from corral.api.errors import to_object
from corral.api.generation.request import Ask
from corral.api.sse import named_frame
from corral.core.errors import CorralError
from corral.core.outcome import PromptProgress, SequenceEnd, SequenceOutput, SequenceStart


class MessageStream:
    """Shapes the events of one message."""

    def __init__(self, show: MessageShowing) -> None:
        self._show = show
        self._blocks = Blocks()
        self._chat: LiveChat | None = None

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Return the message without its content."""
        self._chat = LiveChat(ask, start, self._show.reading)
        return self._opening(start.n_prompt_tokens, start.n_cached)

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:  # noqa: ARG002 - not asked for
        """Return nothing: the dialect has no word for it."""
        return b""

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the events of a text, and after the last one those of the end."""
        opening = b""
        if self._chat is None:
            self._chat = never_ran(ask, output, self._show.reading)
            opening = self._opening(0, 0)
        events: list[dict[str, Any]] = []
        for parts in self._chat.take(output):
            events += self._blocks.take(parts, self._chat.call_ids)
        if output.end is not None:
            events += self._ending(output.end, has_calls=bool(self._chat.call_ids))
        return opening + b"".join(map(named_frame, events))

    def close(self) -> bytes:
        """Return nothing: `message_stop` was the end."""
        return b""

    def _opening(self, n_prompt_tokens: int, n_cached: int) -> bytes:
        usage = {**input_usage(n_prompt_tokens, n_cached), "output_tokens": 0}
        empty = {**head(self._show), "content": [], "stop_reason": None, "stop_sequence": None}
        start = {"type": "message_start", "message": {**empty, "usage": usage}}
        return named_frame(start) + named_frame({"type": "ping"})

    def _ending(self, end: SequenceEnd, *, has_calls: bool) -> list[dict[str, Any]]:
        return [
            *self._blocks.close(),
            {
                "type": "message_delta",
                "delta": ending(end, self._show, has_calls=has_calls),
                "usage": {"output_tokens": end.n_predicted},
            },
            {"type": "message_stop"},
        ]


def error_event(error: CorralError) -> bytes:
    """Return the event of an error in mid-stream, by the name that Anthropic's clients listen for."""
    return named_frame({"type": "error", "error": to_object(error)})
