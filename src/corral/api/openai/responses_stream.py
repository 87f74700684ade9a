"""The events of a streamed response: created, its items one after the other, completed. No [DONE]."""

from __future__ import annotations

from typing import Any

from corral.api.chat.live import LiveChat, never_ran
from corral.api.generation.progress import shown
from corral.api.generation.request import Ask
from corral.api.openai.responses_items import CallItem, Event, OutputItem, TextItem, ThoughtsItem
from corral.api.openai.responses_object import ResponseShowing, completed, timings_of, under_way
from corral.api.sse import named_frame
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.prompt.answer_split import Parts
from corral.prompt.tool_calls import CallPart


class ResponseStream:
    """Shapes the events of one response."""

    def __init__(self, show: ResponseShowing) -> None:
        self._show = show
        self._chat: LiveChat | None = None
        self._items: list[OutputItem] = []
        self._open: OutputItem | None = None  # the last of the items, while it grows
        self._n_events = 0

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Return the events that announce the response."""
        self._chat = LiveChat(ask, start, self._show.reading)
        return self._frames(self._opening())

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:  # noqa: ARG002 - there is one sequence
        """Return the event that tells how far the prompt is."""
        event = self._state("response.in_progress")
        told = shown(progress, has_timings=self._show.has_timings_per_token)
        return self._frames([{**event, **told}])

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the events of a text, and after the last one those of the end."""
        events: list[Event] = []
        if self._chat is None:
            self._chat = never_ran(ask, output, self._show.reading)
            events += self._opening()
        for parts in self._chat.take(output):
            events += self._news(parts, self._chat)
        if output.end is not None:
            events += [*self._close(), self._completed(self._chat)]
        return self._frames(events)

    def close(self) -> bytes:
        """Return nothing: `response.completed` was the end."""
        return b""

    def _opening(self) -> list[Event]:
        return [self._state("response.created"), self._state("response.in_progress")]

    def _state(self, kind: str) -> Event:
        return {"type": kind, "response": under_way(self._show)}

    def _completed(self, chat: LiveChat) -> Event:
        answer = chat.live.answer
        items = [item.shown() for item in self._items]
        response = completed(self._show, answer, items, n_thought_tokens=chat.n_thought_tokens)
        return {"type": "response.completed", "response": response, "timings": timings_of(answer)}

    def _news(self, parts: Parts, chat: LiveChat) -> list[Event]:
        """Return the events of a piece."""
        events: list[Event] = []
        if parts.thoughts:
            events += [] if isinstance(self._open, ThoughtsItem) else self._enter(ThoughtsItem())
            events.append(self._delta(parts.thoughts, chat))
        if parts.content:
            events += [] if isinstance(self._open, TextItem) else self._enter(TextItem())
            events.append(self._delta(parts.content, chat))
        for part in parts.calls:
            events += self._call(part, chat)
        return events

    def _call(self, part: CallPart, chat: LiveChat) -> list[Event]:
        events: list[Event] = []
        if part.name is not None:
            events += self._enter(CallItem(chat.call_ids[part.index], part.name))
        if part.arguments:
            events.append(self._delta(part.arguments, chat))
        return events

    def _delta(self, text: str, chat: LiveChat) -> Event:
        event = self._numbered(self._items[-1].add(text))
        return {**event, "timings": chat.live.timings()} if self._show.has_timings_per_token else event

    def _enter(self, item: OutputItem) -> list[Event]:
        """Return the events that make `item` the open one."""
        events = self._close()
        self._items.append(item)
        self._open = item
        return [*events, *map(self._numbered, item.opening())]

    def _close(self) -> list[Event]:
        """Return the events that end the open item, if there is one."""
        item, self._open = self._open, None
        return [] if item is None else [self._numbered(event) for event in item.closing()]

    def _numbered(self, event: Event) -> Event:
        return {**event, "output_index": len(self._items) - 1}

    def _frames(self, events: list[dict[str, Any]]) -> bytes:
        frames = [
            named_frame({**event, "sequence_number": self._n_events + i}) for i, event in enumerate(events)
        ]
        self._n_events += len(events)
        return b"".join(frames)
