"""Options about Corral itself: its help, its file of settings, its log."""

from __future__ import annotations

from corral.config.kinds import INT_MAX, Constant, Integer, Text, on_off_auto
from corral.config.option import Option

HELP = Option(
    flags="-h --help --usage",
    fills=None,
    help="Print all options and exit.",
)
VERSION = Option(
    flags="--version",
    fills=None,
    help="Print the versions of Corral and its libraries and exit.",
    differs="It also names the version of Corral.",
)
CONFIG = Option(
    flags="--config",
    env="CORRAL_CONFIG",
    fills=None,
    kind=Text(metavar="FNAME"),
    is_file=True,
    help="Read options from this YAML file; its keys are the long flags without their dashes.",
    is_own=True,
)
COMPLETION = Option(
    flags="--completion-bash",
    fills=None,
    help="Print a script that lets bash complete these options, and exit.",
    differs="It acts once the whole line was read without error.",
)

ROWS = (
    HELP,
    VERSION,
    CONFIG,
    COMPLETION,
    Option(
        off="--log-disable",
        fills="log.is_enabled",
        default_text="the log is on",
        help="Write no log at all.",
    ),
    Option(
        flags="--log-file",
        env="LLAMA_ARG_LOG_FILE",
        fills="log.file",
        kind=Text("FNAME"),
        help="Write the log to this file too; what it held is lost.",
    ),
    Option(
        flags="--log-colors",
        env="LLAMA_ARG_LOG_COLORS LLAMA_LOG_COLORS",
        fills="log.colors",
        kind=on_off_auto(),
        alone="on",
        help="Colour the log on the console; auto: when it is a terminal.",
    ),
    Option(
        flags="-v --verbose --log-verbose",
        fills="log.verbosity",
        kind=Constant(INT_MAX),
        default_text="off",
        help="Log everything.",
        differs=(
            "The scale is that of 2024, where 0 is information; the newest server counts from 1, "
            "error, to 5, debug."
        ),
    ),
    Option(
        flags="-lv --verbosity --log-verbosity",
        env="LLAMA_ARG_LOG_VERBOSITY LLAMA_LOG_VERBOSITY",
        fills="log.verbosity",
        kind=Integer(),
        help="0: log information, warnings and errors. 1 or more: debugging events too.",
        differs=(
            "The scale is that of 2024, where 0 is information; the newest server counts from 1, "
            "error, to 5, debug."
        ),
    ),
    Option(
        flags="--log-prefix",
        off="--no-log-prefix",
        env="LLAMA_ARG_LOG_PREFIX LLAMA_LOG_PREFIX",
        fills="log.has_prefix",
        help="Start each line with the letter of its level: D, I, W or E.",
    ),
    Option(
        flags="--log-timestamps",
        off="--no-log-timestamps",
        env="LLAMA_ARG_LOG_TIMESTAMPS LLAMA_LOG_TIMESTAMPS",
        fills="log.has_timestamps",
        help="Put the time since the start into the prefix; needs --log-prefix.",
    ),
    Option(
        flags="--log-jsonl",
        off="--no-log-jsonl",
        env="LLAMA_ARG_LOG_JSONL",
        fills="log.is_json",
        help="Write each line of the log as one JSON object.",
    ),
    Option(
        flags="-ld --logdir",
        fills="log.runs_dir",
        kind=Text("DIR"),
        help="Write a YAML file for each request here: its options, prompt, answer and timings.",
    ),
    Option(
        flags="--log-prompts-dir",
        fills="log.prompts_dir",
        kind=Text("DIR"),
        help="Write each prompt into a file of its own here.",
    ),
    Option(
        flags="--verbose-prompt",
        fills="log.has_prompts",
        help="Log each prompt, and each of its tokens with its text.",
    ),
)
