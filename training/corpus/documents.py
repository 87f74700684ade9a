"""What a training document is, and the pieces of text it becomes."""

from __future__ import annotations

from dataclasses import dataclass

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
HOLE_PREFIX = "<|fim_prefix|>"
HOLE_SUFFIX = "<|fim_suffix|>"
HOLE_MIDDLE = "<|fim_middle|>"
SPECIAL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END, HOLE_PREFIX, HOLE_SUFFIX, HOLE_MIDDLE)

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

# How much a token counts in the loss. The words of a user are mostly chance: learning
# them costs capacity, but a little of it teaches the language of questions.
ANSWER_WEIGHT = 1.0
CONTEXT_WEIGHT = 0.1


@dataclass(frozen=True)
class Piece:
    """A stretch of a document and how much its tokens count in the loss."""

    text: str
    weight: float


@dataclass(frozen=True)
class Exchange:
    """One question and its answer, to be joined with others into a chat."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Chat:
    """A system text, or none, and the exchanges that follow it."""

    system: str | None
    exchanges: tuple[Exchange, ...]

    def pieces(self) -> list[Piece]:
        """Return the chat as the chat template writes it."""
        pieces = []
        if self.system is not None:
            pieces.append(Piece(_turn("system", self.system), CONTEXT_WEIGHT))
        for exchange in self.exchanges:
            asked = _turn("user", exchange.user) + f"{TURN_START}assistant\n"
            pieces.append(Piece(asked, CONTEXT_WEIGHT))
            pieces.append(Piece(f"{exchange.assistant}{TURN_END}", ANSWER_WEIGHT))
            pieces.append(Piece("\n", CONTEXT_WEIGHT))
        return pieces


@dataclass(frozen=True)
class Text:
    """Plain text that is continued, without any chat.

    Tokens do not reach over `cut`. A prompt ends anywhere, also where the tokens of the whole
    text have no border (after a line break before an indent, say), and the model must know how
    to go on from there.
    """

    content: str
    cut: int = 0

    def pieces(self) -> list[Piece]:
        """Return the text before and after the cut, and its end."""
        before, after = self.content[: self.cut], self.content[self.cut :]
        return [Piece(before, ANSWER_WEIGHT), Piece(f"{after}{END_OF_TEXT}", ANSWER_WEIGHT)]


@dataclass(frozen=True)
class Hole:
    """Text with a hole, laid out prefix, suffix, middle (PSM)."""

    prefix: str
    middle: str
    suffix: str

    def pieces(self) -> list[Piece]:
        """Return what is around the hole, then what fills it."""
        around = f"{HOLE_PREFIX}{self.prefix}{HOLE_SUFFIX}{self.suffix}{HOLE_MIDDLE}"
        return [
            Piece(around, CONTEXT_WEIGHT),
            Piece(f"{self.middle}{END_OF_TEXT}", ANSWER_WEIGHT),
        ]


Document = Chat | Text | Hole


def render(document: Document) -> str:
    """Return the whole document as one string, special tokens written out."""
    return "".join(piece.text for piece in document.pieces())


def _turn(role: str, content: str) -> str:
    return f"{TURN_START}{role}\n{content}{TURN_END}\n"
