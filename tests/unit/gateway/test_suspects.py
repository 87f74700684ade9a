"""Requests that ran at crashes."""

import msgspec
import pytest

from corral.core.errors import InvalidRequestError
from corral.gateway.suspects import N_KEPT, Suspects


def test_a_request_that_ran_at_two_crashes_is_refused_whatever_it_is_called(words):
    suspects = Suspects()
    suspects.crashed([words.request("a")])
    suspects.crashed([words.request("b")])

    with pytest.raises(InvalidRequestError, match="both times"):
        suspects.check(words.request("c"))


def test_one_crash_is_forgiven(words):
    suspects = Suspects()
    suspects.crashed([words.request("a"), words.request("b")])

    suspects.check(words.request("c"))


def test_another_request_is_served(words):
    suspects = Suspects()
    for _ in range(2):
        suspects.crashed([words.request()])

    suspects.check(msgspec.structs.replace(words.request(), prompt=["other"]))


def test_what_is_kept_is_bounded(words):
    suspects = Suspects()
    for _ in range(2):
        suspects.crashed([words.request()])
    many = (msgspec.structs.replace(words.request(), prompt=[f"{n}"]) for n in range(N_KEPT))
    suspects.crashed(many)

    suspects.check(words.request())
