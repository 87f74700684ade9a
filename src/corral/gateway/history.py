"""What is remembered of a model over all its workers: it may be unloaded and loaded many times."""

from __future__ import annotations

from corral.gateway.metrics import Meter
from corral.gateway.suspects import Suspects


class History:
    """Counts since the server started. Changed by the model's present worker only."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.suspects = Suspects()
        self.n_loads = 0
        self.n_starts = 0
        self.n_crashes = 0

    @property
    def n_restarts(self) -> int:
        """How often a process was started because the one before had crashed."""
        return max(0, self.n_starts - self.n_loads)
