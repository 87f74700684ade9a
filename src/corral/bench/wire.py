"""HTTP/1.1 answers without I/O: bytes in, bytes of the body out (RFC 9112).

Only what a load generator needs: one answer a connection, no trailers kept, no content codings.
"""

from __future__ import annotations

from typing import Protocol

from corral.bench.errors import BenchError


class BodyReader(Protocol):
    """One of the three ways in which the end of a body is known."""

    is_complete: bool

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body that `data` completes."""

    def end(self) -> None:
        """Take note that the connection has closed; raise BenchError if the body is cut."""


class ChunkedBody:
    """A body in chunks (RFC 9112 section 7.1).

    A chunk is handed out once it is whole: servers send one for each event.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Return the content of the chunks that `data` completes."""
        buffer = self._rest + data if self._rest else data
        pieces: list[bytes] = []
        start = 0
        while (line_end := buffer.find(b"\r\n", start)) >= 0:
            n_bytes = _chunk_size(buffer[start:line_end])
            end = line_end + 2 + n_bytes
            if n_bytes == 0:
                # The empty line may directly follow the size, or follow trailers.
                self.is_complete = buffer.find(b"\r\n\r\n", line_end) >= 0
                break
            if len(buffer) < end + 2:
                break
            pieces.append(buffer[line_end + 2 : end])
            start = end + 2
        self._rest = buffer[start:]
        return b"".join(pieces)

    def end(self) -> None:
        """Raise unless the last chunk has come."""
        if not self.is_complete:
            raise BenchError("the server cut the stream before its end")


class SizedBody:
    """A body whose length was announced."""

    def __init__(self, n_bytes: int) -> None:
        self.is_complete = n_bytes == 0
        self._n_missing = n_bytes

    def feed(self, data: bytes) -> bytes:
        """Return `data`, and note how much is still to come."""
        self._n_missing -= len(data)
        self.is_complete = self._n_missing <= 0
        return data

    def end(self) -> None:
        """Raise unless everything announced has come."""
        if not self.is_complete:
            raise BenchError(f"the server cut its answer {self._n_missing} bytes before its end")


class UnsizedBody:
    """A body that ends with the connection."""

    def __init__(self) -> None:
        self.is_complete = False

    def feed(self, data: bytes) -> bytes:
        """Return `data`."""
        return data

    def end(self) -> None:
        """Take the close as the end."""
        self.is_complete = True


class AnswerReader:
    """Reads one answer. `status` is None until the head has come."""

    def __init__(self) -> None:
        self.status: int | None = None
        self._head = b""
        self._body: BodyReader = UnsizedBody()

    @property
    def is_complete(self) -> bool:
        """Whether the whole body has come."""
        return self.status is not None and self._body.is_complete

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body that `data` completes.

        Raises:
            BenchError: the bytes are no HTTP/1.1 answer.
        """
        if self.status is not None:
            return self._body.feed(data)
        self._head += data
        head, separator, rest = self._head.partition(b"\r\n\r\n")
        if not separator:
            return b""
        self.status, self._body = _read_head(head)
        return self._body.feed(rest) if rest else b""

    def end(self) -> None:
        """Take note that the connection has closed.

        Raises:
            BenchError: the answer is not whole.
        """
        if self.status is None:
            raise BenchError("the server closed the connection without an answer")
        self._body.end()


def _read_head(head: bytes) -> tuple[int, BodyReader]:
    """Return the status and how the end of the body will be known."""
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise BenchError(f"the server does not speak HTTP/1.1; it began with {status_line[:60]!r}")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(rest[:3]), _body_reader(fields)


def _body_reader(fields: dict[str, str]) -> BodyReader:
    if fields.get("transfer-encoding", "").lower().endswith("chunked"):
        return ChunkedBody()
    if fields.get("content-length", "").isdigit():
        return SizedBody(int(fields["content-length"]))
    return UnsizedBody()


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise BenchError(f"the server sent a chunk of size {line[:20]!r}") from error
