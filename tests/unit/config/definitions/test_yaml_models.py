"""Models and presets of the configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.config.definitions.sources import sources
from corral.config.definitions.whole import Ground
from corral.config.definitions.yaml_models import read, yaml_source
from corral.core.errors import SettingsError


def test_a_model_says_where_it_comes_from_and_how_it_runs(ground):
    (story,) = _models(
        ground,
        """
        models:
          story:
            m: story.gguf
            ctx_size: 4096
            sampling: {top-k: 20}
            aliases: [gpt-4, tale]
            alias: fable
            preload: true
            pin: on
            ttl: 60
        """,
    )

    assert story.names == ("story", "gpt-4", "tale", "fable")
    assert story.settings.model.path == "story.gguf"
    assert story.settings.engine.n_ctx == 4096
    assert story.settings.generation.sampling.top_k == 20
    assert story.settings.stay.is_preloaded
    assert story.settings.stay.is_pinned
    assert story.settings.stay.ttl_s == 60
    assert (story.runner, story.origin) == ("llama", "corral.yaml")


def test_what_is_nearer_wins(ground):
    presets = """
        presets:
          base: {ctx-size: 1, parallel: 1, batch-size: 1, ubatch-size: 1}
          child: {inherit: base, parallel: 1, batch-size: 2, ubatch-size: 2}
          other: {ubatch-size: 3}
        models:
          a: {model: a.gguf, inherit: [child, other], batch-size: 4}
    """

    (model,) = _models(ground, presets)

    engine = model.settings.engine
    assert (engine.n_ctx, engine.n_parallel, engine.n_batch, engine.n_ubatch) == (1, 1, 4, 3)


def test_lists_are_replaced_as_a_whole_not_added_to(ground):
    document = """
        presets: {p: {reverse-prompt: [A, B]}}
        models: {a: {model: a.gguf, inherit: p, reverse-prompt: C}, b: {model: b.gguf, inherit: p}}
    """

    a, b = _models(ground, document)

    assert a.settings.generation.stop == ("C",)
    assert b.settings.generation.stop == ("A", "B")


def test_a_model_is_served_as_the_server_was_told_but_for_where_it_comes_from(parse):
    base = parse(
        *("-hf", "owner/name", "-hft", "token", "--offline", "--model-cache", "cache", "-a", "x"),
        *("-c", "512", "-r", "A\\n", "--ttl", "9"),
    ).settings

    (model,) = _models(Ground.of(base), "models: {a: {model: a.gguf, reverse-prompt: 'B\\n'}}")

    assert model.settings.model.path == "a.gguf"
    assert model.settings.model.hf_repo is None
    assert model.settings.model.aliases == ()
    assert model.settings.model.hf_token == "token"  # noqa: S105 - no secret
    assert model.settings.model.is_offline
    assert model.settings.model.cache_dir == "cache"
    assert model.settings.engine.n_ctx == 512
    assert model.settings.generation.stop == ("B\n",)
    assert model.settings.stay.ttl_s == 9


def test_the_escapes_of_the_server_s_own_texts_are_read_once(parse):
    base = parse("-r", "\\\\n").settings

    (model,) = _models(Ground.of(base), "models: {a: {model: a.gguf}}")

    assert model.settings.generation.stop == base.generation.stop == ("\\n",)


def test_escapes_may_be_off_for_a_model(ground):
    (model,) = _models(ground, "models: {a: {model: a.gguf, escape: off, prompt: 'a\\n'}}")

    assert model.settings.generation.prompt == "a\\n"


def test_the_key_of_one_server_is_not_handed_to_another(parse):
    base = parse("--proxy-url", "http://127.0.0.1:1", "--proxy-key", "secret").settings

    (model,) = _models(Ground.of(base), "models: {a: {proxy-url: 'http://127.0.0.1:2', proxy-model: b}}")

    assert model.settings.remote.base_url == "http://127.0.0.1:2"
    assert model.settings.remote.model == "b"
    assert model.settings.remote.api_key is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("models: [a]", '"models": it must hold `name: options` lines'),
        ("models: {a: [b]}", 'models, "a": options were expected'),
        ("models: {a: {modell: b}}", 'models, "a": unknown key "modell"; did you mean model?'),
        ("models: {a: {model_path: b}}", 'unknown key "model-path"; did you mean model?'),
        ("models: {a: {n_ctx: 1}}", 'unknown key "n-ctx"; did you mean ctx-size?'),
        ("models: {a: {preset: b}}", 'unknown key "preset"; did you mean inherit?'),
        ("models: {a: {path: b}}", "give it to the server; did you mean model?"),
        ("models: {a: {port: 80}}", '"port" speaks of the whole server, not of one model'),
        ("models: {a: {verbose: on}}", '"verbose" speaks of the whole server'),
        ("models: {a: {models-max: 2}}", '"models-max" speaks of the whole server'),
        ("models: {a: {config: b}}", '"config" belongs on the command line'),
        ("models: {a: {ctx-size: many}}", "\"ctx-size\": stoi ('many' is not a whole number)"),
        ("models: {a: {model: [b, c]}}", '"model": one value was expected'),
        ("models: {a: {aliases: {b: c}}}", '"aliases": a name or a list of names was expected'),
        ("models: {a: {hf-repo-draft: b}}", "of drafts (speculative decoding) Corral serves"),
        ("models: {a: {inherit: b}}", 'models, "a": there is no preset "b"'),
        (
            "presets: {fast: {}}\nmodels: {a: {inherit: fas}}",
            'there is no preset "fas"; did you mean fast?',
        ),
        (
            "presets: {a: {inherit: b}, b: {inherit: [a]}}",
            "presets inherit in a circle: a -> b -> a",
        ),
        ("presets: {a: {inherit: a}}", "presets inherit in a circle: a -> a"),
        ("presets: {a: {aliases: b}}", "a preset holds options only"),
    ],
)
def test_a_wrong_declaration_ends_the_start_with_its_place_and_reason(parse, document, reason):
    with pytest.raises(SettingsError) as caught:
        parse("--config", "corral.yaml", files={"corral.yaml": document})

    assert caught.value.message.startswith("error in the configuration file, ")
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("models: {a: {model: a, c: 4, np: 8}}", 'model "a": error: --ctx-size 4 leaves no token'),
        ("models: {a: {hf: o/n, mu: 'http://h/a'}}", 'model "a": error: --model-url and --hf-repo name two'),
        ("models: {a: {model: a, aliases: c}, b: {model: b, aliases: c}}", 'the name "c" means two models'),
        ("models: {a: {model: a}, b: {model: b, aliases: a}}", 'the name "a" means two models: a and b'),
        ("models: {' ': {model: a}}", "a name of 1 to 256 printable characters is needed"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_the_file_and_the_model(ground, document, reason):
    with pytest.raises(SettingsError) as caught:
        _models(ground, document)

    assert caught.value.message.startswith("corral.yaml")
    assert reason in caught.value.message


def test_a_long_line_of_presets_is_refused_and_a_wide_web_is_not():
    line = {f"p{n}": f"{{inherit: p{n + 1}}}" for n in range(99)} | {"p99": "{}"}
    web = {f"p{n}": f"{{inherit: [p{n + 1}, p{n + 1}]}}" for n in range(40)} | {"p40": "{}"}

    with pytest.raises(SettingsError, match="through more than 50 others"):
        read(_presets(line), str)
    assert read(_presets(web), str) == {}


def test_a_file_with_models_is_a_source_and_one_without_is_none(parse):
    files = {"a.yaml": "models: {a: {model: a.gguf}}\nport: 80", "b.yaml": "port: 80\npresets: {p: {}}"}

    with_models = parse("--config", "a.yaml", files=files).settings
    without = parse("--config", "b.yaml", files=files).settings

    (source,) = sources(with_models, lambda path: files[path])
    assert source.paths == (Path("a.yaml"),)
    assert [model.name for model in source.read()] == ["a"]
    assert with_models.server.port == 80
    assert sources(without) == []


def test_a_file_that_went_away_is_told(ground, read_nothing):
    with pytest.raises(SettingsError, match=r"cannot read gone\.yaml"):
        yaml_source(Path("gone.yaml"), ground, read_nothing).read()


def _models(ground, document):
    return yaml_source(Path("corral.yaml"), ground, lambda _: document).read()


def _presets(presets):
    return "presets:\n" + "".join(f"  {name}: {body}\n" for name, body in presets.items())
