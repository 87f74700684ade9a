"""A Hugging Face hub on this machine: repositories, their API, and the file servers that it redirects to.

It speaks what a client of the hub meets: the model's facts, HEAD and GET of `resolve`, commits, ETags (sha256
of large files), redirects to another host, ranges, tokens, gated and private repositories; and accidents.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
_RANGE = re.compile(r"bytes=(\d+)-")
DEADLINE_S = 60


@dataclass
class Seen:
    """One request that came (its headers' names in lower case), and how many bytes of a file it was given."""

    method: str
    server: str
    path: str
    headers: dict[str, str]
    n_sent: int = 0


@dataclass
class FakeHub:
    """Repositories and accidents, as a test decides.

    `cuts`: how many bytes the next answers with a file send before the connection breaks. `held`: after its
    first bytes, an answer waits for `let_go`. `announced`: sizes that are told instead of the true ones.
    `status`: what the hub answers to everything. `damaged`: files that arrive with other bytes.
    """

    url: str = ""
    cdn_url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=lambda: {"hf_good"})
    cuts: list[int] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    announced: dict[str, int] = field(default_factory=dict)
    xet: set[str] = field(default_factory=set)
    status: int | None = None
    n_held: int | None = None
    seen: list[Seen] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def publish(self, repo: str, files: dict[str, bytes]) -> None:
        """Put files into a repository, which has a new commit then."""
        self.repos.setdefault(repo, {}).update(files)

    def commit(self, repo: str) -> str:
        """Return the version that the repository has now."""
        parts = [repo, *(f"{name} {sha256(body)}" for name, body in sorted(self.repos[repo].items()))]
        return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()

    def n_file_bytes(self) -> int:
        """Return how many bytes of files have been sent."""
        return sum(one.n_sent for one in self.seen)

    def gets(self) -> list[Seen]:
        """Return the requests that were answered with bytes of files."""
        return [one for one in self.seen if one.method == "GET" and one.server == "cdn"]


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_args: object) -> None:
        pass

    def _answer(self) -> None:
        server = "cdn" if self.hub.cdn_url.endswith(f":{self.server.server_address[1]}") else "hub"
        self._seen = Seen(
            self.command, server, self.path, {name.lower(): value for name, value in self.headers.items()}
        )
        self.hub.seen.append(self._seen)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if server == "cdn":
                self._answer_bytes()
            elif self.hub.status is not None:
                self._finish(self.hub.status)
            elif self.path.startswith("/api/models/"):
                self._answer_facts(self.path.removeprefix("/api/models/").partition("?")[0])
            else:
                self._answer_resolve()

    def _answer_facts(self, repo: str) -> None:
        if repo not in self.hub.repos or (repo in self.hub.private and not self._has_token()):
            self._finish(401 if not self._has_token() else 404, {"X-Error-Code": "RepoNotFound"})
            return
        siblings = [{"rfilename": name} for name in self.hub.repos[repo]]
        facts = {"id": repo, "sha": self.hub.commit(repo), "siblings": siblings}
        self._finish(200, {"Content-Type": "application/json"}, json.dumps(facts).encode())

    def _answer_resolve(self) -> None:
        match = _RESOLVE.fullmatch(self.path)
        files = self.hub.repos.get(match["repo"]) if match else None
        if match is None or files is None:
            self._finish(404, {"X-Error-Code": "RepoNotFound"})
        elif match["repo"] in self.hub.gated and not self._has_token():
            self._finish(403, {"X-Error-Code": "GatedRepo"})
        elif match["revision"] not in {"main", self.hub.commit(match["repo"])}:
            self._finish(404, {"X-Error-Code": "RevisionNotFound"})
        elif match["file"] not in files:
            self._finish(
                404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": self.hub.commit(match["repo"])}
            )
        else:
            self._redirect(match["repo"], match["file"], files[match["file"]])

    def _redirect(self, repo: str, file: str, body: bytes) -> None:
        headers = {
            "Location": f"{self.hub.cdn_url}/{sha256(body)}/{file}?signature=abc",
            "X-Repo-Commit": self.hub.commit(repo),
            "X-Linked-ETag": f'"{sha256(body)}"',
            "X-Linked-Size": str(self.hub.announced.get(file, len(body))),
            "ETag": '"of the redirect"',
        }
        if file in self.hub.xet:
            headers |= {"X-Xet-Hash": sha256(body), "X-Xet-Refresh-Route": f"{self.hub.url}/xet-token"}
        self._finish(302, headers)

    def _answer_bytes(self) -> None:
        # A signed address is for a GET, without further credentials, as at the hub's file servers.
        if self.command != "GET" or "authorization" in {name.lower() for name in self.headers}:
            self._finish(400)
            return
        digest, file = self.path.partition("?")[0].lstrip("/").split("/", 1)
        bodies = [body for files in self.hub.repos.values() for body in files.values()]
        body = next(body for body in bodies if sha256(body) == digest)
        if file in self.hub.damaged:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self._send(body)

    def _send(self, body: bytes) -> None:
        match = _RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        if start >= len(body) > 0:
            self._finish(416)
            return
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", '"the file server has ETags of its own"')
        self.end_headers()
        rest = body[start:]
        self._write(rest[: self.hub.cuts.pop(0)] if self.hub.cuts else rest)

    def _write(self, body: bytes) -> None:
        n_first = len(body) if self.hub.n_held is None else self.hub.n_held
        for piece in (body[:n_first], body[n_first:]):
            if not piece:
                continue
            self._seen.n_sent += len(piece)
            self.wfile.write(piece)
            self.wfile.flush()
            if self.hub.n_held is not None:
                self.hub.let_go.wait(DEADLINE_S)

    def _has_token(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.hub.tokens

    def _finish(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status, HTTPStatus(status).phrase)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextlib.contextmanager
def running_hub():
    """Yield a FakeHub that listens on free ports of this machine, its file server on another one."""
    hub = FakeHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with contextlib.ExitStack() as running:
        hub.url, hub.cdn_url = (running.enter_context(_listening(handler)) for _ in range(2))
        running.callback(hub.let_go.set)
        yield hub


@contextlib.contextmanager
def _listening(handler):
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()
