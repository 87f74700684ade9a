"""What comes back from another server: as it is and as it comes, and clear errors when it does not."""

import asyncio
import json

import httpx
import pytest

KEY = "sk-of-the-other-server"
ASK = {"model": "other", "prompt": "a"}
PATH = "/v1/completions"


def test_status_type_and_body_come_back_as_they_are(remote, other_server):
    other_server.status = 201
    other_server.headers = {"content-type": "Text/Odd; a=b", "x-request-id": "7", "x-ratelimit-limit": "9"}
    other_server.pieces = [b"\x00 not", b" JSON \xff"]

    reply = remote.post(PATH, ASK)

    assert reply.status_code == 201
    assert reply.content == b"\x00 not JSON \xff"
    assert reply.headers["content-type"] == "Text/Odd; a=b"
    assert (reply.headers["x-request-id"], reply.headers["x-ratelimit-limit"]) == ("7", "9")
    assert other_server.n_closed == 1


def test_an_empty_answer_stays_one(remote, other_server):
    other_server.status, other_server.headers, other_server.pieces = 204, {}, []

    reply = remote.post(PATH, ASK)

    assert (reply.status_code, reply.content) == (204, b"")


def test_what_is_between_the_other_server_and_us_stays_there(remote, other_server):
    other_server.headers = {
        "content-type": "text/plain",
        "connection": "close",
        "transfer-encoding": "chunked",
        "set-cookie": "a=b",
        "strict-transport-security": "max-age=1",
        "alt-svc": 'h3=":443"',
        "access-control-allow-origin": "http://far.example",
        "openai-organization": "ours",
        "server": "theirs",
    }

    reply = remote.post(PATH, ASK)

    theirs = {name for name, value in other_server.headers.items() if reply.headers.get(name) == value}
    assert theirs == {"content-type"}


def test_a_stream_comes_piece_by_piece(remote, other_server, browser):
    pieces = [b"data: %d\n\n" % number for number in range(3)]
    other_server.stream(*pieces)
    other_server.proceed = asyncio.Event()  # a piece is only made once the one before has been sent on
    seen = []

    def on_send(message):
        if message.get("body"):
            seen.append(message["body"])
            other_server.proceed.set()

    ours = browser(PATH, ASK, on_send)
    asyncio.run(ours.ask(remote.app))

    assert seen == pieces
    headers = dict(ours.sent[0]["headers"])
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert (headers[b"cache-control"], headers[b"x-accel-buffering"]) == (b"no-cache", b"no")
    assert ours.sent[-1].get("more_body", False) is False


def test_a_stream_begins_before_its_first_event(remote, other_server, browser):
    other_server.stream()
    other_server.hangs = True

    async def leave_at_the_head():
        ours = browser(PATH, ASK, lambda _message: ours.leave())
        await ours.ask(remote.app)
        return ours.sent

    sent = asyncio.run(leave_at_the_head())

    assert [message["type"] for message in sent] == ["http.response.start"]


def test_a_stream_stays_as_it_is_however_it_is_cut(remote, other_server):
    whole = b': hi\r\n\r\ndata: {"a": 1}\n\nevent: x\ndata: 2\r\rdata: [DONE]\n\nrest'
    other_server.stream(*(whole[at : at + 1] for at in range(len(whole))))

    assert remote.post(PATH, ASK).content == whole


def test_a_stream_that_breaks_off_ends_with_an_event_that_says_so(remote, other_server):
    other_server.stream(b"data: 1\n\nda", b'ta: 2\n\ndata: {"half')
    other_server.failure = httpx.RemoteProtocolError("cut")

    text = remote.post(PATH, ASK).text

    before, _, last = text.partition("error: ")
    assert before == "data: 1\n\ndata: 2\n\n"
    shown, data, *rest = last.split("\n")
    assert json.loads(shown)["message"] == "The server that runs the model 'other' broke off the connection"
    assert json.loads(data.removeprefix("data: "))["error"]["code"] == 502
    assert rest == ["", ""]


def test_a_stream_that_falls_silent_ends_with_an_event_that_says_so(serve_remote, other_server):
    other_server.stream(b"data: 1\n\n")
    other_server.failure = httpx.ReadTimeout("")

    text = serve_remote(timeout_s=7.5).post(PATH, ASK).text

    assert "was silent for 7.5 s" in text
    assert '"code":504' in text


