"""`corral serve` with slot files, adapters and a system prompt, over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import gguf
import httpx
import numpy as np
import pytest

DEADLINE_S = 60
FRANCE, GERMANY = "What is the capital of France?", "What is the capital of Germany?"
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))}


def start(*flags):
    words = ["serve", "--port", "0", "--no-ui", "-t", "1", *map(str, flags)]
    return subprocess.Popen(
        [sys.executable, "-m", "corral", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


class Served:
    """A running `corral serve` on a free port."""

    def __init__(self, *flags):
        self._process = start(*flags, "--log-disable")
        watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        watchdog.start()
        line = next(line for line in self._process.stdout if "http://127.0.0.1" in line)
        (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", line)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S)
        while self.http.get("/health").status_code != 200:
            pass
        watchdog.cancel()

    def complete(self, prompt, **fields):
        body = {"prompt": prompt, "n_predict": 8, "temperature": 0, "cache_prompt": True, **fields}
        reply = self.http.post("/completion", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def ids(self, text, **fields):
        return self.http.post("/tokenize", json={"content": text, **fields}).json()["tokens"]

    def prompt_n(self, prompt, **fields):
        return self.complete(prompt, **fields)["timings"]["prompt_n"]

    def act(self, slot, action, **body):
        reply = self.http.post(f"/slots/{slot}?action={action}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def close(self):
        self.http.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=DEADLINE_S)
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slots")


@pytest.fixture(scope="module")
def served(folder):
    server = Served("-np", 2, "-c", 2048, "--props", "--slots", "--slot-save-path", folder)
    yield server
    server.close()


@pytest.fixture(scope="module")
def adapted(model_path, tmp_path_factory):
    loras = [write_lora(tmp_path_factory.mktemp("loras") / f"{seed}.gguf", seed) for seed in (1, 2)]
    scaled = ("--lora", loras[0], "--lora-scaled", loras[1], "0")
    server = Served("-m", model_path("llama"), "-np", 2, "-c", 512, *scaled)
    yield server
    server.close()


def write_lora(path, seed):
    random = np.random.default_rng(seed)
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", 4.0)
        for side, shape in (("a", (4, 64)), ("b", (64, 4))):
            values = random.normal(0, 0.5, shape).astype(np.float32)
            writer.add_tensor(f"blk.0.attn_v.weight.lora_{side}", values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return path


def test_a_slot_is_saved_restored_elsewhere_and_erased(served, folder):
    whole = served.prompt_n(FRANCE, id_slot=1)
    saved = served.act(1, "save", filename="france.bin")
    other = served.prompt_n(GERMANY, id_slot=1)
    restored = served.act(0, "restore", filename="france.bin")
    again = served.prompt_n(FRANCE, id_slot=0)
    erased = served.act(0, "erase")
    served.act(1, "erase")
    anew = served.prompt_n(FRANCE, id_slot=0)

    assert saved["n_saved"] == restored["n_restored"] == whole + 7
    assert saved["n_written"] == restored["n_read"] == folder.joinpath("france.bin").stat().st_size
    assert saved["timings"]["save_ms"] > 0 < restored["timings"]["restore_ms"]
    assert (again, anew) == (1, whole)
    assert 1 < other < whole
    assert erased == {"id_slot": 0, "n_erased": whole + 7}


def test_files_that_are_none_do_no_harm(served, folder):
    text = served.complete(FRANCE)["content"]
    served.act(0, "save", filename="whole.bin")
    whole = folder.joinpath("whole.bin").read_bytes()
    contents = [b"", os.urandom(5000), whole[:-1], whole[: len(whole) // 2], b"\0" + whole[1:], whole + whole]
    for content in contents:
        folder.joinpath("wrong.bin").write_bytes(content)
        reply = served.http.post("/slots/0?action=restore", json={"filename": "wrong.bin"})
        assert reply.status_code == 400
        assert "Unable to restore slot, no available space in KV cache" in reply.json()["error"]["message"]

    assert served.complete(FRANCE)["content"] == text


def test_an_action_on_a_busy_slot_is_answered_when_it_is_idle(served):
    body = {"prompt": "Once", "n_predict": 200, "ignore_eos": True, "stream": True, "id_slot": 1}
    with ThreadPoolExecutor(1) as pool, served.http.stream("POST", "/completion", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        erased = pool.submit(served.act, 1, "erase")
        last = [line for line in lines if line][-1]

    assert '"tokens_predicted":200' in last
    assert erased.result()["n_erased"] >= 200


def test_the_system_prompt_is_before_every_prompt_until_it_is_cleared(served):
    bare = served.complete(FRANCE)
    both = served.complete([*served.ids("Be brief. ", add_special=True), *served.ids(FRANCE)])

    assert served.http.post("/props", json={"system_prompt": "Be brief. "}).json() == {"success": True}
    told = served.complete(FRANCE, cache_prompt=False)
    shown = served.http.get("/props").json()["system_prompt"]
    served.http.post("/props", json={"system_prompt": ""})
    cleared = served.complete(FRANCE)

    assert told["content"] == both["content"]
    assert told["tokens_evaluated"] == len(served.ids(FRANCE))
    assert shown == "Be brief. "
    assert cleared["content"] == bare["content"]
    assert served.http.get("/props").json()["system_prompt"] == ""


def test_scales_change_texts_and_come_back(adapted):
    one = adapted.complete("hello")["content"]
    assert [a["scale"] for a in adapted.http.get("/lora-adapters").json()] == [1.0, 0.0]

    adapted.http.post("/lora-adapters", json=[])
    none = adapted.complete("hello")
    own = adapted.complete("hello", lora=[{"id": 0, "scale": 1.0}])
    adapted.http.post("/lora-adapters", json=[{"id": 0, "scale": 1.0}])
    back = adapted.complete("hello")

    assert own["content"] == back["content"] == one != none["content"]
    assert none["timings"]["cache_n"] == 0
    assert back["timings"]["cache_n"] == 4


def test_requests_with_different_adapters_together_write_what_they_write_alone(adapted):
    sets = [
        [{"id": 0, "scale": 0.0}],
        [{"id": 0, "scale": 1.0}],
        [{"id": 1, "scale": 0.5}],
        [{"id": 0, "scale": 2.0}],
    ] * 4
    alone = [adapted.complete("hello", lora=one, n_predict=40)["content"] for one in sets[:4]] * 4

    with ThreadPoolExecutor(len(sets)) as pool:
        together = list(pool.map(lambda one: adapted.complete("hello", lora=one, n_predict=40), sets))

    assert [answer["content"] for answer in together] == alone
    assert len(set(alone)) == 4


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--lora", "no-such-file.gguf"), "exiting due to model loading error"),
        (("--slot-save-path", "no-such-folder"), "not a directory: no-such-folder"),
        (("-gan", "4", "-gaw", "30"), "--grp-attn-w 30 must be a multiple"),
        (("-spf", "no-such-file"), "error: failed to open file 'no-such-file'"),
    ],
)
def test_what_cannot_be_had_ends_the_start_with_1(flags, words):
    process = start(*flags)

    _, errors = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 1
    assert words in errors
