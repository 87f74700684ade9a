from __future__ import annotations

import pytest

from corral.bench.sse import EventScanner

STREAM = b'data: {"content":"\xc3\xa9"}\n\n: still here\n\ndata: {"content":"data: b"}\n\ndata: [DONE]\n\n'
PAYLOADS = [b'{"content":"\xc3\xa9"}', b'{"content":"data: b"}', b"[DONE]"]


@pytest.mark.parametrize("stream", [STREAM, STREAM.replace(b"\n", b"\r\n")], ids=["lf", "crlf"])
def test_every_split_in_two_gives_the_same_events(stream: bytes) -> None:
    for border in range(len(stream) + 1):
        scanner = EventScanner()

        n_events = scanner.feed(stream[:border]) + scanner.feed(stream[border:])

        assert n_events == 3
        assert scanner.last_payloads() == PAYLOADS


def test_single_bytes_give_the_same_events() -> None:
    scanner = EventScanner()

    n_events = sum(scanner.feed(STREAM[index : index + 1]) for index in range(len(STREAM)))

    assert n_events == 3
    assert scanner.last_payloads() == PAYLOADS


def test_an_event_without_its_empty_line_is_not_counted() -> None:
    assert EventScanner().feed(b'data: {"content":"a"}\n') == 0


def test_an_event_of_several_lines_is_read_by_its_data() -> None:
    scanner = EventScanner()

    n_events = scanner.feed(b'error: {"code":500}\ndata: {"error":{"code":500}}\n\n')

    assert n_events == 1
    assert scanner.last_payloads() == [b'{"error":{"code":500}}']


def test_only_the_last_reads_are_kept() -> None:
    scanner = EventScanner()

    for index in range(100):
        scanner.feed(b"data: %d\n\n" % index)

    assert scanner.last_payloads()[-1] == b"99"
    assert len(scanner.last_payloads()) < 10