FAULTS = [
    (httpx.ConnectError("refused"), 502, "cannot be reached"),
    (httpx.ConnectTimeout(""), 504, "takes no connection within 10 s"),
    (httpx.ReadTimeout(""), 504, "was silent for 600 s"),
    (httpx.WriteTimeout(""), 504, "was silent for 600 s"),
    (httpx.RemoteProtocolError("x"), 502, "broke off the connection"),
    (httpx.ReadError(""), 502, "broke off the connection"),
    (httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"), 502, "broke off"),
]


@pytest.mark.parametrize("case", FAULTS, ids=[type(fault).__name__ for fault, *_ in FAULTS])
def test_what_goes_wrong_is_told_with_the_name_of_the_model_and_without_the_key(
    remote, other_server, refused, caplog, case
):
    fault, status, words = case
    other_server.refusal = fault
    refused(remote.post(PATH, ASK), "'other'", words, status=status)
    other_server.refusal, other_server.failure, other_server.pieces = None, fault, []
    refused(remote.post(PATH, ASK), "'other'", words, status=status)

    logged = [record.fields for record in caplog.records if record.message == "remote.failed"]
    assert len(logged) == 2
    assert KEY not in str(logged)


def test_a_body_that_breaks_off_is_not_ended(remote, other_server, browser):
    other_server.pieces = [b'{"half']
    other_server.failure = httpx.ReadError("")

    ours = browser(PATH, ASK)
    asyncio.run(ours.ask(remote.app))

    assert ours.bodies == [b'{"half']
    assert ours.sent[-1]["more_body"] is True


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_errors_of_the_other_server_come_back_without_our_key(remote, other_server, status):
    other_server.status = status
    other_server.headers = {"content-type": "application/problem+json", "retry-after": "3"}
    other_server.pieces = [b'{"error": "you sent sk-of-the', b'-other-server"}']

    reply = remote.post(PATH, {**ASK, "stream": True})

    assert (reply.status_code, reply.text) == (status, '{"error": "you sent [key]"}')
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.headers["retry-after"], reply.headers["content-length"]) == ("3", str(len(reply.content)))


def test_an_endless_error_is_cut(remote, other_server):
    other_server.status = 500
    other_server.pieces = [b"x" * 700_000] * 3
    other_server.hangs = True

    assert len(remote.post(PATH, ASK).content) == 1024 * 1024
    assert other_server.n_closed == 1


@pytest.mark.parametrize(
    ("status", "words"), [(401, "does not accept Corral's key"), (302, "elsewhere (302)")]
)
def test_what_only_an_administrator_can_mend_is_no_error_of_the_client(
    remote, other_server, refused, status, words
):
    other_server.status = status
    other_server.headers = {"location": "http://elsewhere.example", "www-authenticate": "Bearer"}
    other_server.pieces = [KEY.encode()]

    reply = remote.post(PATH, ASK)

    refused(reply, "'other'", words, status=502)
    assert not {"location", "www-authenticate"} & set(reply.headers)


def test_without_a_key_of_ours_it_is_told_that_one_is_asked_for(serve_remote, other_server, refused):
    other_server.status = 401

    refused(serve_remote(api_key=None).post(PATH, ASK), "'other'", "asks for a key", status=502)


@pytest.mark.parametrize("where", ["before the head", "before the body", "in the stream"])
def test_a_client_that_leaves_closes_the_connection_to_the_other_server(remote, other_server, browser, where):
    other_server.stream(b"data: 1\n\n") if where == "in the stream" else None
    other_server.pieces = other_server.pieces if where == "in the stream" else []
    other_server.hangs_first, other_server.hangs = where == "before the head", True

    async def leave_when_it_runs():
        ours = browser(PATH, ASK)
        asking = asyncio.create_task(ours.ask(remote.app))
        await other_server.is_asked.wait()
        assert remote.remotes.n_open == 1
        while where == "in the stream" and not ours.bodies:  # noqa: ASYNC110
            await asyncio.sleep(0)
        ours.leave()
        await asking

    asyncio.run(leave_when_it_runs())

    assert remote.remotes.n_open == 0
    assert other_server.n_closed == (where != "before the head")


def test_a_server_that_stops_lets_answers_end_and_then_asks_nothing_more(remote, other_server, browser):
    other_server.stream(b"data: 1\n\n", b"data: 2\n\n")
    other_server.proceed = asyncio.Event()

    async def stop_in_the_midst():
        ours = browser(PATH, ASK)
        asking = asyncio.create_task(ours.ask(remote.app))
        while not ours.bodies:  # noqa: ASYNC110
            await asyncio.sleep(0)
        stopping = asyncio.create_task(remote.remotes.shutdown(within_s=5))
        await asyncio.sleep(0)
        other_server.proceed.set()
        await asyncio.gather(asking, stopping)
        return ours.bodies

    assert b"".join(asyncio.run(stop_in_the_midst())) == b"data: 1\n\ndata: 2\n\n"
    assert remote.post(PATH, ASK).status_code == 503


def test_what_does_not_end_in_time_is_told_that_the_server_stops(remote, other_server, browser):
    other_server.stream(b"data: 1\n\n", b"")
    other_server.proceed = asyncio.Event()
    other_server.failure = httpx.ReadError("")

    async def close():  # as the real pool: whoever reads gets an error
        other_server.proceed.set()

    other_server.aclose = close

    async def stop_in_the_midst():
        ours = browser(PATH, ASK)
        asking = asyncio.create_task(ours.ask(remote.app))
        while not ours.bodies:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await remote.remotes.shutdown(within_s=0)
        await asking
        return b"".join(ours.bodies).decode()

    text = asyncio.run(stop_in_the_midst())

    assert "The server is stopping" in text
    assert '"code":503' in text
