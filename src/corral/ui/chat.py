"""A chat in one browser tab: what was asked and answered. Pure, and forgotten when the tab closes."""

from __future__ import annotations

from dataclasses import dataclass, field

from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput
from corral.prompt.messages import Message
from corral.ui import words
from corral.ui.opening import Opening


@dataclass
class Exchange:
    """One question and what came of it. `note` tells how the answer ended, where there is a thing to tell.

    `model` is the name of what answers, `speaker` what stands over the answer ("": nothing), `emotion` what
    the speaker shows with it. `waiting` tells for what the answer waits, `fault` is the polite sentence of an
    error.
    """

    question: str
    model: str = ""
    speaker: str = ""
    emotion: str = ""
    waiting: str = ""
    answer: str = ""
    note: str = ""
    fault: str = ""
    is_over: bool = False

    def wait(self, waiting: str) -> None:
        """The answer cannot begin yet."""
        self.waiting = waiting

    def hear(self, output: SequenceOutput) -> None:
        """Take what one step gave."""
        self.answer += output.text
        if output.end is not None:
            self.end(output.end)

    def end(self, end: SequenceEnd) -> None:
        """The engine ended the answer."""
        self.is_over = True
        self.note = words.speed(end)
        if end.reason is FinishReason.LENGTH:
            self.note = f"{words.CUT} {self.note}"
        elif end.reason is FinishReason.ABORTED:
            self.fault = words.ABORTED

    def stop(self) -> None:
        """The reader wants no more of it."""
        if not self.is_over:
            self.is_over = True
            self.note = words.STOPPED

    def fail(self, fault: str) -> None:
        """An error ended the answer, or refused the question."""
        self.is_over = True
        self.fault = fault

    def close(self) -> None:
        """Nothing will come any more; if none of the above was told, that is a fault of ours."""
        if not self.is_over:
            self.fail(words.FAULT)


@dataclass
class Chat:
    """The exchanges of one tab, oldest first, behind a character's `opening`.

    Only the last one may be unfinished.
    """

    opening: Opening | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being made."""
        return bool(self.exchanges) and not self.exchanges[-1].is_over

    def ask(self, question: str, model: str = "", speaker: str = "") -> Exchange:
        """Begin an exchange. `model` and `speaker` as in `Exchange`."""
        assert not self.is_busy, "one answer at a time"
        self.exchanges.append(Exchange(question, model, speaker))
        return self.exchanges[-1]

    def messages(self, system: str) -> list[Message]:
        """Return what the model is to see; `system` may be blank.

        Roles alternate, as templates demand: a question that got no answer is left out, unless it is open.
        """
        turns = [Message("system", system.strip())] if system.strip() else []
        if self.opening is not None:
            turns.append(Message("assistant", self.opening.text))
        for exchange in self.exchanges:
            if exchange.answer or not exchange.is_over:
                turns.append(Message("user", exchange.question))
            if exchange.is_over and exchange.answer:
                turns.append(Message("assistant", exchange.answer))
        return turns
