"""Names of instruction formats as other programs have them, and the chat templates that they mean."""

from __future__ import annotations

from corral.core.errors import SettingsError
from corral.prompt.builtin_templates import BUILTIN

# The format that the Alpaca models were trained on; none of llama.cpp's builtin ones.
ALPACA = """\
{% for message in messages %}
{% if message.role == 'system' %}
{{ message.content + '\\n\\n' }}
{%- elif message.role == 'user' %}
{{ '### Instruction:\\n' + message.content + '\\n\\n' }}
{%- else %}
{{ '### Response:\\n' + message.content + eos_token + '\\n\\n' }}
{%- endif %}
{% endfor %}
{% if add_generation_prompt %}
{{ '### Response:\\n' }}
{%- endif %}
"""
# Spelled in small letters without signs between them; versions and additions may follow.
_MEANS = {
    "alpaca": ALPACA,
    "chatglm": "chatglm3",
    "commandr": "command-r",
    "deepseekcoder": "deepseek",
    "hermes": "chatml",
    "intelneural": "zephyr",
    "llamav2": "llama2",
    "llamav3": "llama3",
    "mistrallite": "zephyr",
    "openhermes": "chatml",
    "phi3": "phi3",
    "qwen": "chatml",
    "wizardvicuna": "vicuna",
    "wizardlm": "vicuna",
    **{name.replace("-", ""): name for name in BUILTIN},
}
_KNOWN = ("alpaca", *sorted(BUILTIN))


def template(name: str) -> str:
    """Return what `--chat-template` takes for `name`: a builtin's name or the text of a template.

    Raises:
        SettingsError: no such format; the message lists those that there are.
    """
    if "{" in name:
        return name
    spelled = "".join(letter for letter in name.lower() if letter.isalnum())
    known = max((known for known in _MEANS if spelled.startswith(known)), key=len, default=None)
    if known is None:
        raise SettingsError(
            f"there is no instruction template {name!r}; there are {', '.join(_KNOWN)}, "
            "and any Jinja text is taken"
        )
    return _MEANS[known]
