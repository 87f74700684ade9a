"""`corral serve` with a projector: images over HTTP, and what must not end the server."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from tests.model.conftest import WIDTH, write_llama
from tests.model.projector_files import image_bytes, write_llava
from tests.unit.api.media.test_header import gif_of, png_bomb

DEADLINE_S = 60
CAT, DOG = image_bytes(1), image_bytes(2)


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    write_llama(folder / "llama.gguf")
    write_llava(folder / "mmproj.gguf", WIDTH)
    words = ["serve", "--port", "0", "--no-ui", "-m", str(folder / "llama.gguf"), "-c", "2048", "-np", "2"]
    words += ["--mmproj", str(folder / "mmproj.gguf"), "-t", "1", "--chat-template", "chatml"]
    process = subprocess.Popen(
        [sys.executable, "-m", "corral", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))},
    )
    watchdog = threading.Timer(DEADLINE_S, process.kill)
    watchdog.start()
    text = ""
    for line in process.stdout:
        text += line
        if "is ready" in line:
            break
    watchdog.cancel()
    (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", text)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S) as client:
        yield client
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0
    process.stdout.close()


def complete(http, content, **fields):
    prompt = {"prompt_string": "x <__media__> y", "multimodal_data": [base64.b64encode(content).decode()]}
    body = {"prompt": prompt, "n_predict": 8, "temperature": 0, "return_tokens": True, "ignore_eos": True}
    return http.post("/completion", json={**body, **fields})


def test_every_form_of_a_request_sees_the_same_image(http):
    native = complete(http, CAT).json()
    numbered = http.post(
        "/completion",
        json={
            "prompt": "x [img-3] y",
            "image_data": [{"id": 3, "data": base64.b64encode(CAT).decode()}],
            "n_predict": 8,
            "temperature": 0,
            "return_tokens": True,
            "ignore_eos": True,
        },
    ).json()

    assert native["tokens"] == numbered["tokens"] != complete(http, DOG).json()["tokens"]
    assert numbered["timings"]["cache_n"] == 0
    assert complete(http, CAT, cache_prompt=True).json()["tokens"] == native["tokens"]


def test_a_chat_about_an_image_is_answered(http):
    def ask(content, **fields):
        url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        parts = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": url}}]
        body = {"messages": [{"role": "user", "content": parts}], "max_tokens": 8, "temperature": 0, **fields}
        return http.post("/v1/chat/completions", json=body)

    cat = ask(CAT).json()

    assert cat["usage"]["prompt_tokens"] > 16
    assert cat["choices"] == ask(CAT).json()["choices"] != ask(DOG).json()["choices"]
    assert "[DONE]" in ask(CAT, stream=True).text


@pytest.mark.parametrize(
    "content",
    [
        png_bomb(100_000, 100_000),
        gif_of(10_000),
        CAT[:-300],
        b"not an image",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        image_bytes(1, form="JPEG")[:300],
        image_bytes(1, form="WEBP")[:60],
        image_bytes(1, size=(900, 2)),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_no_image_ends_the_server(http, content, is_stream):
    reply = complete(http, content, stream=is_stream)

    assert reply.status_code == 400
    assert "multimodal_data[0]" in reply.json()["error"]["message"]
    assert complete(http, CAT).status_code == 200


def test_props_tell_of_images(http):
    assert http.get("/props").json()["modalities"] == {"vision": True, "video": False, "audio": False}
