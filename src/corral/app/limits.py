"""What models may take together: what the server was told, else what the machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corral.core.memory import Memory
from corral.gateway.placement import Limits

if TYPE_CHECKING:
    from corral.core.settings import PlacementSettings
    from corral.gateway.machine import Machine


def limits_of(placement: PlacementSettings, machine: Machine) -> Limits:
    """Return the bounds. A budget that was set is kept to the byte; a guessed one may be wrong."""
    host_bytes, device_bytes = placement.memory_budget_bytes, placement.device_budget_bytes
    guess = machine.budget
    budget = Memory(
        guess.host_bytes if host_bytes is None else host_bytes,
        guess.device_bytes if device_bytes is None else device_bytes,
    )
    is_hard = host_bytes is not None or device_bytes is not None
    return Limits(max_workers=placement.max_workers or None, budget=budget, is_hard=is_hard)
