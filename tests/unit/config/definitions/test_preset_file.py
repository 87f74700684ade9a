"""llama-server's INI file of presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.config.definitions.preset_file import preset_source
from corral.core.errors import SettingsError

FILE = """\
version = 1

; of all models
[*]
c = 4096
  jinja = true          # says nothing new
LLAMA_ARG_N_PARALLEL = 2

[owner/name:Q4_K_M]
n-gpu-layers = 99
chat-template-kwargs = {"reasoning_effort": "high"}

[story]
    model = folder/story.gguf
    ctx-size = 8192
    no-mmap = 1
    LLAMA_ARG_NO_KV_OFFLOAD = 1
    load-on-startup = true
    stop-timeout = 10
"""


def test_sections_are_models_and_the_star_is_all_of_them(ground):
    hub, story = _models(ground, FILE)

    assert (hub.name, hub.settings.model.hf_repo) == ("owner/name:Q4_K_M", "owner/name:Q4_K_M")
    assert (hub.settings.engine.n_ctx, hub.settings.engine.n_parallel) == (4096, 2)
    assert hub.settings.engine.device.n_gpu_layers == 99
    assert hub.settings.chat.variables == {"reasoning_effort": "high"}
    assert not hub.settings.stay.is_preloaded
    assert (story.name, story.settings.model.path) == ("story", "folder/story.gguf")
    assert (story.settings.engine.n_ctx, story.settings.engine.n_parallel) == (8192, 2)
    assert not story.settings.engine.is_mmap
    assert not story.settings.engine.device.is_kv_offloaded
    assert story.settings.stay.is_preloaded
    assert story.origin == "models.ini"


def test_what_has_no_meaning_here_is_logged(ground, caplog):
    _models(ground, FILE)

    assert [record.fields["remark"] for record in caplog.records] == ['"stop-timeout" has no effect']


def test_a_percent_sign_is_a_percent_sign(ground):
    (model,) = _models(ground, "[a]\nmodel = a%(b)s.gguf\n")

    assert model.settings.model.path == "a%(b)s.gguf"


def test_an_empty_file_has_no_models(ground):
    assert _models(ground, "") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\nmodell = b", '[a], unknown key "modell"; did you mean model?'),
        ("[a]\nhost = 0.0.0.0", '[a], "host" speaks of the whole server'),
        ("[*]\nport = 1", '[*], "port" speaks of the whole server'),
        ("[a]\nc = many", "[a], \"c\": stoi ('many' is not a whole number)"),
        ("[a]\nhf-repo-draft = b", "[a], error: --hf-repo-draft: of drafts"),
        ("[a]\n[a]", "line 2: the section [a] stands twice"),
        ("[a]\nc = 1\nc = 2", 'line 3: "c" stands twice'),
        ("[a]\njinja", "line 2: `key = value` was expected"),
        ("c = 1\n[a]", '"c" stands before the first section'),
        ("version = 2", "version 2 of preset files is not known"),
        ("[a", "line 1: `key = value` was expected"),
        ("[DEFAULT]\nc = x", '[DEFAULT], "c": stoi'),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_reason(ground, text, reason):
    with pytest.raises(SettingsError) as caught:
        _models(ground, text)

    assert caught.value.message.startswith(f"models.ini: {reason}")


def test_a_file_that_went_away_is_told(ground, read_nothing):
    with pytest.raises(SettingsError, match=r"cannot read models\.ini"):
        preset_source(Path("models.ini"), ground, read_nothing).read()


def _models(ground, text):
    return preset_source(Path("models.ini"), ground, lambda _: text).read()
