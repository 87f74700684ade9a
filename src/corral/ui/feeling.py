"""The emotion that a character shows with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from corral.api.characters.emotion import emotions_of
from corral.api.generation.answer import Answer
from corral.api.generation.request import Ask
from corral.api.serving import Serving
from corral.core import log
from corral.core.errors import CorralError
from corral.core.outcome import SequenceOutput
from corral.prompt.characters.speaking import scene_of
from corral.prompt.emotions.question import Line
from corral.prompt.emotions.shares import best
from corral.prompt.emotions.words import wanted
from corral.prompt.persona import Persona

_log = log.get("ui")


class _Talk(NamedTuple):
    """As `api.characters.emotion` wants it."""

    user_name: str
    char_name: str
    emotions: tuple[str, ...]
    lines: list[Line]


async def feeling_of(
    persona: Persona, question: str, ask: Ask, outputs: Sequence[SequenceOutput], *, serving: Serving
) -> str:
    """Return the emotion of the answer that `outputs` are, "" where none is listed or the model tells none.

    Nothing is generated: the listed words are compared, behind a chat that is in the prefix cache. The answer
    is there already, so a failure costs the emotion only.
    """
    answer = Answer(ask, 0)
    try:
        for output in outputs:
            answer.add(output)
        message = answer.text.strip()
        user = scene_of(persona, None).user
        talk = _Talk("", persona.called, wanted(persona.emotions), [Line(user, question)])
        emotions = await emotions_of(answer, message, talk, serving) if message else None
    except CorralError as error:
        _log.info("page.no_emotion", reason=error.message)
        return ""
    return best(emotions) if emotions else ""
