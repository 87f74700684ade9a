"""A `model_definitions.py` on a real server: what each argument of it does to the engine and its answers."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path

import gguf
import numpy as np
import pytest

from corral.catalog.bundled import bundled_model
from tests.fake_hub import running_hub
from tests.model.folder_server import ORCA, FolderServer, lay_out, until

HUB_REPO, HUB_FILE = "TheBloke/orca-GGUF", "orca.Q8_0.gguf"
OLD_REPO, OLD_FILE = "TheBloke/robin-7B-v2-GGML", "robin-7b.ggmlv3.q4_0.bin"
DEFINITIONS = f"""\
from typing import Dict
from llama_api.schemas.models import ExllamaModel, LlamaCppModel

plain = LlamaCppModel(model_path="{ORCA}")
short = LlamaCppModel(model_path="{ORCA}", max_total_tokens=256)
offloaded = LlamaCppModel(model_path="{ORCA}", max_total_tokens=256, n_gpu_layers=30, n_threads=1)
in_pieces = LlamaCppModel(model_path="{ORCA}", n_batch=32)
other_base = LlamaCppModel(model_path="{ORCA}", rope_freq_base=1000.0)
other_scale = LlamaCppModel(model_path="{ORCA}", rope_freq_scale=0.25)
adapted = LlamaCppModel(model_path="{ORCA}", lora_path="adapter.gguf")
in_memory = LlamaCppModel(model_path="{ORCA}", use_mmap=False, f16_kv=False, last_n_tokens_size=7)
alpaca = LlamaCppModel(model_path="{ORCA}", instruction_template="Alpaca")
vicuna = LlamaCppModel(model_path="{ORCA}", instruction_template="Vicuna-v1.1")
chatml = LlamaCppModel(model_path="{ORCA}", chat_format="ChatML")
bare_vicuna = LlamaCppModel(model_path="bare.gguf", instruction_template="Vicuna")
bare_alpaca = LlamaCppModel(model_path="bare.gguf", instruction_template="alpaca")
embedding = LlamaCppModel(model_path="{ORCA}", embedding=True, seed=-1, use_mlock=False)
from_2023 = LlamaCppModel(model_path="{OLD_REPO}")
from_hub = LlamaCppModel(model_path="{HUB_REPO}")
orca_mini_7b = ExllamaModel(model_path="orca_mini_7b", max_total_tokens=4096, compress_pos_emb=2.0)
robin = LlamaCppModel(model_path="robin-7b.ggmlv3.q4_0.bin")
openai_replacement_models: Dict[str, str] = {{"gpt-3.5-turbo": "short", "gpt-4": "plain"}}
"""
YAML = f"""\
models:
  in_yaml:
    model: {ORCA}
    ctx-size: 320
    chat-template: vicuna
    aliases: [gpt-4o]
"""
DECLARED = [*re.findall(r"^(\w+) = ", DEFINITIONS, re.MULTILINE), "in_yaml"]
FOUND = ["second", "third"]  # files that nothing declares
USER = [{"role": "user", "content": "Hello there!"}]


def write_lora(path):
    """A LoRA of rank 2 on the first layer's queries of the bundled model."""
    random = np.random.default_rng(3)
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", 2.0)
        for name in ("lora_a", "lora_b"):
            shape = (2, 256) if name == "lora_a" else (256, 2)
            values = random.normal(0, 0.3, shape).astype(np.float32)
            writer.add_tensor(f"blk.0.attn_q.weight.{name}", values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


@pytest.fixture(scope="module")
def hub():
    with running_hub() as hub:
        hub.publish(HUB_REPO, {HUB_FILE: Path(bundled_model()).read_bytes(), "README.md": b"a model"})
        hub.publish(OLD_REPO, {OLD_FILE: b"tjgg"})
        yield hub


@pytest.fixture(scope="module")
def served(tmp_path_factory, hub, model_path):
    folder = lay_out(tmp_path_factory.mktemp("definitions"), DEFINITIONS)
    shutil.copyfile(model_path("llama"), folder / "models" / "ggml" / "bare.gguf")  # without a template
    write_lora(folder / "adapter.gguf")
    (folder / "corral.yaml").write_text(YAML)
    flags = ["--definitions", "model_definitions.py", "--config", "corral.yaml", "-w", "2"]
    server = FolderServer(folder, *flags, HF_ENDPOINT=hub.url)
    yield server
    server.close()


def settings_of(served, model):
    return served.http.get(f"/props?model={model}").json()["default_generation_settings"]


def logprobs_of(served, model):
    reply = served.complete(model, "Once upon a time there was", max_tokens=4, logprobs=1)
    return reply["choices"][0]["logprobs"]["token_logprobs"]


def prompt_of(served, model):
    return served.post("/apply-template", {"model": model, "messages": USER})["prompt"]


def test_every_declared_model_is_listed_and_what_else_lies_in_the_folder(served):
    listed = served.http.get("/v1/models").json()

    assert listed["object"] == "list"
    assert [one["id"] for one in listed["data"]] == sorted([*DECLARED, *FOUND])
    assert {one["object"] for one in listed["data"]} == {"model"}
    assert all(isinstance(one["created"], int) and one["owned_by"] for one in listed["data"])


def test_max_total_tokens_is_the_context(served):
    assert (settings_of(served, "short")["n_ctx"], settings_of(served, "in_yaml")["n_ctx"]) == (256, 320)
    usage = served.complete("short", max_tokens=10**6, ignore_eos=True)["usage"]
    assert usage["completion_tokens"] == 256


def test_layers_for_a_gpu_do_no_harm_where_there_is_none(served):
    assert served.text_of("offloaded") == served.text_of("plain")


def test_a_batch_size_is_the_size_of_the_pieces_in_which_a_prompt_is_read(served):
    body = {"model": "in_pieces", "prompt": "Once upon a time. " * 20, "n_predict": 1}
    fields = {"stream": True, "return_progress": True, "cache_prompt": False}
    with served.http.stream("POST", "/completion", json={**body, **fields}) as answer:
        n_told = sum('"prompt_progress"' in line for line in answer.iter_lines())

    assert n_told >= served.complete("in_pieces", body["prompt"])["usage"]["prompt_tokens"] // 32


@pytest.mark.parametrize("model", ["other_base", "other_scale", "adapted"])
def test_rotary_positions_and_an_adapter_change_what_the_model_thinks(served, model):
    own, plain = logprobs_of(served, model), logprobs_of(served, "plain")

    assert own != pytest.approx(plain, abs=1e-3)


def test_an_adapter_is_told(served):
    (lora,) = served.http.get("/lora-adapters?model=adapted").json()

    assert (Path(lora["path"]).name, lora["scale"]) == ("adapter.gguf", 1.0)


def test_a_model_that_is_read_into_memory_with_a_whole_kv_cache_answers_the_same(served):
    assert served.text_of("in_memory") == served.text_of("plain")
    assert settings_of(served, "in_memory")["repeat_last_n"] == 7


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        ("alpaca", "### Instruction:\nHello there!\n\n### Response:\n"),
        ("vicuna", "USER: Hello there!\nASSISTANT:"),
        ("in_yaml", "USER: Hello there!\nASSISTANT:"),
        ("bare_vicuna", "USER: Hello there!\nASSISTANT:"),
        ("bare_alpaca", "### Instruction:\nHello there!\n\n### Response:\n"),
        ("chatml", "<|im_start|>user\nHello there!<|im_end|>\n<|im_start|>assistant\n"),
    ],
)
def test_an_instruction_template_is_the_models_chat_format(served, model, prompt):
    assert prompt_of(served, model) == prompt
    reply = served.post("/v1/chat/completions", {"model": model, "messages": USER, "max_tokens": 4})
    assert reply["usage"]["prompt_tokens"] == len(
        served.post("/tokenize", {"model": model, "content": prompt, "add_special": True})["tokens"]
    )


