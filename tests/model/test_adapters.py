"""LoRA adapters on real llama.cpp: scales change the text, sets do not mix, bad files end the load."""

from __future__ import annotations

from contextlib import closing

import gguf
import numpy as np
import pytest

from corral.core.engine_settings import AdapterSettings, LoraSettings
from corral.core.errors import ModelLoadError

WIDTH, RANK = 64, 4
PROMPT = "the quick brown fox jumps over"


def write_lora(path, seed=1, *, width=WIDTH, architecture="llama", kind="adapter", **more):
    random = np.random.default_rng(seed)
    with closing(gguf.GGUFWriter(path, architecture)) as writer:
        writer.add_type(kind)
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", float(RANK))
        writer.add_string("adapter.lora.task_name", f"task {seed}")
        if "invocation" in more:
            key = "adapter.alora.invocation_tokens"
            kind = gguf.GGUFValueType
            writer.add_key_value(key, more["invocation"], kind.ARRAY, sub_type=kind.UINT32)
        for layer in range(2):
            for name in ("attn_q", "attn_v", "ffn_down"):
                n_in = 128 if name == "ffn_down" else width
                a = random.normal(0, 0.3, (RANK, n_in)).astype(np.float32)
                b = random.normal(0, 0.3, (width, RANK)).astype(np.float32)
                writer.add_tensor(f"blk.{layer}.{name}.weight.lora_a", a)
                writer.add_tensor(f"blk.{layer}.{name}.weight.lora_b", b)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return str(path)


@pytest.fixture
def loras(tmp_path):
    return [write_lora(tmp_path / f"{seed}.gguf", seed) for seed in (1, 2)]


@pytest.fixture
def make_adapted(make_engine, loras):
    def make(*scales, is_applied=True, **settings):
        given = tuple(LoraSettings(path, scale) for path, scale in zip(loras, scales, strict=False))
        return make_engine(adapters=AdapterSettings(loras=given, is_applied=is_applied), **settings)

    return make


def test_a_scale_changes_the_text_and_0_is_the_bare_model(make_engine, make_adapted):
    engine = make_adapted(1.0, 1.0)
    base, _ = make_engine().generate(PROMPT)

    texts = [engine.generate(PROMPT, loras=((0, scale),))[0] for scale in (0.0, 0.5, 1.0)]
    second, _ = engine.generate(PROMPT, loras=((1, 1.0),))

    assert texts[0] == base
    assert len({tuple(text) for text in (*texts, second)}) == 4


def test_the_facts_name_files_scales_and_tasks(make_adapted, loras):
    facts = make_adapted(1.0, 0.5).runner.facts.loras

    assert [(lora.path, lora.scale, lora.task_name) for lora in facts] == [
        (loras[0], 1.0, "task 1"),
        (loras[1], 0.5, "task 2"),
    ]


def test_adapters_in_force_are_those_of_a_request_that_names_them(make_adapted):
    named, standing = make_adapted(1.0, 0.5), make_adapted(1.0, 0.5)

    assert named.generate(PROMPT, loras=((1, 0.5), (0, 1.0)))[0] == standing.generate(PROMPT)[0]


def test_adapters_that_are_not_applied_wait_for_their_scales(make_engine, make_adapted):
    engine = make_adapted(1.0, is_applied=False)
    base, _ = make_engine().generate(PROMPT)
    assert engine.generate(PROMPT)[0] == base

    engine.intake.standing.set_loras([(0, 1.0)])

    assert engine.generate(PROMPT)[0] == make_adapted(1.0).generate(PROMPT)[0] != base


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_requests_of_several_sets_together_write_what_they_write_alone(make_adapted, is_kv_unified):
    sets = [(), ((0, 1.0),), ((1, 0.5),), ((0, 0.25), (1, 2.0))]
    alone = [make_adapted(0, 0).generate(PROMPT, loras=one)[0] for one in sets]
    together = make_adapted(0, 0, is_kv_unified=is_kv_unified)

    ids = [together.submit(PROMPT, loras=one) for one in sets]
    together.run()

    assert [together.tokens(i) for i in ids] == alone


def test_no_set_is_kept_waiting_by_another(make_adapted):
    engine = make_adapted(0, 0)
    ids = [engine.submit(PROMPT, loras=one, max_tokens=40) for one in ((), ((0, 1.0),), ((1, 1.0),))]

    for _ in range(60):
        engine.step()
        counts = [engine.scheduler.roster.sequences(i)[0].n_predicted for i in ids]
        assert max(counts) - min(counts) <= 1


def test_changed_scales_never_reuse_what_was_computed_before(make_adapted):
    engine = make_adapted(0, 0)
    engine.generate(PROMPT)
    engine.intake.standing.set_loras([(0, 1.0)])
    fresh = make_adapted(1.0)

    answer, end = engine.generate(PROMPT)

    assert answer == fresh.generate(PROMPT, is_cache_wanted=False)[0]
    assert end.n_cached == 0


def test_what_one_set_has_computed_it_reuses(make_adapted):
    engine = make_adapted(0, 0)
    first, _ = engine.generate(PROMPT, loras=((0, 1.0),))

    second, end = engine.generate(PROMPT, loras=((0, 1.0),))

    assert (second, end.n_cached) == (first, len(PROMPT) - 1)


def test_scales_may_change_at_every_step(make_adapted):
    """llama.cpp keeps the graph of the last decode: it must not be taken for one of other adapters."""
    engine = make_adapted(0, 0)
    sets = [((0, 0.5 + number / 10),) for number in range(4)]
    alone = [make_adapted(0, 0).generate(PROMPT, loras=one, max_tokens=40)[0] for one in sets]

    ids = [engine.submit(PROMPT, loras=one, max_tokens=40) for one in sets]
    engine.run()

    assert [engine.tokens(i) for i in ids] == alone


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"width": 32}, "incorrect shape"),
        ({"architecture": "gemma2"}, "arch mismatch"),
        ({"kind": "model"}, "general.type"),
        ({"invocation": [1, 2]}, "activated LoRA"),
    ],
)
def test_a_file_that_is_no_adapter_of_this_model_ends_the_load(make_engine, tmp_path, wrong, reason):
    path = write_lora(tmp_path / "wrong.gguf", **wrong)

    with pytest.raises(ModelLoadError, match=reason):
        make_engine(adapters=AdapterSettings(loras=(LoraSettings(path),)))


@pytest.mark.parametrize("content", [None, b"", b"no GGUF at all", b"GGUF", b"GGUF\3\0\0\0" + b"\xff" * 40])
def test_bytes_that_are_no_adapter_end_the_load(make_engine, tmp_path, content):
    path = tmp_path / "wrong.gguf"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelLoadError, match="failed to load the LoRA adapter"):
        make_engine(adapters=AdapterSettings(loras=(LoraSettings(str(path)),)))


def test_a_cut_file_ends_the_load(make_engine, loras, tmp_path):
    cut = tmp_path / "cut.gguf"
    with open(loras[0], "rb") as file:  # noqa: PTH123
        whole = file.read()

    for size in range(0, len(whole), len(whole) // 20):
        cut.write_bytes(whole[:size])
        with pytest.raises(ModelLoadError, match="failed to load the LoRA adapter"):
            make_engine(adapters=AdapterSettings(loras=(LoraSettings(str(cut)),)))
