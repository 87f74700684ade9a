"""Keys, and what browsers from other origins may do."""

from __future__ import annotations

import socket

import openai
import pytest

KEY = "sk-this-is-the-secret-key"
ORIGIN = "Origin: http://web.mydomain.fr"
BODY = {"prompt": "I believe the meaning of life is", "n_predict": 4}


@pytest.fixture
def guarded(serve):
    """With a key, and with the page, which is public."""
    return serve(api_key=KEY, no_ui=False, slots=True, metrics=True, props=True)


@pytest.mark.parametrize("path", ["/health", "/v1/health", "/models", "/v1/models", "/props"])
def test_what_is_public_needs_no_key(guarded, path):
    reply = guarded.get(path)

    assert reply.status_code == 200
    assert "error" not in reply.json()


def test_the_page_needs_no_key(guarded):
    reply = guarded.get("/", follow_redirects=True)

    assert reply.status_code == 200
    assert "<!doctype html>" in reply.text


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer invalid-key"}, {"X-Api-Key": "x"}])
@pytest.mark.parametrize(
    "path",
    ["/completions", "/v1/chat/completions", "/tokenize", "/props", "/rerank", "/slots/0?action=erase"],
)
def test_no_key_or_another_is_refused(guarded, path, header):
    reply = guarded.post(path, BODY, headers=header)

    error = {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}
    assert (reply.status_code, reply.json()) == (401, {"error": error})


@pytest.mark.parametrize("path", ["/slots", "/metrics", "/lora-adapters"])
def test_what_shows_other_users_needs_the_key(guarded, path):
    assert guarded.get(path).status_code == 401
    assert guarded.get(path, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize(
    "header", [{"Authorization": f"Bearer {KEY}"}, {"Authorization": KEY}, {"X-Api-Key": KEY}]
)
def test_the_key_opens_in_every_header(guarded, header):
    reply = guarded.post("/completions", BODY, headers=header)

    assert reply.status_code == 200
    assert "content" in reply.json()


def test_openais_client_sends_it_also_without_v1(guarded):
    with openai.OpenAI(api_key=KEY, base_url=guarded.url, max_retries=0) as client:
        answer = client.chat.completions.create(
            model="gpt-3.5-turbo", messages=[{"role": "user", "content": "Hello?"}], max_tokens=4
        )

    assert len(answer.choices) == 1


@pytest.mark.parametrize("origin", ["localhost", "web.mydomain.fr"])
def test_browsers_may_ask_from_anywhere_without_a_key(guarded, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Authorization",
    }

    reply = guarded.http.options("/completions", headers=headers)

    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == origin
    assert reply.headers["access-control-allow-credentials"] == "true"
    assert "GET, POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "*"


def test_names_of_headers_have_the_letters_that_a_plain_dict_is_asked_for(guarded):
    """Read from the socket, as clients' libraries level the letters."""
    with socket.create_connection(("127.0.0.1", int(guarded.url.rpartition(":")[2]))) as connection:
        connection.sendall(
            f"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Api-Key: {KEY}\r\n{ORIGIN}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)

    names = {line.split(b":")[0] for line in head.split(b"\r\n")[1:]}
    assert {b"Access-Control-Allow-Origin", b"Content-Type", b"Process-Start-Time-Unix", b"Server"} <= names
    assert b"content-length" in {name.lower() for name in names}
