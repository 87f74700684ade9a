"""Wire structs of character chat. Unknown keys are ignored, but templates may use them."""

from __future__ import annotations

from typing import Any

import msgspec

Whole = int | float


class GenParams(msgspec.Struct, kw_only=True):
    """`genParams`. What is absent is as ExLlama has it, see `sampling`.

    The penalties have two spellings; `seed` and `stop` are Corral's own.
    """

    max_new_tokens: Whole
    min_length: Whole | None = None
    max_length: Whole | None = None
    temperature: float | None = None
    top_k: Whole | None = None
    top_p: float | None = None
    min_p: float | None = None
    token_repetition_penalty_max: float | None = None
    token_repetition_penalty_sustain: Whole | None = None
    token_repetition_penalty_decay: Whole | None = None
    repetition_penalty_max: float | None = None
    repetition_penalty_sustain: Whole | None = None
    repetition_penalty_decay: Whole | None = None
    beams: Whole | None = None
    beam_length: Whole | None = None
    seed: Whole | None = None
    stop: str | list[str] | None = None


class ChatMessageBody(msgspec.Struct, rename="camel"):
    """An entry of `chatExample` or `chatHistory`; `chat_type` names its template."""

    chat_type: str
    message: str


class CharacterBody(msgspec.Struct, rename="camel", kw_only=True):
    """`character`."""

    char_name: str
    persona: str
    greeting: str
    chat_example: list[ChatMessageBody]
    emotions: list[str] | None = None


class PromptTemplateBody(msgspec.Struct):
    """`promptTemplate`: the frame, and a template for each kind of message."""

    prompt: str
    character: str
    user: str


class CharacterChatBody(msgspec.Struct, rename="camel", kw_only=True):
    """POST /chat. `character` is one of the server's, where it is a text.

    With such a character, and only then, `prompt_template` and `chat_history` may be left out, and `greeting`
    is the number, from 0 on, of the greeting of this chat; it begins one without history.
    """

    user_name: str
    gen_params: GenParams
    character: str | CharacterBody
    prompt_template: PromptTemplateBody | None = None
    chat_history: list[ChatMessageBody] | None = None
    greeting: Any = None
    stream: bool | None = None
    emotion_scores: bool | None = None
    model: str | None = None
