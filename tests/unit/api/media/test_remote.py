"""Fetching for a stranger: never from private addresses, never too much, never for too long."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from corral.api.media.addresses import is_public, resolve
from corral.api.media.remote import RemoteImages
from corral.core.errors import InvalidRequestError

PUBLIC = "93.184.215.14"


class Handler(BaseHTTPRequestHandler):
    hosts: list[str]
    release: threading.Event

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        if self.path.startswith("/to/"):
            self._send(302, b"", {"Location": self.path.removeprefix("/to/")})
        elif self.path == "/round":
            self._send(302, b"", {"Location": "/round"})
        elif self.path == "/slow":
            self.release.wait(10)
            self._send(200, b"late", {})
        else:
            self._send(
                *{"/cat": (200, b"cat", {}), "/much": (200, b"x" * 101, {})}.get(self.path, (404, b"", {}))
            )

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def site():
    handler = type("Own", (Handler,), {"hosts": [], "release": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        handler.port = http.server_port
        yield handler
        handler.release.set()
        http.shutdown()
        thread.join()


def fetch(url, *, names=None, is_open=True, timeout_s=10.0):
    """Fetch with `names` as the name service; `is_open`: addresses on this machine count as public."""
    known = names or {}

    async def lookup(host, port):
        return known[host] if host in known else await resolve(host, port)

    def allows(address):
        return (is_open and address == "127.0.0.1") or is_public(address)

    remote = RemoteImages(100, resolve=lookup, is_public=allows, timeout_s=timeout_s)
    return asyncio.run(remote.fetch(url, "image"))


def test_an_image_is_fetched_from_the_checked_address_under_its_name(site):
    content = fetch(f"http://cats.test:{site.port}/cat", names={"cats.test": ["127.0.0.1"]})

    assert content == b"cat"
    assert site.hosts == [f"cats.test:{site.port}"]


def test_redirects_are_followed(site):
    assert fetch(f"http://127.0.0.1:{site.port}/to/cat".replace("/to/cat", "/to//cat")) == b"cat"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none", "answered 404"),
        ("/much", "larger than 100 bytes"),
        ("/round", "more than 5 redirects"),
        ("/to/file:///etc/passwd", "only http:// and https://"),
        ("/to/http://169.254.169.254/latest", "no public address"),
    ],
)
def test_what_goes_wrong_is_told(site, path, words):
    with pytest.raises(InvalidRequestError, match=words):
        fetch(f"http://127.0.0.1:{site.port}{path}")


def test_a_slow_server_is_given_up(site):
    with pytest.raises(InvalidRequestError, match=r"longer than 0\.2 s"):
        fetch(f"http://127.0.0.1:{site.port}/slow", timeout_s=0.2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0.0.0.0"])  # noqa: S104
def test_this_machine_is_never_asked(site, host):
    with pytest.raises(InvalidRequestError, match="cannot be fetched"):
        fetch(f"http://{host}:{site.port}/cat", is_open=False)

    assert site.hosts == []


def test_one_private_address_among_others_is_enough_to_refuse(site):
    names = {"cats.test": [PUBLIC, "10.0.0.1"]}

    with pytest.raises(InvalidRequestError, match=r"cats\.test is no public address"):
        fetch(f"http://cats.test:{site.port}/cat", names=names)


@pytest.mark.parametrize(
    "url", ["http://", "http://a b/", "http://user:word@cats.test/", "http://cats.test:0x/"]
)
def test_addresses_that_make_no_sense_are_refused(url):
    with pytest.raises(InvalidRequestError, match="cannot be fetched"):
        fetch(url, names={"cats.test": [PUBLIC]})


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        (PUBLIC, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound here
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_addresses_are_told_apart(address, is_open):
    assert is_public(address) == is_open
