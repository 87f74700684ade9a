"""One line of text says which model to download."""

from __future__ import annotations

import pytest

from corral.catalog.pull import pull, source_settings
from corral.core.errors import ModelLoadError, ModelSourceError
from corral.core.settings import ModelSettings

HUB = "https://huggingface.co"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("owner/name", {"hf_repo": "owner/name"}),
        (" owner/name-GGUF:Q4_K_M\n", {"hf_repo": "owner/name-GGUF:Q4_K_M"}),
        ("hf:owner/name", {"hf_repo": "owner/name"}),
        ("hf://owner/name:Q8_0", {"hf_repo": "owner/name:Q8_0"}),
        ("hf.co/owner/name:Q8_0", {"hf_repo": "owner/name:Q8_0"}),
        (f"{HUB}/owner/name", {"hf_repo": "owner/name"}),
        (f"{HUB}/owner/name/tree/main", {"hf_repo": "owner/name"}),
        (f"{HUB}/owner/name/blob/main/sub/a%20b.gguf", {"hf_repo": "owner/name", "hf_file": "sub/a b.gguf"}),
        (
            f"{HUB}/owner/name/resolve/main/a.gguf?download=true",
            {"hf_repo": "owner/name", "hf_file": "a.gguf"},
        ),
        (f"{HUB}/owner/name/blob/v2/a.gguf", {"url": f"{HUB}/owner/name/resolve/v2/a.gguf"}),
        ("http://127.0.0.1:1/models/a.gguf?x=1", {"url": "http://127.0.0.1:1/models/a.gguf?x=1"}),
        ("docker:smollm2", {"docker_repo": "smollm2"}),
        ("docker://ai/smollm2:135M-Q4_0", {"docker_repo": "ai/smollm2:135M-Q4_0"}),
        ("docker.io/ai/smollm2", {"docker_repo": "ai/smollm2"}),
        ("https://hub.docker.com/r/ai/smollm2", {"docker_repo": "ai/smollm2"}),
    ],
)
def test_every_form_is_understood(text, fields):
    assert source_settings(text) == ModelSettings(**fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "a/b/c",
        "../etc/passwd",
        "owner/name:",
        "owner/na me",
        "/models/a.gguf",
        "docker:",
        "docker:A/b",
        "http://",
        "http://[",
        "http://127.0.0.1/index.html",
        f"{HUB}/owner",
        f"{HUB}/owner/name/blob/main/a.safetensors",
        "ftp://127.0.0.1/a.gguf",
        "file:///etc/passwd",
    ],
)
def test_what_names_no_model_is_answered_with_what_does(text):
    with pytest.raises(ModelSourceError, match=r"names no model to download; give owner/name\[:QUANT\]"):
        source_settings(text)


def test_a_password_is_not_repeated():
    with pytest.raises(ModelSourceError) as caught:
        source_settings("http://user:secret@127.0.0.1/nothing")

    assert "secret" not in caught.value.message


def test_an_address_is_pulled_with_all_its_parts(server, tmp_path):
    names = [f"a-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    server.files.update({name: name.encode() for name in names})

    files = pull(f"{server.url}/{names[0]}", ModelSettings(cache_dir=str(tmp_path), path="other.gguf"))

    assert files == [tmp_path / name for name in names]
    assert [file.read_text() for file in files] == names


def test_offline_nothing_is_pulled(server, tmp_path):
    server.files["a.gguf"] = b"model"

    with pytest.raises(ModelLoadError, match="--offline forbids"):
        pull(f"{server.url}/a.gguf", ModelSettings(cache_dir=str(tmp_path), is_offline=True))

    assert server.gets == []
