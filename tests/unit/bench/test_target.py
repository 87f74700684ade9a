from __future__ import annotations

import pytest

from corral.bench.errors import BenchError
from corral.bench.target import parse_target


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", ("127.0.0.1", 8080, "", False)),
        ("http://localhost:8080/", ("localhost", 8080, "", False)),
        ("https://models.example/api/", ("models.example", 443, "/api", True)),
        ("http://[::1]:8080", ("::1", 8080, "", False)),
    ],
)
def test_a_base_url_is_taken_apart(url: str, expected: tuple[str, int, str, bool]) -> None:
    target = parse_target("A", url)

    assert (target.host, target.port, target.prefix, target.is_tls) == expected


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://", "http://host:99999"])
def test_another_url_is_an_error(url: str) -> None:
    with pytest.raises(BenchError, match=r"is not a base URL|has a port"):
        parse_target("A", url)


def test_a_request_carries_prefix_key_and_length() -> None:
    target = parse_target("A", "http://[::1]:8080/api", api_key="k")

    request = target.request_bytes("/completion", b"{}")

    assert request.startswith(b"POST /api/completion HTTP/1.1\r\nHost: [::1]:8080\r\n")
    assert b"\r\nAuthorization: Bearer k\r\n" in request
    assert b"\r\nContent-Length: 2\r\n" in request
    assert request.endswith(b"\r\n\r\n{}")


def test_certificates_are_checked_unless_told_otherwise() -> None:
    checked = parse_target("A", "https://host").tls_context()
    unchecked = parse_target("A", "https://host", is_verified=False).tls_context()

    assert checked is not None
    assert checked.check_hostname
    assert unchecked is not None
    assert not unchecked.check_hostname
    assert parse_target("A", "http://host").tls_context() is None
