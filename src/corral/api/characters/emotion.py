"""The second pass: which of the listed emotions the reply shows, told by the model's own probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from corral.api.characters.answer import n_kept
from corral.api.characters.translate import CharacterChat
from corral.api.generation.answer import Answer
from corral.api.ports import DoorPort
from corral.api.serving import Serving
from corral.core import log
from corral.core.errors import ContextExceededError, InvalidRequestError
from corral.core.messages import Scored
from corral.core.request import Media, TextPiece
from corral.prompt.emotions.question import Line, continuations, question
from corral.prompt.emotions.shares import shares
from corral.prompt.templates import ChatTemplate

_log = log.get("api.characters")


async def emotions_of(
    answer: Answer, message: str, chat: CharacterChat, serving: Serving
) -> dict[str, float] | None:
    """Return how probable each emotion of the list is, None without a list. Raises CorralError.

    The question stands behind the prompt and the reply as they were generated, token for token, so that all
    of it comes from the prefix cache. Where it has no room there it stands alone: it quotes the last
    messages. Where its list has no room even so, it lists nothing.
    """
    words = chat.emotions
    if len(words) < 2:
        return dict.fromkeys(words, 1.0) or None
    lines, template = [*chat.lines, Line(chat.char_name, message)], _template(serving)
    asked = question(words, lines, template)
    prompt = await _conversation(answer, chat, serving.door)
    ways = [(prompt, asked), ([], asked), ([], question((), lines, template))]
    scored = await _scored(ways, words, serving.door, caller=answer.ask.request.caller)
    return shares(words, scored.logprobs)


async def _scored(
    ways: list[tuple[list[TextPiece], str]], words: Sequence[str], door: DoorPort, *, caller: str
) -> Scored:
    """Return the scores of `words` by the first of the ways to ask, each behind its prompt, that has room."""
    for prompt, asked in ways[:-1]:
        try:
            return await door.score(prompt, [asked], continuations(words, asked), caller=caller)
        except ContextExceededError:
            _log.info("characters.question_shortened", n_words=len(words))
    prompt, asked = ways[-1]
    try:
        return await door.score(prompt, [asked], continuations(words, asked), caller=caller)
    except ContextExceededError as error:
        message = f"Field 'character.emotions': the context has no room for the question; {error.message}"
        raise InvalidRequestError(message) from None


def _template(serving: Serving) -> ChatTemplate | None:
    """Return the chat template in force, None for a model that has none."""
    has_one = serving.door.facts().chat_template or serving.settings.chat.template
    return serving.template() if has_one else None


async def _conversation(answer: Answer, chat: CharacterChat, door: DoorPort) -> list[TextPiece]:
    """Return the prompt and the tokens of the message behind it."""
    prompt: list[TextPiece] = [p for p in answer.ask.request.prompt if not isinstance(p, Media)]
    ids = [*answer.tokens]
    tokenized = await door.tokenize([ids], add_special=False, parse_special=True)
    ends = [f"{chat.user_name}:"] if chat.user_name else []
    n_reply = n_kept(tokenized.pieces, answer.text, ends=ends)
    return [*prompt, ids[:n_reply]] if n_reply else prompt
