"""The chunks of a streamed completion: OpenAI's keys and llama-server's in one object, then [DONE]."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.live import LiveAnswer, unstarted
from corral.api.generation.native import answer_object
from corral.api.generation.progress import shown
from corral.api.generation.request import Ask
from corral.api.generation.usage import usage
from corral.api.openai.choices import finish_reason
from corral.api.openai.closing import closing
from corral.api.openai.text_translate import TextShowing, logprobs
from corral.api.sse import encode, frame
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart


class TextStream:
    """Shapes the events of one body's sequences."""

    def __init__(self, show: TextShowing) -> None:
        self._show = show
        self._lines: dict[tuple[str, int], _Line] = {}
        self._tail = {
            "id": show.id,
            "object": "text_completion",
            "created": show.created_s,
            "model": show.native.model,
            "system_fingerprint": show.native.facts.build,
        }

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Return the chunk that repeats the prompt, if it was asked for."""
        line = _Line(LiveAnswer(ask, start), self._tail)
        self._lines[start.request_id, start.index] = line
        echo = self._show.echoes.get(start.request_id, "")
        line.n_chars = len(echo)
        return self._chunk(line, echo) if echo else b""

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:
        """Return the chunk that tells how far the prompt is."""
        index = ask.first_index + progress.index
        choice = {"text": "", "index": index, "logprobs": None, "finish_reason": None}
        event = {"choices": [choice], **self._tail, "content": "", "stop": False, "index": index}
        return frame({**event, **shown(progress, has_timings=self._show.native.has_timings_per_token)})

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the chunk of a text, if there is any, and after the last one the chunk of the end."""
        line = self._lines.get((output.request_id, output.index))
        if line is None:
            return self.start(ask, unstarted(output)) + self.output(ask, output)
        data = self._text_chunk(line, output.text) if line.live.take(output) else b""
        return data if output.end is None else data + self._ending(line)

    def close(self) -> bytes:
        """Return the usage, when all sequences ended and it was asked for, and [DONE]."""
        answers = [line.live.answer for line in self._lines.values()]
        return closing(answers, self._tail, has_usage_chunk=self._show.has_usage_chunk)

    def _text_chunk(self, line: _Line, text: str) -> bytes:
        if self._show.native.probs is None and not self._show.native.has_timings_per_token:
            quoted = encode(text)
            return b"%b%b%b%b%b" % (line.before, quoted, line.middle, quoted, line.after)
        return self._chunk(line, text)

    def _chunk(self, line: _Line, text: str) -> bytes:
        native = self._show.native
        more: dict[str, Any] = {}
        shown = None
        if native.probs is not None:
            shown = logprobs(line.live.unsent_probs, self._show, line.n_chars)
            more["completion_probabilities"] = line.live.take_items(native.probs)
        if native.has_timings_per_token:
            more["timings"] = line.live.timings()
        line.n_chars += len(text)
        index = line.live.answer.index
        choice = {"text": text, "index": index, "logprobs": shown, "finish_reason": None}
        head = {"id_slot": line.live.start.slot, "index": index}
        return frame({"choices": [choice], **self._tail, "content": text, "stop": False, **head, **more})

    def _ending(self, line: _Line) -> bytes:
        answer = line.live.answer
        answers = [line.live.answer for line in self._lines.values()]
        choice = {"text": "", "index": answer.index, "logprobs": None, "finish_reason": finish_reason(answer)}
        return frame(
            {
                **answer_object(answer, self._show.native),
                **self._tail,
                "choices": [choice],
                "usage": usage(answers),
            }
        )


class _Line:
    """One sequence, with the bytes that stand around each of its texts."""

    __slots__ = ("after", "before", "live", "middle", "n_chars")

    def __init__(self, live: LiveAnswer, tail: dict[str, Any]) -> None:
        index = live.answer.index
        rest = {"stop": False, "id_slot": live.start.slot, "index": index}
        self.live = live
        self.n_chars = 0
        self.before = b'data: {"choices":[{"text":'
        self.middle = b',"index":%d,"logprobs":null,"finish_reason":null}],%b,"content":' % (
            index,
            msgspec.json.encode(tail)[1:-1],
        )
        self.after = b"," + msgspec.json.encode(rest)[1:] + b"\n\n"
