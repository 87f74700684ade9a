from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fake_hub import FakeHub, running_hub


@dataclass
class FileServer:
    """A server on this machine whose files, versions and accidents a test decides.

    `cuts` are how many bytes the next answers send before the connection breaks, `announced` is the length
    that is told instead of the true one.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"1"'
    cuts: list[int] = field(default_factory=list)
    announced: int | None = None
    is_down: bool = False
    gets: list[dict[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    served: FileServer

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self.served.gets.append({**self.headers, "path": self.path.partition("?")[0]})
        self._answer(has_body=True)

    def log_message(self, *_args: object) -> None:
        pass

    def _answer(self, *, has_body: bool) -> None:
        body = self.served.files.get(self.path.partition("?")[0].lstrip("/"))
        if self.served.is_down:
            self.close_connection = True
            return
        if body is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = self._start() if has_body else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(self.served.announced or len(body) - start))
        self.send_header("ETag", self.served.etag)
        self.end_headers()
        if has_body:
            self._send(body[start:])

    def _start(self) -> int:
        if "Range" not in self.headers or self.headers.get("If-Range", self.served.etag) != self.served.etag:
            return 0
        return int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))

    def _send(self, body: bytes) -> None:
        n_sent = self.served.cuts.pop(0) if self.served.cuts else len(body)
        self.wfile.write(body[:n_sent])
        self.close_connection = True


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer()
    handler = type("Handler", (_Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        served.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        http.shutdown()
        thread.join()


@pytest.fixture
def fake_hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        yield hub
