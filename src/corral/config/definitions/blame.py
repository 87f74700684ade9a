"""Says where a wrong declaration stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from corral.core.errors import SettingsError


@contextmanager
def blame(where: str) -> Iterator[None]:
    """Put `where` before the sentence of every `SettingsError` that is raised inside."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{where}{error.message}") from error
