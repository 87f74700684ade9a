"""Amounts of memory: of the machine, and of the devices that compute."""

from __future__ import annotations

import msgspec


class Memory(msgspec.Struct, frozen=True):
    """Bytes of main memory and, apart from it, of the devices (GPUs) together."""

    host_bytes: int = 0
    device_bytes: int = 0

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.host_bytes + other.host_bytes, self.device_bytes + other.device_bytes)

    def __sub__(self, other: Memory) -> Memory:
        return Memory(self.host_bytes - other.host_bytes, self.device_bytes - other.device_bytes)

    def fits(self, budget: Memory) -> bool:
        """Return whether neither amount is larger than that of `budget`."""
        return self.host_bytes <= budget.host_bytes and self.device_bytes <= budget.device_bytes
