"""Chat templates by name, for `--chat-template NAME` and for models that bring none we can use.

Each is our own wording of the format that the model family was trained on. They see `messages`,
`bos_token`, `eos_token` and `add_generation_prompt`, as a model's own template does. BOS is left to the
tokenizer.
"""

from __future__ import annotations

from corral.prompt.turn_formats import TURN_FORMATS, source

CHATML = """\
{% for message in messages %}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{%- endif %}
"""

_LLAMA2 = """\
{% set held = namespace(system='') %}
{% for message in messages %}
{% if message.role == 'system' %}
{% set held.system = '<<SYS>>\\n' + message.content + '\\n<</SYS>>\\n\\n' %}
{% elif message.role == 'user' %}
{{ (bos_token if not loop.first and loop.previtem.role == 'assistant' else '') -}}
{{ '[INST] ' + held.system + message.content + ' [/INST]' }}
{%- set held.system = '' %}
{% else %}
{{ ' ' + message.content + ' ' + eos_token }}
{%- endif %}
{% endfor %}
"""

_MISTRAL = """\
{% set held = namespace(system='') %}
{% for message in messages %}
{% if message.role == 'system' %}
{% set held.system = message.content + '\\n\\n' %}
{% elif message.role == 'user' %}
{{ '[INST] ' + held.system + message.content + ' [/INST]' }}
{%- set held.system = '' %}
{% else %}
{{ ' ' + message.content + eos_token }}
{%- endif %}
{% endfor %}
"""

_LLAMA3 = """\
{% for message in messages %}
{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

_GEMMA = """\
{% for message in messages %}
{% if message.role == 'system' %}
{{ raise_exception('the gemma format has no system role') }}
{% endif %}
{% set role = 'model' if message.role == 'assistant' else message.role %}
{{ '<start_of_turn>' + role + '\\n' + message.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<start_of_turn>model\\n' }}
{%- endif %}
"""

_PHI3 = """\
{% for message in messages %}
{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|assistant|>\\n' }}
{%- endif %}
"""

_ZEPHYR = """\
{% for message in messages %}
{{ '<|' + message.role + '|>\\n' + message.content + eos_token + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|assistant|>\\n' }}
{%- endif %}
"""

_VICUNA = """\
{% for message in messages %}
{% if message.role == 'system' %}
{{ message.content + '\\n\\n' }}
{%- elif message.role == 'user' %}
{{ 'USER: ' + message.content + '\\n' }}
{%- else %}
{{ 'ASSISTANT: ' + message.content + eos_token + '\\n' }}
{%- endif %}
{% endfor %}
{% if add_generation_prompt %}
{{ 'ASSISTANT:' }}
{%- endif %}
"""

_DEEPSEEK = """\
{% for message in messages %}
{% if message.role == 'system' %}
{{ message.content }}
{%- elif message.role == 'user' %}
{{ '### Instruction:\\n' + message.content + '\\n' }}
{%- else %}
{{ '### Response:\\n' + message.content + '\\n<|EOT|>\\n' }}
{%- endif %}
{% endfor %}
{% if add_generation_prompt %}
{{ '### Response:\\n' }}
{%- endif %}
"""

_COMMAND_R = """\
{% for message in messages %}
{% set speaker = 'CHATBOT' if message.role == 'assistant' else message.role | upper %}
{{ '<|START_OF_TURN_TOKEN|><|' + speaker + '_TOKEN|>' + message.content | trim + '<|END_OF_TURN_TOKEN|>' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}
{%- endif %}
"""

BUILTIN = {
    "chatml": CHATML,
    "command-r": _COMMAND_R,
    "deepseek": _DEEPSEEK,
    "gemma": _GEMMA,
    "llama2": _LLAMA2,
    "llama3": _LLAMA3,
    "mistral": _MISTRAL,
    "phi3": _PHI3,
    "vicuna": _VICUNA,
    "zephyr": _ZEPHYR,
    **{name: source(form) for name, form in TURN_FORMATS.items()},
}

# What a template's source shows of its family, most telling first.
_MARKS: list[tuple[tuple[str, ...], str]] = [
    (("<|im_start|>",), "chatml"),
    (("[INST]", "<<SYS>>"), "llama2"),
    (("[INST]",), "mistral"),
    (("<|assistant|>", "<|end|>"), "phi3"),
    (("[gMASK]<sop>",), "chatglm4"),
    (("<|user|>",), "zephyr"),
    (("<start_of_turn>",), "gemma"),
    (("<|start_header_id|>",), "llama3"),
    (("bos_token + message['role']",), "monarch"),
    (("'\\n\\nAssistant: ' + eos_token",), "orion"),
    (("GPT4 Correct ",), "openchat"),
    (("USER: ", "ASSISTANT: "), "vicuna"),
    (("### Instruction:", "<|EOT|>"), "deepseek"),
    (("<|START_OF_TURN_TOKEN|>",), "command-r"),
    (("[gMASK]sop",), "chatglm3"),
    (("<用户>",), "minicpm"),
    (("'Assistant: ' + message['content'] + eos_token",), "deepseek2"),
    (("[|system|]", "[|assistant|]", "[|endofturn|]"), "exaone3"),
]


def guess(source: str) -> str | None:
    """Return the name of the builtin that a template's source resembles, None if none."""
    return next((name for marks, name in _MARKS if all(mark in source for mark in marks)), None)
