from __future__ import annotations

import pytest

from corral.bench.errors import BenchError
from corral.bench.wire import AnswerReader

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nab\r\nc\r\n0B;name=value\r\n0123456789a\r\n0\r\nTrailer: x\r\n\r\n"
)


def read(*parts: bytes) -> tuple[AnswerReader, bytes]:
    reader = AnswerReader()
    return reader, b"".join(reader.feed(part) for part in parts)


def test_chunks_are_joined_over_every_split_in_two() -> None:
    for border in range(len(CHUNKED) + 1):
        reader, body = read(CHUNKED[:border], CHUNKED[border:])

        assert (reader.status, body, reader.is_complete) == (200, b"ab\r\nc0123456789a", True)


def test_chunks_are_joined_from_single_bytes() -> None:
    reader, body = read(*(CHUNKED[index : index + 1] for index in range(len(CHUNKED))))

    assert (body, reader.is_complete) == (b"ab\r\nc0123456789a", True)


def test_an_announced_length_ends_the_body() -> None:
    reader, body = read(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nwa", b"it")

    assert (reader.status, body, reader.is_complete) == (503, b"wait", True)


def test_without_a_length_the_close_ends_the_body() -> None:
    reader, body = read(b"HTTP/1.0 200 OK\r\n\r\nab", b"c")
    was_complete = reader.is_complete

    reader.end()

    assert (body, was_complete, reader.is_complete) == (b"abc", False, True)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", "2 bytes before its end"),
        (CHUNKED[:-20], "cut the stream"),
    ],
)
def test_a_close_before_the_end_is_an_error(answer: bytes, sentence: str) -> None:
    reader, _ = read(answer)

    with pytest.raises(BenchError, match=sentence):
        reader.end()


def test_another_protocol_is_an_error() -> None:
    with pytest.raises(BenchError, match=r"does not speak HTTP/1.1; it began with 'SSH-2.0"):
        read(b"SSH-2.0-x\r\n\r\n")


def test_a_chunk_of_no_size_is_an_error() -> None:
    with pytest.raises(BenchError, match="chunk of size"):
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ndata: x\r\n")
