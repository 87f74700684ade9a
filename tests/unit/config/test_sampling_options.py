"""The sampling flags: spellings, ranges, and what is refused."""

from __future__ import annotations

import math

import pytest

from corral.core.errors import SettingsError
from corral.core.sampling import DEFAULT_SAMPLERS, MAX_BIAS

OLD_CHAIN = ("top_k", "tfs_z", "typ_p", "top_p", "min_p", "temperature")


@pytest.fixture
def sampling(parse):
    return lambda *argv: parse(*argv).settings.generation.sampling


@pytest.mark.parametrize(
    "names",
    [
        "top_k;tfs_z;typ_p;top_p;min_p;temperature",
        "top-k;tfs-z;typical-p;nucleus;min-p;temp",
        "top_k;tfs;typical;top-p;min_p;temp",
        "topk; tfs ;typ;topp;minp;temperature;",
        "top_k;tfs_z;typ-p;top_p;mystery;min_p;temperature",
    ],
)
def test_samplers_go_by_every_spelling_of_llama_server(sampling, names):
    assert sampling("--samplers", names).samplers == OLD_CHAIN


@pytest.mark.parametrize("flag", ["--sampling-seq", "--sampler-seq"])
def test_samplers_go_by_letters(sampling, flag):
    assert sampling(flag, "kfypmt").samplers == OLD_CHAIN
    assert sampling(flag, "edskypmxt").samplers == tuple(n for n in DEFAULT_SAMPLERS if n != "tfs_z")
    assert sampling(flag, "ai?kk").samplers == ("adaptive_p", "infill", "top_k", "top_k")


def test_the_later_of_names_and_letters_counts(sampling):
    assert sampling("--samplers", "temp", "--sampling-seq", "k").samplers == ("top_k",)
    assert sampling("--sampling-seq", "k", "--samplers", "temp").samplers == ("temperature",)


def test_without_flags_the_older_chain_is_part_of_the_default(sampling):
    assert [name for name in sampling().samplers if name in OLD_CHAIN] == list(OLD_CHAIN)


@pytest.mark.parametrize(
    ("text", "bias"), [("2-inf", -math.inf), ("2+inf", MAX_BIAS), ("2+1e30", MAX_BIAS), ("2-0.5", -0.5)]
)
def test_a_logit_bias_stays_within_what_sorting_bears(sampling, text, bias):
    assert sampling("--logit-bias", text).logit_bias == ((2, bias),)


@pytest.mark.parametrize(
    "argv",
    [
        ("--adaptive-decay", "1"),
        ("--adaptive-decay", "-0.1"),
        ("--adaptive-target", "1.5"),
        ("--tfs", "nan"),
        ("--repeat-penalty", "0"),
        ("--mirostat", "3"),
    ],
)
def test_a_value_out_of_range_is_refused(parse, argv):
    with pytest.raises(SettingsError, match=argv[0]):
        parse(*argv)


@pytest.mark.parametrize("flag", ["-bs", "--backend-sampling"])
def test_sampling_on_the_accelerator_is_refused_with_the_reason(parse, flag):
    with pytest.raises(SettingsError, match="samples on the processor"):
        parse(flag)
