"""What memory the machine has, and the part of it that models may take."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import NamedTuple

from corral.core.main_memory import available_memory_bytes
from corral.core.memory import Memory

# What the system, the gateway and everything else on the machine keep of main memory.
HOST_SHARE = 0.8
# What a device keeps for itself and for what else runs on it.
DEVICE_SHARE = 0.9

# Looking for devices loads drivers, which may fail in ways that end a process: a child does it.
DEVICES_ARGV = (sys.executable, "-P", "-m", "corral.engine.llama.devices")
_TIMEOUT_S = 60
_TOTAL = re.compile(r"\((\d+) MiB, \d+ MiB free\)")  # as `--list-devices` shows each


class Machine(NamedTuple):
    """The memory that there is: for a container what it may have, of devices that of all together."""

    memory: Memory

    @property
    def has_device(self) -> bool:
        """Whether layers can lie elsewhere than in main memory."""
        return self.memory.device_bytes > 0

    @property
    def budget(self) -> Memory:
        """What models may take together, unless somebody sets another bound."""
        return Memory(int(self.memory.host_bytes * HOST_SHARE), int(self.memory.device_bytes * DEVICE_SHARE))


def this_machine(*, are_devices_wanted: bool) -> Machine:
    """Return what this one has. Blocks for a second where devices are wanted."""
    return Machine(Memory(available_memory_bytes(), device_bytes() if are_devices_wanted else 0))


def device_bytes(argv: tuple[str, ...] = DEVICES_ARGV) -> int:
    """Return the memory of all devices that llama.cpp can use here, 0 if none or they cannot be asked."""
    try:
        found = subprocess.run(  # noqa: S603 - our own module
            argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(int(mib) for mib in _TOTAL.findall(found.stdout)) * 1024**2
