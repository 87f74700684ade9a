"""How a download is ended early."""

from __future__ import annotations

from corral.catalog.progress import Arrival, Progress, silent
from corral.core.errors import ModelLoadError


class DownloadCancelledError(ModelLoadError):
    """Somebody ended the download. What has arrived stays, and the next one goes on from there."""


class Cancellable:
    """A `Progress` that ends the download which tells it, once `cancel` was called; from any thread."""

    def __init__(self, progress: Progress = silent) -> None:
        self._progress = progress
        self._is_cancelled = False

    def cancel(self) -> None:
        """End the download at the next piece that arrives, or when its server stays silent for long."""
        self._is_cancelled = True

    def __call__(self, arrival: Arrival) -> None:
        """Pass it on. Raises DownloadCancelledError after `cancel`."""
        if self._is_cancelled:
            raise DownloadCancelledError(f"the download of {arrival.file} was cancelled")
        self._progress(arrival)
