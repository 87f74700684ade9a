"""Options about many models: where they are declared, how many are in memory, how long they stay."""

from __future__ import annotations

from corral.config.chat_kinds import Labels
from corral.config.checks import no_dir, no_file
from corral.config.kinds import Integer, Real, Text
from corral.config.model_kinds import ByteSize, IdleSeconds, Mebibytes
from corral.config.option import Option
from corral.config.server_kinds import SecondsOrNever
from corral.core.main_memory import main_memory_bytes

_YEAR_S = 365 * 24 * 3600

LOAD_ON_STARTUP = Option(
    flags="--load-on-startup",
    off="--no-load-on-startup",
    fills="stay.is_preloaded",
    is_own=True,
    help=(
        "Load the model when the server starts. Of a declared model, where it may also be written preload; "
        "on the command line it speaks of all."
    ),
)

ROWS = (
    Option(
        flags="--models-dir",
        env="LLAMA_ARG_MODELS_DIR",
        fills="catalog.models_dir",
        kind=Text("DIR"),
        check=no_dir,
        default_text="models, if there is one and no model is named",
        help="Serve the models in this folder, at any depth; the model field of a request picks one.",
        differs=(
            "Files are found at any depth, and new ones without a restart. A model that is named beside it "
            "(-m, -hf) is one of many, and the one for requests that name none."
        ),
    ),
    Option(
        flags="--models-preset",
        env="LLAMA_ARG_MODELS_PRESET",
        fills="catalog.preset_file",
        kind=Text("FILE"),
        check=no_file,
        help=(
            "Serve the models of this INI file: a section each, whose keys are flags without dashes; "
            "[*] speaks of all."
        ),
        differs=(
            "What a section says beats the command line, which speaks of all models. A key that speaks of "
            "the server (host, api-key, models-max) is refused, not ignored."
        ),
    ),
    Option(
        flags="--definitions",
        fills="catalog.definitions_file",
        kind=Text("FILE"),
        check=no_file,
        is_own=True,
        help=(
            "Serve the models that this Python file defines (model_definitions.py, as of llama-api). It is "
            "run, in a process of its own, so it is read only when it is named."
        ),
    ),
    Option(
        flags="--default-model",
        fills="catalog.default",
        kind=Text("NAME"),
        default_text="the one named by -m or -hf, else the first by name",
        is_own=True,
        help="The model for requests that name none.",
    ),
    Option(
        flags="--models-autoload",
        off="--no-models-autoload",
        env="LLAMA_ARG_MODELS_AUTOLOAD",
        fills="catalog.is_autoloaded",
        help="Load a model when a request names it; off: only when it is loaded by hand.",
    ),
    Option(
        flags="--preload",
        fills="catalog.preloaded",
        kind=Labels("NAME[,NAME...]"),
        is_repeatable=True,
        is_own=True,
        help="Load these models when the server starts.",
    ),
    LOAD_ON_STARTUP,
    Option(
        flags="--models-max -w --max-workers",
        env="LLAMA_ARG_MODELS_MAX CORRAL_MAX_WORKERS",
        fills="placement.max_workers",
        kind=Integer(0, none=(0,)),
        unit="models",
        help="How many models may be in memory at once; 0: as many as the memory bears.",
        differs="The memory bounds them too (--memory-budget).",
    ),
    Option(
        flags="--memory-budget",
        fills="placement.memory_budget_bytes",
        kind=ByteSize(main_memory_bytes),
        unit="bytes",
        default_text="what the machine can spare",
        is_own=True,
        help="How much main memory all models may take together, like 8G, 500M or 80% of the machine's.",
    ),
    Option(
        flags="--device-memory-budget",
        fills="placement.device_budget_bytes",
        kind=ByteSize(),
        unit="bytes",
        default_text="what the devices can spare",
        is_own=True,
        help="How much memory of the GPUs all models may take together, like 20G.",
    ),
    Option(
        flags="--cache-parked",
        fills="placement.parked_bytes",
        kind=Mebibytes(),
        unit="MiB",
        default_text="an eighth of main memory, at most 8192",
        is_own=True,
        help=(
            "Main memory for conversations of models that were unloaded, all together: they go on when the "
            "model comes back. 0 for none. Not of models with --cache-disk, and only on Linux."
        ),
    ),
    Option(
        flags="--load-wait-s",
        fills="placement.load_wait_s",
        kind=Real(0, _YEAR_S),
        unit="s",
        is_own=True,
        help="How long a request waits for room for its model before it is answered with 503.",
    ),
    Option(
        flags="--spare-engine",
        off="--no-spare-engine",
        fills="placement.has_spare",
        is_own=True,
        help=(
            "Of several models, load the next one in a process that was started beforehand: it comes sooner, "
            "and the process takes some memory while it waits."
        ),
    ),
    Option(
        flags="--sleep-idle-seconds",
        env="LLAMA_ARG_SLEEP_IDLE_SECONDS",
        fills="stay.ttl_s",
        kind=IdleSeconds(),
        unit="s",
        default_text="-1, never",
        help="Unload a model that had nothing to do for so long; the next request loads it again.",
        differs="The process of the model ends, so that all of its memory comes back.",
    ),
    Option(
        flags="--ttl",
        fills="stay.ttl_s",
        kind=SecondsOrNever("SECONDS"),
        unit="s",
        default_text="-1, never",
        is_own=True,
        help="The same, also with parts of a second.",
    ),
    Option(
        flags="--pin",
        off="--no-pin",
        fills="stay.is_pinned",
        is_own=True,
        help="Never unload the model to make room for another.",
    ),
)
