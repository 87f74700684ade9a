"""llama-server's stream: one event per token, then the whole answer. No [DONE]."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.live import LiveAnswer, unstarted
from corral.api.generation.native import Showing, answer_object
from corral.api.generation.progress import shown
from corral.api.generation.request import Ask
from corral.api.sse import encode, frame
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart


class NativeStream:
    """Shapes the events of one body's sequences."""

    def __init__(self, show: Showing) -> None:
        self._show = show
        self._lines: dict[tuple[str, int], _Line] = {}

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Prepare the frames of a sequence; nothing is sent."""
        self._lines[start.request_id, start.index] = _Line(LiveAnswer(ask, start))
        return b""

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:
        """Return the event that tells how far the prompt is."""
        event = {"content": "", "stop": False, "index": ask.first_index + progress.index, "tokens": []}
        return frame({**event, **shown(progress, has_timings=self._show.has_timings_per_token)})

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the event of a token, if it has text, and after the last one the whole answer."""
        line = self._lines.get((output.request_id, output.index))
        if line is None:
            return self.start(ask, unstarted(output)) + self.output(ask, output)
        data = self._token(line, output.text) if line.live.take(output) else b""
        return data if output.end is None else data + frame(answer_object(line.live.answer, self._show))

    def close(self) -> bytes:
        """Return nothing: the connection's end is the end."""
        return b""

    def _token(self, line: _Line, text: str) -> bytes:
        live = line.live
        if self._show.probs is not None or self._show.has_timings_per_token:
            return self._rich_token(line, text)
        tokens = encode(live.take_tokens())
        return b'data: {"content":%b%b%b,"tokens_predicted":%d%b' % (
            encode(text),
            line.middle,
            tokens,
            len(live.answer.tokens),
            line.after,
        )

    def _rich_token(self, line: _Line, text: str) -> bytes:
        live = line.live
        event: dict[str, Any] = {
            "content": text,
            "stop": False,
            **line.head,
            "tokens": live.take_tokens(),
            "tokens_predicted": len(live.answer.tokens),
            "tokens_evaluated": live.start.n_prompt_tokens,
        }
        if self._show.probs is not None:
            event["completion_probabilities"] = live.take_items(self._show.probs)
        if self._show.has_timings_per_token:
            event["timings"] = live.timings()
        return frame(event)


class _Line:
    """One sequence, with the bytes that stand around each of its texts."""

    __slots__ = ("after", "head", "live", "middle")

    def __init__(self, live: LiveAnswer) -> None:
        self.live = live
        self.head = {"id_slot": live.start.slot, "multimodal": False, "index": live.answer.index}
        self.middle = b',"stop":false,%b,"tokens":' % msgspec.json.encode(self.head)[1:-1]
        self.after = b',"tokens_evaluated":%d}\n\n' % live.start.n_prompt_tokens
