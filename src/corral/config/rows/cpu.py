"""Options about the CPUs that compute: threads, where they run, how they wait."""

from __future__ import annotations

from corral.config.engine_kinds import CpuMask, CpuRange
from corral.config.kinds import INT_MIN, Choice, Integer
from corral.config.option import Option

_ALL = "0 or below: as many as the machine has"
_STRICT = Choice({"0": False, "1": True})

ROWS = (
    Option(
        flags="-t --threads",
        env="LLAMA_ARG_THREADS",
        fills="engine.cpu.n_threads",
        kind=Integer(INT_MIN, 512, floor=0),
        default_text="as many as model and machine do best with",
        help=f"Threads that compute; {_ALL}.",
        differs=(
            "Without it small models get fewer threads than the machine has cores: more would wait "
            "for each other."
        ),
    ),
    Option(
        flags="-tb --threads-batch",
        env="LLAMA_ARG_THREADS_BATCH",
        fills="engine.cpu_batch.n_threads",
        kind=Integer(INT_MIN, 512, floor=0),
        default_text="as --threads",
        help=f"The same while prompts are read; {_ALL}.",
    ),
    Option(
        flags="--yield-cores",
        off="--no-yield-cores",
        fills="placement.is_yielding",
        is_own=True,
        help=(
            "Compute with fewer threads while other programs keep cores busy: a thread that has to share one "
            "holds up all. Only where the system tells (Linux)."
        ),
    ),
    Option(
        flags="-C --cpu-mask",
        fills="engine.cpu.cpus",
        kind=CpuMask(),
        is_repeatable=True,
        default_text="all CPUs",
        help="The CPUs that may compute, as a hexadecimal mask; adds to --cpu-range.",
    ),
    Option(
        flags="-Cr --cpu-range",
        fills="engine.cpu.cpus",
        kind=CpuRange(),
        is_repeatable=True,
        default_text="all CPUs",
        help="The CPUs that may compute, from the first to the last; adds to --cpu-mask.",
    ),
    Option(
        flags="--cpu-strict",
        fills="engine.cpu.is_strict",
        kind=_STRICT,
        default_text="0",
        help="1: each thread has a CPU of the mask for itself.",
    ),
    Option(
        flags="--prio",
        fills="engine.cpu.priority",
        kind=Integer(-1, 3),
        default_text="0",
        help="Priority of process and threads: low (-1), normal (0), medium (1), high (2), realtime (3).",
    ),
    Option(
        flags="--poll",
        fills="engine.cpu.poll",
        kind=Integer(0, 100),
        default_text="a short while",
        help="How long a thread spins before it sleeps while it waits for work; 0: not at all.",
        differs=(
            "Where llama.cpp is built with OpenMP it sets how long OpenMP's threads spin, for both phases."
        ),
    ),
    Option(
        flags="-Cb --cpu-mask-batch",
        fills="engine.cpu_batch.cpus",
        kind=CpuMask(),
        is_repeatable=True,
        default_text="as --cpu-mask",
        help="--cpu-mask while prompts are read; adds to --cpu-range-batch.",
    ),
    Option(
        flags="-Crb --cpu-range-batch",
        fills="engine.cpu_batch.cpus",
        kind=CpuRange(),
        is_repeatable=True,
        default_text="as --cpu-range",
        help="--cpu-range while prompts are read; adds to --cpu-mask-batch.",
    ),
    Option(
        flags="--cpu-strict-batch",
        fills="engine.cpu_batch.is_strict",
        kind=_STRICT,
        default_text="as --cpu-strict",
        help="--cpu-strict while prompts are read.",
    ),
    Option(
        flags="--prio-batch",
        fills="engine.cpu_batch.priority",
        kind=Integer(0, 3),
        default_text="as --prio",
        help="Priority of the threads while prompts are read: 0 to 3 as for --prio.",
    ),
    Option(
        flags="--poll-batch",
        fills="engine.cpu_batch.poll",
        kind=Integer(0, 100),
        default_text="as --poll",
        help="--poll while prompts are read. Where llama.cpp uses OpenMP, --poll counts for both.",
        differs="Counts only where llama.cpp is built without OpenMP; --poll says it for both otherwise.",
    ),
    Option(
        flags="--numa",
        env="LLAMA_ARG_NUMA",
        fills="engine.numa",
        kind=Choice({**{name: name for name in ("distribute", "isolate", "numactl")}, "": "distribute"}),
        help="Where threads run on a machine with several NUMA nodes: on all, on one, as numactl says.",
    ),
)
