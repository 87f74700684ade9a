"""When a model that does not load is no longer tried."""

from __future__ import annotations

from corral.core.errors import UnavailableError

N_FAILURES = 3


class LoadFailures:
    """The loads of one model that failed in a row. `reason` is that of the last, `n` counts its engine's."""

    def __init__(self) -> None:
        self.n = 0
        self.reason = ""

    @property
    def is_quarantined(self) -> bool:
        """Whether the model is not tried again until `forget`."""
        return self.n >= N_FAILURES

    def add(self, reason: str) -> None:
        """The engine did not load the model."""
        self.n += 1
        self.reason = reason

    def note(self, reason: str) -> None:
        """It did not come to that: a file was missing, or a server silent, which may soon be otherwise."""
        self.reason = reason

    def condemn(self, reason: str) -> None:
        """The engine broke down so often that it is not started again."""
        self.n = N_FAILURES
        self.reason = reason

    def forget(self) -> None:
        """A load succeeded, the model has changed, or an administrator wants it tried again."""
        self.n = 0
        self.reason = ""

    def check(self, name: str) -> None:
        """Raise UnavailableError in quarantine."""
        if self.is_quarantined:
            raise UnavailableError(
                f"The model '{name}' could not be loaded {self.n} times in a row and is not tried again "
                f"until it changes or is loaded through /models/load: {self.reason}"
            )
