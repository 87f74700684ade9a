"""The real `openai` package against a served application."""

import asyncio
import contextlib
import socket
import threading

import openai
import pytest
import uvicorn

from corral.api.server import create_app
from corral.core.errors import QueueFullError
from corral.core.settings import ServerSettings, Settings
from tests.fake_models import FakeModels

MESSAGES = [{"role": "user", "content": "hi"}]


@contextlib.contextmanager
def served(app):
    """Serve `app` on a free port in a thread; give its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", server_header=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def url(door):
    with served(create_app(FakeModels(door), Settings(server=ServerSettings(api_keys=("sesame",))))) as base:
        yield f"{base}/v1"


@pytest.fixture
def ai(url):
    with openai.OpenAI(base_url=url, api_key="sesame", max_retries=0) as client:
        yield client


def test_chat(ai):
    reply = ai.chat.completions.create(model="tiny", messages=MESSAGES)

    assert reply.choices[0].message.content == "Hello!"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == 10
    assert reply.usage.prompt_tokens_details.cached_tokens == 2


def test_chat_stream(ai):
    with ai.chat.completions.create(
        model="tiny", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello!"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage.total_tokens == 10


def test_chat_logprobs(ai):
    reply = ai.chat.completions.create(model="tiny", messages=MESSAGES, logprobs=True, top_logprobs=2, n=2)

    first = reply.choices[0].logprobs.content[0]
    assert (first.token, first.logprob) == ("Hel", -0.25)
    assert [found.token for found in first.top_logprobs] == ["Hel", "Z"]
    assert len(reply.choices) == 2


def test_completions(ai):
    reply = ai.completions.create(model="tiny", prompt=["Once", "Twice"], logprobs=1, max_tokens=4)

    assert [choice.text for choice in reply.choices] == ["Hello!", "Hello!"]
    assert reply.choices[0].logprobs.tokens == ["Hel", "lo", "!"]
    assert reply.choices[0].logprobs.text_offset == [0, 3, 5]


def test_completions_stream(ai):
    with ai.completions.create(model="tiny", prompt="Once", stream=True, echo=True) as stream:
        assert "".join(chunk.choices[0].text for chunk in stream) == "OnceHello!"


def test_models(ai):
    assert [model.id for model in ai.models.list()] == ["tiny"]
    assert ai.models.retrieve("tiny").id == "tiny"


def test_the_asynchronous_client(url):
    async def talk():
        async with openai.AsyncOpenAI(base_url=url, api_key="sesame") as ai:
            stream = await ai.chat.completions.create(model="tiny", messages=MESSAGES, stream=True)
            streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            plain = await ai.completions.create(model="tiny", prompt="Once")
            return streamed, plain.choices[0].text

    assert asyncio.run(talk()) == ("Hello!", "Hello!")


def test_bad_input_raises_bad_request(ai):
    with pytest.raises(openai.BadRequestError, match="temperature"):
        ai.chat.completions.create(model="tiny", messages=MESSAGES, extra_body={"temperature": "hot"})


def test_a_wrong_key_raises_authentication_error(url):
    with (
        openai.OpenAI(base_url=url, api_key="wrong") as ai,
        pytest.raises(openai.AuthenticationError, match="Invalid API Key"),
    ):
        ai.chat.completions.create(model="tiny", messages=MESSAGES)


def test_an_unknown_model_or_path_raises_not_found(ai):
    with pytest.raises(openai.NotFoundError):
        ai.models.retrieve("other")
    with pytest.raises(openai.NotFoundError):
        ai.moderations.create(input="x")


@pytest.mark.parametrize("options", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}])
def test_embeddings_are_numbers_whatever_the_format(ai, run_for, options):
    run_for("embed")

    answer = ai.embeddings.create(model="tiny", input=["a", "bc"], **options)

    found = answer.data[0].embedding
    if options == {"encoding_format": "base64"}:  # the client decodes only what it asked for by itself
        assert isinstance(found, str)
    else:
        assert found == pytest.approx([0.6, 0.8])
    assert answer.usage.total_tokens == 3


def test_a_full_queue_raises_a_server_error_that_can_be_retried(ai, door):
    door.before = QueueFullError("The queue of requests is full", retry_after_s=1)

    with pytest.raises(openai.InternalServerError) as caught:
        ai.chat.completions.create(model="tiny", messages=MESSAGES)

    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "1"


def test_leaving_a_stream_cancels_its_request(ai, door):
    door.is_endless = True

    stream = ai.chat.completions.create(model="tiny", messages=MESSAGES, stream=True)
    next(iter(stream))
    stream.close()

    assert door.left.wait(5)
