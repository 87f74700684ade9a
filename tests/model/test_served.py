"""The whole of it: `corral serve` with the bundled model, and the clients people really use."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest

DEADLINE_S = 60
N_CLIENTS = 32


class Served:
    """A running `corral serve` on a free port, with a key."""

    def __init__(self, *flags):
        words = ["serve", "--port", "0", "--no-ui", "--slots", "--metrics", "--api-key", "secret", *flags]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "corral", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        watchdog.start()
        self.text = self._until("Serve a real one")
        watchdog.cancel()
        (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", self.text)
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(
            base_url=self.url, headers={"Authorization": "Bearer secret"}, timeout=DEADLINE_S
        )

    def _until(self, words):
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        pytest.fail(f"the server ended: {lines}")

    def engine_pid(self):
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return int(children.split()[0])

    def busy_slots(self):
        return [slot["id"] for slot in self.http.get("/slots").json() if slot["is_processing"]]

    def until_idle(self):
        while self.busy_slots():
            pass

    def close(self):
        self.http.close()
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(DEADLINE_S) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


@pytest.fixture
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="secret", max_retries=0) as client:
        yield client


def ask(client, text, **options):
    options = {"temperature": 0, "max_tokens": 40, **options}
    return client.chat.completions.create(
        model="corral-tiny", messages=[{"role": "user", "content": text}], **options
    )


def test_start_up_says_that_it_is_a_demonstration(served):
    assert "demonstration" in served.text
    assert "corral serve -m" in served.text


def test_chat_answers(client):
    answer = ask(client, "Hello!")

    assert "hello" in answer.choices[0].message.content.lower()
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_streamed_chat_is_the_same_text(client):
    whole = ask(client, "What is the opposite of hot?").choices[0].message.content

    chunks = list(ask(client, "What is the opposite of hot?", stream=True))

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_completion_with_everything(client):
    answer = client.completions.create(
        model="m", prompt=["Once upon a time", "Once"], max_tokens=5, n=2, echo=True, temperature=0
    )

    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.choices[0].text.startswith("Once upon a time")
    assert answer.choices[0].text == answer.choices[1].text


def test_logprobs_are_those_of_the_tokens(client):
    answer = ask(client, "Hello!", logprobs=True, top_logprobs=2, max_tokens=3)

    content = answer.choices[0].logprobs.content
    assert "".join(item.token for item in content) == answer.choices[0].message.content
    assert all(item.logprob == item.top_logprobs[0].logprob <= 0 for item in content)


def test_a_wrong_key_is_an_authentication_error(served):
    wrong = openai.OpenAI(base_url=f"{served.url}/v1", api_key="wrong", max_retries=0)
    with wrong as client, pytest.raises(openai.AuthenticationError, match="Invalid API Key"):
        ask(client, "Hello!")


@pytest.mark.parametrize(
    "options", [{"temperature": "hot"}, {"stop": [1]}, {"n": 0}, {"extra_body": {"top_k": "many"}}]
)
def test_a_bad_field_is_a_bad_request(client, options):
    with pytest.raises(openai.BadRequestError):
        ask(client, "Hello!", **options)


def test_fixed_seed_repeats(served):
    body = {"prompt": "Once upon a time", "n_predict": 30, "seed": 7, "temperature": 1.0}

    first, second = (served.http.post("/completion", json=body).json()["content"] for _ in range(2))

    assert first == second


def test_cached_prompt_is_evaluated_once(served):
    body = {"prompt": "Once upon a time there was a rabbit", "n_predict": 4, "cache_prompt": True}
    served.http.post("/completion", json=body)

    timings = served.http.post("/completion", json=body).json()["timings"]

    assert (timings["prompt_n"], timings["cache_n"] > 3) == (1, True)


def test_a_client_that_leaves_frees_its_slot(served):
    body = {"prompt": "Once", "n_predict": -1, "ignore_eos": True, "stream": True, "temperature": 1.0}
    with served.http.stream("POST", "/completion", json=body) as answer:
        next(answer.iter_lines())

    served.until_idle()
    assert served.http.post("/completion", json={"prompt": "Once", "n_predict": 1}).status_code == 200


def test_32_clients_with_cancels_all_end_and_leave_nothing_behind(served):
    dice = random.Random(5)
    plans = [(i, dice.random() < 0.3, dice.randint(1, 60)) for i in range(N_CLIENTS)]

    def run(plan):
        number, is_leaving, n_predict = plan
        body = {"prompt": f"Once upon a time {number}", "n_predict": n_predict, "ignore_eos": True}
        with served.http.stream("POST", "/completion", json={**body, "stream": True}) as answer:
            lines = answer.iter_lines()
            if is_leaving:
                return next(lines)[:5]
            return [line for line in lines if line][-1]

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        last = list(pool.map(run, plans))

    for (_, is_leaving, n_predict), line in zip(plans, last, strict=True):
        assert is_leaving or f'"tokens_predicted":{n_predict}' in line
    served.until_idle()


def test_a_crashed_engine_ends_its_requests_and_comes_back(served):
    body = {"prompt": "Once", "n_predict": -1, "ignore_eos": True, "stream": True}
    with served.http.stream("POST", "/completion", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        os.kill(served.engine_pid(), signal.SIGKILL)
        rest = "".join(lines)

    assert '"code":503' in rest
    assert served.http.post("/completion", json={"prompt": "Once", "n_predict": 3}).status_code == 200


def test_many_async_clients_share_one_server(served):
    async def run():
        async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="secret") as client:
            return await asyncio.gather(*(ask(client, "What is 2 + 3?") for _ in range(8)))

    answers = {answer.choices[0].message.content for answer in asyncio.run(run())}

    assert len(answers) == 1
