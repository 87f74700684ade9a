"""Chat formats that only put fixed texts around each turn, as a table, and the Jinja that they mean.

The texts are facts of the model families, as llama.cpp's own list of formats has them.
"""

from __future__ import annotations

import json

import msgspec


class TurnFormat(msgspec.Struct, frozen=True, kw_only=True):
    """For each role the texts before and behind a turn; `system` None: there is no such role.

    `head` begins the prompt, `between` stands before every turn but the first, `opening` begins the answer.
    `is_trimmed`: white space around a turn's text does not count.
    """

    user: tuple[str, str]
    assistant: tuple[str, str]
    system: tuple[str, str] | None
    head: str = ""
    between: str = ""
    opening: str = ""
    is_trimmed: bool = False


TURN_FORMATS = {
    "chatglm3": TurnFormat(
        head="[gMASK]sop",
        system=("<|system|>\n ", ""),
        user=("<|user|>\n ", ""),
        assistant=("<|assistant|>\n ", ""),
        opening="<|assistant|>",
    ),
    "chatglm4": TurnFormat(
        head="[gMASK]<sop>",
        system=("<|system|>\n", ""),
        user=("<|user|>\n", ""),
        assistant=("<|assistant|>\n", ""),
        opening="<|assistant|>\n",
    ),
    "deepseek2": TurnFormat(
        system=("", "\n\n"),
        user=("User: ", "\n\n"),
        assistant=("Assistant: ", "<｜end▁of▁sentence｜>"),  # noqa: RUF001 - the token is written so
        opening="Assistant:",
    ),
    "exaone3": TurnFormat(
        system=("[|system|]", "[|endofturn|]\n"),
        user=("[|user|]", "\n"),
        assistant=("[|assistant|]", "[|endofturn|]\n"),
        opening="[|assistant|]",
        is_trimmed=True,
    ),
    "minicpm": TurnFormat(system=("", ""), user=("<用户>", "<AI>"), assistant=("", ""), is_trimmed=True),
    "monarch": TurnFormat(
        system=("system\n", "</s>\n"),
        user=("user\n", "</s>\n"),
        assistant=("assistant\n", "</s>\n"),
        between="<s>",
        opening="<s>assistant\n",
    ),
    "openchat": TurnFormat(
        system=("", "<|end_of_turn|>"),
        user=("GPT4 Correct User: ", "<|end_of_turn|>"),
        assistant=("GPT4 Correct Assistant: ", "<|end_of_turn|>"),
        opening="GPT4 Correct Assistant:",
    ),
    "orion": TurnFormat(system=None, user=("Human: ", "\n\nAssistant: </s>"), assistant=("", "</s>")),
}


def source(form: TurnFormat) -> str:
    """Return the chat template. One without a system role refuses it."""
    content = "message.content | trim" if form.is_trimmed else "message.content"
    system = _turn(form.system, content) if form.system else "{{ raise_exception('no system role') }}"
    return (
        f"{_shown(form.head)}"
        "{% for message in messages %}"
        f"{{% if not loop.first %}}{_shown(form.between)}{{% endif %}}"
        f"{{% if message.role == 'system' %}}{system}"
        f"{{% elif message.role == 'assistant' %}}{_turn(form.assistant, content)}"
        f"{{% else %}}{_turn(form.user, content)}{{% endif %}}"
        "{% endfor %}"
        f"{{% if add_generation_prompt %}}{_shown(form.opening)}{{% endif %}}"
    )


def _turn(around: tuple[str, str], content: str) -> str:
    return f"{_shown(around[0])}{{{{ {content} }}}}{_shown(around[1])}"


def _shown(text: str) -> str:
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""
