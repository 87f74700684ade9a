"""A file or an option that llama.cpp answers by ending its process: the server names it and ends too."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing

import gguf
import pytest

from tests.model.projector_files import ProjectorFile

DEADLINE_S = 60


def serve(path, *flags):
    """Return how `corral serve`, which must not come to listen for long, ended."""
    words = ["serve", "--port", "0", "--no-ui", "--ctx-size", "256", "--model", str(path), *map(str, flags)]
    return subprocess.run(
        [sys.executable, "-m", "corral", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


def write_lora_of_a_wrong_type(path):
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        writer.add_type("adapter")
        writer.add_uint32("adapter.type", 7)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def write_projector_of_a_wrong_size(path):
    with closing(ProjectorFile(path, "mlp", 64)) as file:
        file.writer.kv_data[0].pop("clip.vision.image_size")
        file.writer.add_string("clip.vision.image_size", "large")


def test_an_abort_later_is_told_without_the_folder_it_was_compiled_in():
    code = (
        "import ctypes, os\n"
        "from corral.engine.llama import aborts, symbols\n"
        "aborts.on_abort(lambda sentence: os.write(1, sentence.encode()))\n"
        "abort = symbols.function('ggml_abort', None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)\n"
        "abort(b'/build/of/others/ggml.c', 7, b'a/b is odd')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=DEADLINE_S
    )

    assert done.stdout == "llama.cpp gave up: ggml.c:7: a/b is odd"
    assert done.returncode == -signal.SIGABRT


@pytest.mark.parametrize("purpose", [[], ["--embedding"]])
def test_an_option_that_ends_llama_cpp_is_told_with_the_reason(model_path, purpose):
    path = model_path("llama")

    done = serve(path, "--override-kv", "llama.block_count=int:100000", *purpose)

    assert done.returncode == 1
    assert f"error: failed to load model '{path}': llama.cpp gave up" in done.stderr
    assert "LLAMA_MAX_LAYERS" in done.stderr


@pytest.mark.parametrize(
    ("flag", "write", "named"),
    [
        ("--lora", write_lora_of_a_wrong_type, "the LoRA adapter"),
        ("--mmproj", write_projector_of_a_wrong_size, "the projector"),
    ],
)
def test_a_file_beside_the_model_that_ends_llama_cpp_is_named(model_path, tmp_path, flag, write, named):
    broken = tmp_path / "broken.gguf"
    write(broken)

    done = serve(model_path("llama"), flag, broken)

    assert done.returncode == 1
    assert f"error: failed to load {named} '{broken}': llama.cpp gave up" in done.stderr
