"""The chunks of a streamed chat: the role, the text bit by bit, the reason of the end, [DONE]."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation import probabilities, timings
from corral.api.generation.live import LiveAnswer, unstarted
from corral.api.generation.native import answer_object
from corral.api.generation.progress import shown
from corral.api.generation.request import Ask
from corral.api.generation.usage import usage
from corral.api.openai.chat_deltas import deltas
from corral.api.openai.chat_translate import ChatShowing
from corral.api.openai.choices import finish_reason
from corral.api.openai.closing import closing
from corral.api.sse import encode, frame
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.prompt.answer_split import AnswerSplit, Reading


class ChatStream:
    """Shapes the events of one chat."""

    def __init__(self, show: ChatShowing) -> None:
        self._show = show
        self._lines: dict[int, _Line] = {}
        self._tail = {
            "created": show.created_s,
            "id": show.id,
            "model": show.model,
            "system_fingerprint": show.build,
            "object": "chat.completion.chunk",
        }

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Return the chunk that names the role."""
        line = _Line(LiveAnswer(ask, start), self._tail, self._show.reading)
        self._lines[start.index] = line
        return self._chunk(line.live.answer.index, {"role": "assistant", "content": None})

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:
        """Return the chunk that tells how far the prompt is."""
        extra = shown(progress, has_timings=self._show.has_timings_per_token)
        return self._chunk(ask.first_index + progress.index, {}, extra=extra)

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the chunk of a text, if there is any, and after the last one the chunk of the end."""
        line = self._lines.get(output.index)
        if line is None:
            return self.start(ask, unstarted(output)) + self.output(ask, output)
        has_text = line.live.take(output)
        if line.split is not None:
            data = self._split_chunks(line, line.split, output)
        else:
            data = self._text_chunk(line, output.text) if has_text else b""
        return data if output.end is None else data + self._ending(line)

    def close(self) -> bytes:
        """Return the usage, when all sequences ended and it was asked for, and [DONE]."""
        answers = [line.live.answer for line in self._lines.values()]
        return closing(answers, self._tail, has_usage_chunk=self._show.has_usage_chunk)

    def _text_chunk(self, line: _Line, text: str) -> bytes:
        show = self._show
        if show.probs is None and not show.has_timings_per_token:
            return b"%b%b%b" % (line.before, encode(text), line.after)
        return self._delta_chunk(line, {"content": text})

    def _split_chunks(self, line: _Line, split: AnswerSplit, output: SequenceOutput) -> bytes:
        """Return a chunk for each thing that the text was found to hold."""
        has_functions = self._show.has_functions
        found = deltas(split.feed(output.text), split.call_ids, has_functions=has_functions)
        if output.end is not None:
            found += deltas(split.flush(), split.call_ids, has_functions=has_functions)
        return b"".join(self._delta_chunk(line, delta) for delta in found)

    def _delta_chunk(self, line: _Line, delta: dict[str, Any]) -> bytes:
        """Return the chunk of a delta, with the probabilities that were not told yet."""
        show = self._show
        more: dict[str, Any] = {}
        if show.probs is not None:
            shape, new = show.probs, line.live.take_probs()
            more = {"logprobs": {"content": [probabilities.newer(entry, shape) for entry in new]}}
        extra = {"timings": line.live.timings()} if show.has_timings_per_token else {}
        return self._chunk(line.live.answer.index, delta, more, extra)

    def _ending(self, line: _Line) -> bytes:
        answer = line.live.answer
        answers = [line.live.answer for line in self._lines.values()]
        has_calls = line.split is not None and bool(line.split.call_ids)
        reason = finish_reason(answer, has_calls=has_calls, has_functions=self._show.has_functions)
        more = {"finish_reason": reason}
        extra: dict[str, Any] = {"usage": usage(answers), "timings": timings.of(answer.closed())}
        if self._show.verbose is not None:
            extra["__verbose"] = answer_object(answer, self._show.verbose)
        return self._chunk(answer.index, {}, more, extra)

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        choice: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> bytes:
        choices = [{"finish_reason": None, "index": index, "delta": delta, **(choice or {})}]
        return frame({"choices": choices, **self._tail, **(extra or {})})


class _Line:
    """One sequence of the chat, with the bytes that stand around each of its texts.

    `split` None: all its text is content.
    """

    __slots__ = ("after", "before", "live", "split")

    def __init__(self, live: LiveAnswer, tail: dict[str, Any], reading: Reading) -> None:
        self.live = live
        self.split = None if reading.is_plain else AnswerSplit(reading, is_stream=True)
        self.before = b'data: {"choices":[{"finish_reason":null,"index":%d,"delta":{"content":' % (
            live.answer.index
        )
        self.after = b"}}]," + msgspec.json.encode(tail)[1:] + b"\n\n"
