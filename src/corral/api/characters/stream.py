"""The events of a streamed character chat: pieces of the message, the whole answer, [DONE]."""

from __future__ import annotations

from corral.api.characters import answer
from corral.api.characters.emotion import emotions_of
from corral.api.characters.translate import CharacterChat
from corral.api.generation.answer import Answer
from corral.api.generation.request import Ask
from corral.api.serving import Serving
from corral.api.sse import DONE, frame
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.prompt.characters.reply import ReplyTrimmer


class ChatStream:
    """Shapes the events of one chat, whose pieces together are the message of the last event."""

    def __init__(self, asked: Ask, chat: CharacterChat, serving: Serving) -> None:
        self._answer = Answer(asked, 0)
        self._chat = chat
        self._serving = serving
        self._trimmer = ReplyTrimmer(chat.user_name, chat.char_name)

    def start(self, ask: Ask, start: SequenceStart) -> bytes:  # noqa: ARG002 - a shaper's
        """Nothing announces the message."""
        self._answer.start = start
        return b""

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:  # noqa: ARG002 - a shaper's
        """Nobody asks for it."""
        return b""

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:  # noqa: ARG002 - a shaper's
        """Return the event of what can be shown now."""
        self._answer.add(output)
        text = self._trimmer.feed(output.text)
        if output.end is not None:
            text += self._trimmer.close()
        return frame({"message": text}) if text else b""

    async def conclude(self) -> bytes:
        """Return the event of the whole answer. Raises CorralError."""
        message = answer.message(self._answer, self._chat)
        emotions = await emotions_of(self._answer, message, self._chat, self._serving)
        whole = answer.reply_object(message, emotions, has_scores=self._chat.has_scores)
        return frame({**whole, "stopReason": answer.stop_reason(self._answer)})

    def close(self) -> bytes:
        """Return [DONE]."""
        return DONE
