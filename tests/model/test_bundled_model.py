"""The bundled demonstration model works in llama.cpp."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

llama_cpp = pytest.importorskip("llama_cpp", reason="pip install llama-cpp-python")

LARGEST_BYTES = 8 * 1024 * 1024
ODD_TEXT = "Grüße, 你好! 🐎 1234 x=12;\n\n\ttab  two spaces\r\nnaïve café \u200b«end»"


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(str(resources.files("corral") / "models" / "corral-tiny.gguf"))


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[llama_cpp.Llama]:
    loaded = llama_cpp.Llama(str(path), n_ctx=512, n_threads=1, seed=0, verbose=False)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def vocab(model: llama_cpp.Llama) -> ctypes.c_void_p:
    return llama_cpp.llama_model_get_vocab(model.model)


def token_id(model: llama_cpp.Llama, text: str) -> int:
    (only,) = model.tokenize(text.encode(), add_bos=False, special=True)
    return only


def ask(model: llama_cpp.Llama, question: str) -> str:
    made = model.create_chat_completion(
        [{"role": "user", "content": question}], temperature=0.0, max_tokens=60
    )
    return made["choices"][0]["message"]["content"]


def test_file_is_small(path: Path):
    assert path.stat().st_size <= LARGEST_BYTES


def test_file_says_what_it_is(model: llama_cpp.Llama):
    assert model.metadata["general.name"] == "Corral Tiny"
    assert model.metadata["general.license"] == "mit"
    assert "demonstration" in model.metadata["general.description"]


def test_file_has_a_chat_template_with_system_role_and_generation_prompt(model: llama_cpp.Llama):
    template = model.metadata["tokenizer.chat_template"]

    assert "message['role']" in template
    assert "add_generation_prompt" in template


def test_file_names_the_tokens_around_a_hole(model: llama_cpp.Llama, vocab: ctypes.c_void_p):
    assert llama_cpp.llama_vocab_fim_pre(vocab) == token_id(model, "<|fim_prefix|>")
    assert llama_cpp.llama_vocab_fim_suf(vocab) == token_id(model, "<|fim_suffix|>")
    assert llama_cpp.llama_vocab_fim_mid(vocab) == token_id(model, "<|fim_middle|>")


@pytest.mark.parametrize("token", ["<|endoftext|>", "<|im_end|>"])
def test_both_ends_end_generation(model: llama_cpp.Llama, vocab: ctypes.c_void_p, token: str):
    assert llama_cpp.llama_vocab_is_eog(vocab, token_id(model, token))


def test_no_token_is_added_before_a_prompt(model: llama_cpp.Llama):
    assert model.tokenize(b"Hello", add_bos=True) == model.tokenize(b"Hello", add_bos=False)


def test_any_text_survives_its_tokens(model: llama_cpp.Llama):
    token_ids = model.tokenize(ODD_TEXT.encode(), add_bos=False)

    assert model.detokenize(token_ids).decode() == ODD_TEXT


def test_a_greeting_is_greeted(model: llama_cpp.Llama):
    answer = ask(model, "Hello!")

    assert answer.startswith(("Hello", "Hi"))
    assert answer.endswith("?")


def test_it_says_who_it_is(model: llama_cpp.Llama):
    assert "Corral Tiny" in ask(model, "Who are you?")


def test_a_hole_is_filled(model: llama_cpp.Llama):
    around = "<|fim_prefix|>def add(a, b):\n    <|fim_suffix|>\n<|fim_middle|>"

    made = model.create_completion(around, temperature=0.0, max_tokens=20)

    assert made["choices"][0]["text"].strip() == "return a + b"


def test_a_story_goes_on(model: llama_cpp.Llama):
    made = model.create_completion("Once upon a time", temperature=0.0, max_tokens=40)

    assert "there" in made["choices"][0]["text"]