@pytest.mark.parametrize(
    ("alias", "model"), [("gpt-3.5-turbo", "short"), ("gpt-4", "plain"), ("gpt-4o", "in_yaml")]
)
def test_a_replacement_is_answered_by_the_model_that_stands_for_it(served, alias, model):
    reply = served.complete(alias)

    assert reply["model"] == alias  # what the client named, as OpenAI's clients compare
    assert reply["choices"][0]["text"] == served.text_of("plain")
    assert served.state(model) == "ready"
    assert alias in served.http.get(f"/v1/models/{model}").json()["aliases"]


def test_a_container_of_2023_is_refused_with_its_format_and_the_remedy(served):
    said = served.refusal("/v1/completions", {"model": "robin", "prompt": "a"}, 503)

    assert "GGJT format of 2023" in said
    assert "get the model as GGUF, or convert" in said
    assert served.state("robin") == "unusable"
    assert served.text_of("plain")


def test_a_repository_of_2023_is_refused_with_its_format_and_the_remedy(served, hub):
    said = served.refusal("/v1/completions", {"model": "from_2023", "prompt": "a"}, 500)

    assert "only 1 .bin" in said
    assert "GGML, which llama.cpp no longer reads: get the model as GGUF" in said
    assert not any(OLD_FILE in one.path for one in hub.seen)


def test_a_model_that_may_make_vectors_still_makes_texts(served):
    (row,) = served.post("/v1/embeddings", {"model": "embedding", "input": ["hello world!"]})["data"]

    assert sum(number**2 for number in row["embedding"]) == pytest.approx(1, abs=1e-3)
    assert served.text_of("embedding") == served.text_of("plain")


def test_a_gptq_folder_is_listed_with_what_is_missing(served):
    listed = {one["id"]: one for one in served.http.get("/v1/models").json()["data"]}

    said = served.refusal("/v1/completions", {"model": "orca_mini_7b", "prompt": "a"}, 503)

    assert "the weight file (*.safetensors) is missing" in listed["orca_mini_7b"]["status"]["reason"]
    assert "the weight file (*.safetensors) is missing" in said
    assert served.view("orca_mini_7b")["format"] == "gptq"


def test_a_repository_of_the_hub_is_downloaded_by_the_first_request(served, hub):
    before = (served.view("from_hub")["format"], hub.gets())
    hub.n_held = 1000
    with served.asked("from_hub"):  # who goes away wants it no longer
        until(lambda: served.state("from_hub") == "downloading")
    until(lambda: served.view("from_hub")["n_open"] == 0)
    hub.n_held = None
    hub.let_go.set()

    texts = [served.text_of("from_hub") for _ in range(2)]

    n_whole = sum(one.n_sent == Path(bundled_model()).stat().st_size for one in hub.gets())
    assert before == ("download", [])
    assert texts == [served.text_of("plain")] * 2
    assert n_whole <= 1
    assert served.view("from_hub")["state"] == "ready"
