"""`keep_alive` in the forms of Ollama."""

import pytest

from corral.api.keep_alive import LONGEST_S, to_seconds
from corral.core.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (0, 0.0),
        (90, 90.0),
        (1.5, 1.5),
        (-1, -1.0),
        ("0", 0.0),
        ("-1", -1.0),
        ("300", 300.0),
        ("5m", 300.0),
        ("24h", 86400.0),
        ("1h30m10s", 5410.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
        ("-1m", -60.0),
        (10**30, LONGEST_S),
        (10**400, LONGEST_S),
        (-(10**400), -LONGEST_S),
        (float("inf"), LONGEST_S),
        ("9" * 60 + "h", LONGEST_S),
    ],
)
def test_seconds(value, seconds):
    assert to_seconds(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        float("nan"),
        "",
        " ",
        "m",
        "5x",
        "5 m",
        "5m ",
        "1h-5m",
        "\u0665m",
        "nan",
        "inf",
        [],
        {},
        "1" * 65,
    ],
)
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(InvalidRequestError, match="keep_alive"):
        to_seconds(value)
