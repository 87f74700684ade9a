"""What the model wrote -> the character's message, and the tokens of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corral.api.characters.translate import CharacterChat
from corral.api.generation.answer import Answer
from corral.core.outcome import FinishReason
from corral.prompt.characters.reply import message_of
from corral.prompt.emotions.shares import best

_REASONS = {FinishReason.EOS: "eos", FinishReason.STOP: "stop", FinishReason.LENGTH: "length"}


def message(answer: Answer, chat: CharacterChat) -> str:
    """Return the character's last message."""
    return message_of(answer.text, chat.user_name, chat.char_name)


def reply_object(message: str, emotions: dict[str, float] | None, *, has_scores: bool) -> dict[str, Any]:
    """Return the answer. The most probable of `emotions` comes first; None: there are none."""
    if not emotions:
        return {"message": message}
    shown: dict[str, Any] = {"emotion": best(emotions), "message": message}
    return {**shown, "emotionScores": emotions} if has_scores else shown


def stop_reason(answer: Answer) -> str:
    """Return why the text ended."""
    return _REASONS.get(answer.closed().reason, "none")


def n_kept(pieces: Sequence[bytes], text: str, *, ends: Sequence[str]) -> int:
    """Return how many of the first tokens, whose bytes are `pieces`, make the message.

    `text` is what was shown of them. Those of the stop string, of what follows one of `ends`, and of white
    space at the end are left out, and so is the end-of-generation token.
    """
    whole = b"".join(pieces)
    n_bytes = min([len(text.encode()), *(at for end in ends if (at := whole.find(end.encode())) >= 0)])
    n_bytes = len(whole[:n_bytes].rstrip())
    n_tokens = n_before = 0
    for piece in pieces:
        if n_before >= n_bytes:
            break
        n_tokens += 1
        n_before += len(piece)
    return n_tokens
