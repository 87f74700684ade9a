"""When a model is no longer tried."""

import pytest

from corral.core.errors import UnavailableError
from corral.gateway.quarantine import N_FAILURES, LoadFailures


def failed(n):
    failures = LoadFailures()
    for _ in range(n):
        failures.add("the file is damaged")
    return failures


def test_too_many_failures_in_a_row_put_a_model_in_quarantine_with_its_reason():
    failures = failed(N_FAILURES)

    with pytest.raises(UnavailableError, match=r"'m' could not be loaded 3 times .* the file is damaged"):
        failures.check("m")


def test_fewer_do_not():
    failures = failed(N_FAILURES - 1)

    failures.check("m")


def test_what_is_forgotten_is_tried_again():
    failures = failed(N_FAILURES)
    failures.forget()

    failures.check("m")
    assert failures.reason == ""
