from __future__ import annotations

import pytest

from corral.config.definitions.places import Places
from corral.config.definitions.whole import Ground
from corral.core.settings import Settings


@pytest.fixture(name="ground")
def bare_ground():
    return Ground(Settings(), Places("nowhere"))


@pytest.fixture(name="read_nothing")
def no_files():
    def read_file(path):
        raise FileNotFoundError(path)

    return read_file
