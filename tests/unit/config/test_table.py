"""Every row of the table reaches its field from every place, with the type that the field asks for."""

from __future__ import annotations

import operator

import msgspec
import pytest

from corral.config.options import FLAGS, OPTIONS, VARIABLES
from corral.config.refused import REFUSED_FLAGS, REFUSED_VARIABLES
from corral.core.engine_settings import ControlVectorSettings, LoraSettings
from corral.core.sampler_names import NAMES
from corral.core.sampling import DEFAULT_SAMPLERS
from corral.core.settings import Settings
from corral.core.structure import Structure, StructureKind

INT_MAX = 2**31 - 1

# name: (text, what it means)
EXAMPLES = {
    "grammar": ('root ::= "a"', Structure(StructureKind.GBNF, 'root ::= "a"')),
    "grammar-file": ("list.gbnf", Structure(StructureKind.GBNF, "root ::= [a-z]\n")),
    "json-schema": ("{}", Structure(StructureKind.JSON_SCHEMA, "{}")),
    "json-schema-file": ("schema.json", Structure(StructureKind.JSON_SCHEMA, '{"type": "object"}')),
    "log-disable": ("on", False),
    "log-file": ("corral.log", "corral.log"),
    "log-colors": ("off", "off"),
    "verbose": ("on", INT_MAX),
    "verbosity": ("3", 3),
    "log-prefix": ("on", True),
    "log-timestamps": ("on", True),
    "log-jsonl": ("on", True),
    "logdir": ("runs", "runs"),
    "log-prompts-dir": ("prompts", "prompts"),
    "verbose-prompt": ("on", True),
    "prompt": ("Once", "Once"),
    "file": ("prompt.txt", "Once\nmore"),
    "binary-file": ("prompt.txt", "Once\nmore\n"),
    "escape": ("off", False),
    "reverse-prompt": ("User:", ("User:",)),
    "jinja": ("off", False),
    "chat-template-kwargs": ('{"a": [1, "b"]}', {"a": [1, "b"]}),
    "prefill-assistant": ("off", False),
    "skip-chat-parsing": ("on", True),
    "reasoning-format": ("deepseek-legacy", "deepseek-legacy"),
    "reasoning": ("off", "off"),
    "reasoning-effort": ("high", "high"),
    "reasoning-budget": ("64", 64),
    "reasoning-budget-message": ("Enough.", "Enough."),
    "reasoning-preserve": ("off", False),
    "docker-repo": ("ai/smollm2:135M-Q4_0", "ai/smollm2:135M-Q4_0"),
    "offline": ("on", True),
    "tags": ("small, fast,", ("small", "fast")),
    "model": ("a.gguf", "a.gguf"),
    "alias": ("tiny,small", ("tiny", "small")),
    "model-url": ("http://localhost/a.gguf", "http://localhost/a.gguf"),
    "model-cache": ("downloads", "downloads"),
    "hf-repo": ("owner/name:Q8_0", "owner/name:Q8_0"),
    "hf-file": ("a.gguf", "a.gguf"),
    "hf-token": ("secret", "secret"),
    "mmproj": ("mmproj.gguf", "mmproj.gguf"),
    "mmproj-url": ("http://localhost/mmproj.gguf", "http://localhost/mmproj.gguf"),
    "mmproj-auto": ("off", False),
    "mmproj-offload": ("off", False),
    "image-min-tokens": ("64", 64),
    "image-max-tokens": ("1024", 1024),
    "media-path": (".", "."),
    "media-remote": ("on", True),
    "media-max-bytes": ("1000", 1000),
    "media-max-pixels": ("2000", 2000),
    "media-max-images": ("3", 3),
    "chat-template": ("chatml", "chatml"),
    "chat-template-file": ("template.jinja", "{{ messages }}\n"),
    "ctx-size": ("4096", 4096),
    "parallel": ("8", 8),
    "batch-size": ("1024", 1024),
    "ubatch-size": ("256", 256),
    "threads": ("3", 3),
    "threads-batch": ("4", 4),
    "cpu-mask": ("0x5", (0, 2)),
    "cpu-range": ("1-3", (1, 2, 3)),
    "cpu-strict": ("1", True),
    "prio": ("-1", -1),
    "poll": ("100", 100),
    "cpu-mask-batch": ("a", (1, 3)),
    "cpu-range-batch": ("-1", (0, 1)),
    "cpu-strict-batch": ("0", False),
    "prio-batch": ("3", 3),
    "poll-batch": ("0", 0),
    "numa": ("isolate", "isolate"),
    "gpu-layers": ("99", 99),
    "device": ("CUDA0,CUDA1", ("CUDA0", "CUDA1")),
    "split-mode": ("row", "row"),
    "tensor-split": ("3,1.5", (3.0, 1.5)),
    "main-gpu": ("1", 1),
    "override-tensor": ("exps=CPU,out.*=CUDA0", (("exps", "CPU"), ("out.*", "CUDA0"))),
    "cpu-moe": ("on", True),
    "n-cpu-moe": ("2", 2),
    "n-cpu-ffn": ("3", 3),
    "rpc": ("a:1,b:2", ("a:1", "b:2")),
    "kv-offload": ("off", False),
    "op-offload": ("off", False),
    "repack": ("off", False),
    "no-host": ("on", False),
    "kv-unified-per-slot": ("512", 512),
    "cache-type-k": ("q8_0", "q8_0"),
    "cache-type-v": ("iq4_nl", "iq4_nl"),
    "dump-kv-cache": ("on", True),
    "load-mode": ("mmap+mlock", "mmap+mlock"),
    "lazy-mode": ("off", "off"),
    "check-tensors": ("on", True),
    "override-kv": (
        "a.b=int:-5,c=bool:true,d=str:x,y=z,e=float:2",
        (("a.b", -5), ("c", True), ("d", "x,y=z"), ("e", 2.0)),
    ),
    "perf": ("off", False),
    "rope-scaling": ("yarn", "yarn"),
    "rope-scale": ("4", 0.25),
    "rope-freq-base": ("1e6", 1e6),
    "rope-freq-scale": ("0.5", 0.5),
    "yarn-orig-ctx": ("2048", 2048),
    "yarn-ext-factor": ("0", 0.0),
    "yarn-attn-factor": ("1.5", 1.5),
    "yarn-beta-slow": ("2", 2.0),
    "yarn-beta-fast": ("16", 16.0),
    "control-vector": ("a.gguf,b.gguf", (ControlVectorSettings("a.gguf"), ControlVectorSettings("b.gguf"))),
    "control-vector-scaled": ("a.gguf:-0.5", (ControlVectorSettings("a.gguf", -0.5),)),
    "control-vector-layer-range": ("1:7", (1, 7)),
    "lora": ("a.gguf,b.gguf", (LoraSettings("a.gguf"), LoraSettings("b.gguf"))),
    "lora-scaled": ("a.gguf:-0.5", (LoraSettings("a.gguf", -0.5),)),
    "lora-init-without-apply": ("on", False),
    "system-prompt-file": ("prompt.txt", "Once\nmore\n"),
    "slot-save-path": (".", "."),
    "grp-attn-n": ("4", 4),
    "grp-attn-w": ("2048", 2048),
    "cont-batching": ("off", False),
    "cache-prompt": ("on", True),
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
    "max-queue-tokens": ("7", 7),
    "embedding": ("on", "embed"),
    "reranking": ("on", "rank"),
    "pooling": ("last", "last"),
    "embd-normalize": ("-1", -1),
    "embedding-shape": ("path", "path"),
    "spm-infill": ("on", True),
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
    "tfs": ("0.9", 0.9),
    "penalize-nl": ("on", True),
    "adaptive-target": ("0.4", 0.4),
    "adaptive-decay": ("0.5", 0.5),
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
    "admin-key": ("one,two", ("one", "two")),
    "admin-key-file": ("keys.txt", ("one", "two")),
    "models-dir": (".", "."),
    "characters-dir": (".", "."),
    "models-preset": (__file__, __file__),
    "definitions": (__file__, __file__),
    "default-model": ("story", "story"),
    "models-autoload": ("off", False),
    "preload": ("story,tale", ("story", "tale")),
    "load-on-startup": ("on", True),
    "models-max": ("2", 2),
    "cache-ram": ("100", 100 * 2**20),
    "cache-disk": ("1G", 2**30),
    "cache-disk-path": ("kv", "kv"),
    "ctx-checkpoints": ("4", 4),
    "checkpoint-min-step": ("256", 256),
    "spec-type": ("ngram-simple", ("ngram-simple",)),
    "model-draft": ("small.gguf", "small.gguf"),
    "spec-draft-n-max": ("4", 4),
    "spec-draft-n-min": ("2", 2),
    "spec-draft-p-min": ("0.5", 0.5),
    "ctx-size-draft": ("512", 512),
    "gpu-layers-draft": ("7", 7),
    "device-draft": ("CUDA0,CUDA1", ("CUDA0", "CUDA1")),
    "threads-draft": ("2", 2),
    "threads-batch-draft": ("3", 3),
    "cache-type-k-draft": ("q8_0", "q8_0"),
    "cache-type-v-draft": ("f32", "f32"),
    "memory-budget": ("1.5G", 3 * 2**29),
    "device-memory-budget": ("500MiB", 500 * 2**20),
    "load-wait-s": ("0", 0.0),
    "spare-engine": ("off", False),
    "cache-parked": ("100", 100 * 2**20),
    "yield-cores": ("off", False),
    "sleep-idle-seconds": ("60", 60.0),
    "ttl": ("0.5", 0.5),
    "pin": ("on", True),
    "proxy-url": ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1"),
    "proxy-key": ("secret", "secret"),
    "proxy-model": ("other", "other"),
    "proxy-timeout-s": ("5", 5.0),
    "timeout": ("30", 30.0),
    "metrics": ("on", True),
    "slots": ("on", True),
    "props": ("on", True),
    "ui": ("off", False),
    "ssl-key-file": ("key.pem", "key.pem"),
    "ssl-cert-file": ("cert.pem", "cert.pem"),
    "path": ("public", "public"),
    "api-prefix": ("/llm/", "/llm"),
    "cors-origins": ("localhost", "localhost"),
    "cors-methods": ("GET, POST", "GET, POST"),
    "cors-headers": ("Authorization", "Authorization"),
    "cors-credentials": ("off", False),
    "reuse-port": ("on", True),
    "sse-ping-interval": ("-1", None),
    "threads-http": ("3", 3),
    "shutdown-s": ("0", 0.0),
    "hang-s": ("1.5", 1.5),
}
FILES = {
    "prompt.txt": "Once\nmore\n",
    "list.gbnf": "root ::= [a-z]\n",
    "schema.json": '{"type": "object"}',
    "template.jinja": "{{ messages }}\n",
    "keys.txt": "# ours\none\n\n two \n",
}
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
    names = tuple(NAMES)

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
