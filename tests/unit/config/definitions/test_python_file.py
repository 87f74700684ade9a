"""What the classes of llama-api's definitions mean as options. No file is run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.config.definitions.child import Answer, Defined
from corral.config.definitions.instruction_templates import ALPACA
from corral.config.definitions.python_file import PythonSource
from corral.core.engine_settings import LoraSettings
from corral.core.errors import SettingsError


def test_the_example_of_llama_api_is_understood(ground):
    orca = _llama(
        ground,
        model_path="orca-mini-3b.q4_0.gguf",
        max_total_tokens=4096,
        n_gpu_layers=30,
        n_batch=8192,
        n_threads=4,
        rope_freq_base=26000,
        rope_freq_scale=0.5,
        lora_path="adapter.gguf",
    )

    assert (orca.name, orca.runner, orca.origin) == ("m", "llama", "model_definitions.py")
    assert orca.settings.model.path == "orca-mini-3b.q4_0.gguf"
    engine = orca.settings.engine
    assert (engine.n_ctx, engine.n_batch, engine.cpu.n_threads) == (4096, 8192, 4)
    assert engine.device.n_gpu_layers == 30
    assert (engine.rope.freq_base, engine.rope.freq_scale) == (26000, 0.5)
    assert engine.adapters.loras == (LoraSettings("adapter.gguf"),)


def test_a_path_like_a_repository_is_one(ground):
    assert _llama(ground, model_path="TheBloke/MythoMax-L2-13B-GGUF").settings.model.hf_repo is not None


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ({"n_ctx": 512}, "engine.n_ctx", 512),
        ({"n_gpu_layers": -1}, "engine.device.n_gpu_layers", 2**31 - 1),
        ({"use_mmap": False}, "engine.is_mmap", False),
        ({"use_mlock": True}, "engine.is_mlock", True),
        ({"f16_kv": True}, "engine.kv_type_k", "f16"),
        ({"f16_kv": False}, "engine.kv_type_v", "f32"),
        ({"embedding": True}, "engine.purpose", "generate"),
        ({"seed": 7}, "generation.sampling.seed", 7),
        ({"seed": -1}, "generation.sampling.seed", None),
        ({"last_n_tokens_size": 32}, "generation.sampling.repeat_last_n", 32),
        ({"low_vram": True}, "engine.device.is_kv_offloaded", False),
        ({"low_vram": False}, "engine.device.is_kv_offloaded", True),
        ({"tensor_split": [3, 1.5]}, "engine.device.tensor_split", (3.0, 1.5)),
        ({"split_mode": 2}, "engine.device.split_mode", "row"),
        ({"numa": True}, "engine.numa", "distribute"),
        ({"numa": "isolate"}, "engine.numa", "isolate"),
        ({"numa": False}, "engine.numa", None),
        ({"vocab_only": False}, "engine.is_mmap", True),
        ({"n_threads": None}, "engine.cpu.n_threads", None),
        ({"ctx_size": 128}, "engine.n_ctx", 128),
        ({"reverse_prompt": ["A", "B"]}, "generation.stop", ("A", "B")),
        ({"chat_template_kwargs": {"a": [1]}}, "chat.variables", {"a": [1]}),
        ({"ttl": 1.5}, "stay.ttl_s", 1.5),
        ({"preload": True}, "stay.is_preloaded", True),
        ({"flash_attn": True}, "engine.flash_attn", "on"),
        ({"instruction_template": "Vicuna-v1.1"}, "chat.template", "vicuna"),
        ({"instruction_template": "ChatML"}, "chat.template", "chatml"),
        ({"chat_format": "llama-2"}, "chat.template", "llama2"),
        ({"chat_format": "mistral-instruct"}, "chat.template", "mistral"),
        ({"instruction_template": "Alpaca"}, "chat.template", ALPACA),
        ({"instruction_template": "{{ messages }}"}, "chat.template", "{{ messages }}"),
    ],
)
def test_an_argument_is_an_option(ground, arguments, field, value):
    settings = _llama(ground, **arguments).settings

    for part in field.split("."):
        settings = getattr(settings, part)
    assert settings == value


@pytest.mark.parametrize(
    "name",
    ["n_parts", "logits_all", "verbose", "echo", "lora_base", "cache", "cache_type", "cache_size", "n_gqa"],
)
def test_what_has_no_meaning_any_more_is_logged(ground, caplog, name):
    plain = _llama(ground)
    caplog.clear()

    assert _llama(ground, **{name: 1}) == plain

    assert [record.fields["remark"] for record in caplog.records] == [f'"{name}" has no meaning any more']


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"vocab_only": True}, "a model without its weights cannot answer"),
        ({"n_ctxx": 1}, 'unknown key "n_ctxx"'),
        ({"n_ctx": "many"}, "\"ctx-size\": stoi ('many' is not a whole number)"),
        ({"port": 80}, '"port" speaks of the whole server'),
        (
            {"instruction_template": "Nonsense"},
            "there is no instruction template 'Nonsense'; there are alpaca",
        ),
        ({"aliases": "a"}, '"aliases": a list of names was expected'),
        ({"model_path": None}, "model_path is missing"),
        ({"split_mode": [1]}, '"split_mode": [1] makes no sense here'),
        ({"tensor_split": {"a": 1}}, '"tensor_split": stof'),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(ground, arguments, reason):
    with pytest.raises(SettingsError) as caught:
        _llama(ground, **arguments)

    assert caught.value.message.startswith('model_definitions.py, line 3, model "m": ')
    assert reason in caught.value.message


def test_an_exllama_model_keeps_its_runner_and_its_positions(ground, caplog):
    (model,) = _read(
        ground,
        _defined(
            "ExllamaModel",
            model_path="orca_mini_7b",
            max_total_tokens=4096,
            compress_pos_emb=2.0,
            auto_map=[10, 20.5],
            gpu_peer_fix=True,
        ),
    )

    assert (model.runner, model.settings.model.path) == ("exllama", "orca_mini_7b")
    assert model.settings.engine.rope.freq_scale == 0.5
    assert model.settings.engine.device.tensor_split == (10.0, 20.5)
    assert [record.fields["remark"] for record in caplog.records] == [
        '"gpu_peer_fix" has no meaning any more'
    ]


def test_exllama_s_alpha_is_a_base_of_rotary_positions(ground):
    (model,) = _read(ground, _defined("ExllamaModel", model_path="a", alpha_value=2.0))

    assert model.settings.engine.rope.freq_base == pytest.approx(
        20221.3, rel=1e-4
    )  # 10000 * 2 ** (128 / 126)


@pytest.mark.parametrize("ending", ["", "/", "/chat/completions", "/completions"])
def test_a_reverse_proxy_is_a_base_url(ground, ending):
    (model,) = _read(
        ground,
        _defined("ReverseProxyModel", model_path=f"http://host/v1{ending}", api_key="secret", model="other"),
    )

    remote = model.settings.remote
    assert (remote.base_url, remote.api_key, remote.model) == ("http://host/v1", "secret", "other")
    assert model.settings.model.path is None


def test_replacements_and_second_names_are_aliases(ground):
    answer = Answer(
        [
            Defined("LlamaCppModel", ["a", "a2"], 1, {"model_path": "a.gguf", "aliases": ["a3"]}),
            Defined("LlamaCppModel", ["b"], 2, {"model_path": "b.gguf"}),
        ],
        {"gpt-3.5-turbo": "a", "gpt-4": "b", "gpt-4o": "a2"},
    )

    a, b = _read(ground, answer)

    assert a.names == ("a", "a3", "a2", "gpt-3.5-turbo", "gpt-4o")
    assert b.names == ("b", "gpt-4")


def test_a_replacement_may_stand_for_a_model_that_is_declared_elsewhere(ground):
    answer = Answer([Defined("LlamaCppModel", ["orca"], 1, {"model_path": "a.gguf"})], {"gpt-4": "found"})
    source = PythonSource(Path("model_definitions.py"), ground, str, evaluate=lambda _: answer)

    (orca,) = source.read()

    assert orca.names == ("orca",)
    assert source.replacements == {"gpt-4": "found"}


def _llama(ground, **arguments):
    (model,) = _read(ground, _defined("LlamaCppModel", **{"model_path": "m.gguf", **arguments}))
    return model


def _defined(kind, **arguments):
    return Answer([Defined(kind, ["m"], 3, arguments)])


def _read(ground, answer):
    return PythonSource(Path("model_definitions.py"), ground, str, evaluate=lambda _: answer).read()
