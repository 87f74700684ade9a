"""Options about chats: templates, thinking, and how answers are read."""

from __future__ import annotations

from corral.config.chat_kinds import Effort, JsonObject
from corral.config.kinds import Choice, Integer, Text, on_off_auto
from corral.config.option import Option

_FORMATS = ("none", "deepseek", "deepseek-legacy", "auto")

ROWS = (
    Option(
        flags="--jinja",
        off="--no-jinja",
        env="LLAMA_ARG_JINJA",
        fills="chat.is_jinja",
        help="Run Jinja chat templates; off: a template only shows which builtin one it resembles.",
        differs=(
            "Off: a template is only compared with the builtin ones, and its own text is not run, as in 2024."
        ),
    ),
    Option(
        flags="--chat-template-kwargs",
        env="LLAMA_ARG_CHAT_TEMPLATE_KWARGS",
        fills="chat.variables",
        kind=JsonObject(),
        is_repeatable=True,
        default_text="none",
        help="Variables for every chat template; a request's own chat_template_kwargs are stronger.",
    ),
    Option(
        flags="--prefill-assistant",
        off="--no-prefill-assistant",
        env="LLAMA_ARG_PREFILL_ASSISTANT",
        fills="chat.is_prefill_continued",
        help="Go on with a chat's last message if it is the assistant's; off: answer it.",
    ),
    Option(
        flags="--skip-chat-parsing",
        off="--no-skip-chat-parsing",
        env="LLAMA_ARG_SKIP_CHAT_PARSING",
        fills="chat.is_parsing_skipped",
        help="Answer with the bare text, thoughts and tool calls included.",
    ),
    Option(
        flags="--reasoning-format",
        env="LLAMA_ARG_THINK",
        fills="chat.reasoning_format",
        kind=Choice({name: name for name in _FORMATS}),
        help=(
            "Where thoughts go: none leaves them in the content, deepseek (and auto) puts them into "
            "reasoning_content, deepseek-legacy does both where an answer is not streamed."
        ),
    ),
    Option(
        flags="-rea --reasoning",
        env="LLAMA_ARG_REASONING",
        fills="chat.reasoning",
        kind=on_off_auto(),
        help="Tell the chat template to think or not to; auto: if it knows how.",
    ),
    Option(
        flags="--reasoning-effort",
        env="LLAMA_ARG_REASONING_EFFORT",
        fills="chat.reasoning_effort",
        kind=Effort(),
        default_text="default, the template's own",
        help="Tell the chat template how hard to think.",
    ),
    Option(
        flags="--reasoning-budget",
        env="LLAMA_ARG_THINK_BUDGET",
        fills="chat.reasoning_budget",
        kind=Integer(-1, none=(-1,)),
        unit="tokens",
        default_text="-1, no limit",
        help="How long the model may think; 0: not at all.",
    ),
    Option(
        flags="--reasoning-budget-message",
        env="LLAMA_ARG_THINK_BUDGET_MESSAGE",
        fills="chat.reasoning_budget_message",
        kind=Text("MESSAGE"),
        help="Put this in before thoughts that took too long are ended.",
    ),
    Option(
        flags="--reasoning-preserve",
        off="--no-reasoning-preserve",
        env="LLAMA_ARG_REASONING_PRESERVE",
        fills="chat.is_reasoning_preserved",
        help="Tell the chat template to show the thoughts of all past answers, where it can.",
    ),
)
