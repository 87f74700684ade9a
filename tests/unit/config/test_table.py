"""Every row of the table reaches its field from every place, with the type that the field asks for."""

from __future__ import annotations

import operator

import msgspec
import pytest

from corral.config.options import FLAGS, OPTIONS, VARIABLES
from corral.config.refused import REFUSED_FLAGS, REFUSED_VARIABLES
from corral.core.sampling import DEFAULT_SAMPLERS, SAMPLER_NAMES
from corral.core.settings import Settings

INT_MAX = 2**31 - 1

# name: (text, what it means)
EXAMPLES = {
    "log-disable": ("on", False),
    "log-file": ("corral.log", "corral.log"),
    "log-colors": ("off", "off"),
    "verbose": ("on", INT_MAX),
    "verbosity": ("3", 3),
    "log-prefix": ("on", True),
    "log-timestamps": ("on", True),
    "log-jsonl": ("on", True),
    "model": ("a.gguf", "a.gguf"),
    "alias": ("tiny", "tiny"),
    "model-url": ("http://localhost/a.gguf", "http://localhost/a.gguf"),
    "model-cache": ("downloads", "downloads"),
    "hf-repo": ("owner/name:Q8_0", "owner/name:Q8_0"),
    "hf-file": ("a.gguf", "a.gguf"),
    "hf-token": ("secret", "secret"),
    "chat-template": ("chatml", "chatml"),
    "chat-template-file": ("template.jinja", "{{ messages }}\n"),
    "ctx-size": ("4096", 4096),
    "parallel": ("8", 8),
    "batch-size": ("1024", 1024),
    "ubatch-size": ("256", 256),
    "threads": ("3", 3),
    "threads-batch": ("4", 4),
    "gpu-layers": ("99", 99),
    "flash-attn": ("enabled", "on"),
    "kv-unified": ("on", True),
    "context-shift": ("off", False),
    "mmap": ("off", False),
    "mlock": ("on", True),
    "swa-full": ("on", True),
    "slot-prompt-similarity": ("0.25", 0.25),
    "special": ("on", True),
    "warmup": ("off", False),
    "max-itl-ms": ("40.5", 40.5),
    "max-queue": ("7", 7),
    "predict": ("-2", -2),
    "keep": ("5", 5),
    "seed": ("4294967294", 4294967294),
    "samplers": ("temp;typical-p;nucleus", ("temperature", "typ_p", "top_p")),
    "sampling-seq": ("tk", ("temperature", "top_k")),
    "ignore-eos": ("on", True),
    "temp": ("0.1", 0.1),
    "top-k": ("-1", -1),
    "top-p": ("0.5", 0.5),
    "min-p": ("0.2", 0.2),
    "typical": ("0.9", 0.9),
    "top-nsigma": ("1.5", 1.5),
    "xtc-probability": ("0.5", 0.5),
    "xtc-threshold": ("0.2", 0.2),
    "repeat-last-n": ("-1", -1),
    "repeat-penalty": ("1.1", 1.1),
    "presence-penalty": ("0.3", 0.3),
    "frequency-penalty": ("-0.3", -0.3),
    "dry-multiplier": ("0.8", 0.8),
    "dry-base": ("2", 2.0),
    "dry-allowed-length": ("3", 3),
    "dry-penalty-last-n": ("0", 0),
    "dry-sequence-breaker": ("\n", ("\n",)),
    "dynatemp-range": ("0.5", 0.5),
    "dynatemp-exp": ("2e0", 2.0),
    "mirostat": ("2", 2),
    "mirostat-lr": ("0.2", 0.2),
    "mirostat-ent": ("4", 4.0),
    "logit-bias": ("2-inf", ((2, -float("inf")),)),
    "host": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - nothing is bound here
    "port": ("0", 0),
    "api-key": ("one,two", ("one", "two")),
    "api-key-file": ("keys.txt", ("one", "two")),
    "timeout": ("30", 30.0),
    "metrics": ("on", True),
    "slots": ("on", True),
    "props": ("on", True),
    "ui": ("off", False),
    "shutdown-s": ("0", 0.0),
    "hang-s": ("1.5", 1.5),
}
FILES = {"template.jinja": "{{ messages }}\n", "keys.txt": "# ours\none\n\n two \n"}
ROWS = [pytest.param(option, id=option.name) for option in OPTIONS if option.fills]


def test_every_row_that_fills_a_field_has_an_example():
    assert {option.name for option in OPTIONS if option.fills} == set(EXAMPLES)


@pytest.mark.parametrize("option", ROWS)
def test_every_flag_fills_its_field(parse, option):
    text, value = EXAMPLES[option.name]

    for flag, is_on in option.spellings.items():
        given = parse(*_words(option, flag, text, is_on=is_on), files=FILES).settings

        assert _field(given, option) == (value if option.kind.metavar else _switched(value, is_on=is_on))


@pytest.mark.parametrize("option", ROWS)
def test_every_variable_fills_its_field(parse, option):
    text, value = EXAMPLES[option.name]

    for variable, is_on in option.variables.items():
        turned = text if is_on == bool(option.flags) else {"on": "off", "off": "on"}[text]
        given = parse(environ={variable: turned}, files=FILES).settings

        assert _field(given, option) == value


@pytest.mark.parametrize("option", ROWS)
def test_every_key_of_the_file_fills_its_field(parse, option):
    text, value = EXAMPLES[option.name]
    document = f"{option.name}: {msgspec.json.encode(text).decode()}"

    given = parse("--config", "corral.yaml", files={**FILES, "corral.yaml": document}).settings

    assert _field(given, option) == value


@pytest.mark.parametrize("option", ROWS)
def test_every_value_has_the_type_of_its_field(parse, option):
    given = parse(environ={next(iter(option.variables)): EXAMPLES[option.name][0]}, files=FILES).settings

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(given), type=Settings) == given


@pytest.mark.parametrize("option", ROWS)
def test_every_default_stands_in_settings(option):
    assert option.default == operator.attrgetter(option.fills)(Settings())


def test_no_spelling_and_no_variable_belongs_to_two_rows():
    flags = [flag for option in OPTIONS for flag in option.spellings]
    variables = [variable for option in OPTIONS for variable in option.variables]

    assert len(flags) == len(set(flags))
    assert len(variables) == len(set(variables))


def test_nothing_is_both_honoured_and_refused():
    assert not REFUSED_FLAGS & set(FLAGS)
    assert not REFUSED_VARIABLES & VARIABLES


def test_every_sampler_of_the_engine_can_be_named(parse):
    names = tuple(SAMPLER_NAMES)

    assert parse("--samplers", ";".join(names)).settings.generation.sampling.samplers == names


def test_the_default_letters_mean_the_default_samplers(parse):
    letters = FLAGS["--sampling-seq"].option.default_text

    assert parse("--sampling-seq", letters).settings.generation.sampling.samplers == DEFAULT_SAMPLERS


def _words(option, flag, text, *, is_on):
    return [flag, text] if option.kind.metavar and is_on else [flag]


def _switched(value, *, is_on):
    return is_on if isinstance(value, bool) else value


def _field(settings, option):
    return operator.attrgetter(option.fills)(settings)
