"""The question behind a conversation: which of these emotions does the reply show?

It quotes the reply and the message before it; what was said earlier stands in the conversation itself, which
the model has just read. Its wording was chosen by what the bundled model answers, see
docs/decisions/0027-emotions-are-scored.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from corral.core.errors import InvalidRequestError
from corral.prompt.continuation import with_beginning
from corral.prompt.emotions.words import shown
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate

N_LINES = 2  # the reply and the message before it
MAX_QUOTE = 400  # characters

_REPLY = "corral reply"  # finds out what a template writes behind a reply
_ELLIPSIS = " ... "


class Line(msgspec.Struct, frozen=True):
    """A message of the conversation and who said it."""

    name: str
    text: str


def question(words: Sequence[str], lines: Sequence[Line], template: ChatTemplate | None) -> str:
    """Return the text between the reply and the words that are scored; without `words` it lists none.

    `lines` are the last messages, oldest first, the reply the last of them; the last two are quoted, from
    a long one its beginning and its end. The text ends the reply's turn, asks in a turn of the user and
    opens the answer, all as `template` writes it; plain text without one, and where it refuses that.
    """
    asked = f"{_asked(words)}\n{_quoted(lines)}"
    turn = _turn(asked, template) if template is not None else None
    return turn if turn is not None else f"\n\n{asked}\nAnswer:"


def continuations(words: Sequence[str], question: str) -> list[str]:
    """Return what is scored behind `question`: each word as it stands there, behind a colon after a blank."""
    lead = " " if question.endswith(":") else ""
    return [f"{lead}{shown(word)}" for word in words]


def _asked(words: Sequence[str]) -> str:
    listed = ", ".join(shown(word) for word in words)
    order = f"Choose one of these words: {listed}." if words else "Answer with one word."
    return f"Which emotion does this message show? {order}"


def _quoted(lines: Sequence[Line]) -> str:
    """Return who says what to what.

    In this order, and in one sentence, an obvious message of either decides; quoted in the order in which
    they were said, an odd reply of a small model drowned the message before it.
    """
    *before, reply = lines[-N_LINES:]
    said = f'{shown(reply.name)} says "{_quote(reply.text)}"'
    return f'{said} to "{_quote(before[0].text)}"' if before else said


def _quote(text: str) -> str:
    """Return `text` as it can stand between quotation marks, no longer than MAX_QUOTE."""
    line = shown(text).replace('"', "'")
    if len(line) <= MAX_QUOTE:
        return line
    n_kept = (MAX_QUOTE - len(_ELLIPSIS)) // 2
    return f"{line[:n_kept]}{_ELLIPSIS}{line[-n_kept:]}"


def _turn(asked: str, template: ChatTemplate) -> str | None:
    """Return what `template` writes behind a reply if `asked` is next; None if it will not show this.

    Rendered with a chat in front, and that cut off: what stands at the beginning of a prompt only, as BOS or
    a standard system text, does not come again, and the reply's turn is ended.
    """
    chat = [Message("user", "Hello"), Message("assistant", _REPLY), Message("user", asked)]
    try:
        rendered = template.render(chat, variables={"enable_thinking": False}).text
    except InvalidRequestError:
        return None
    _, found, behind = rendered.rpartition(_REPLY)
    return with_beginning(behind, Message("assistant", ""), template.source) if found else None
