"""Whatever is typed, set or written into the file: settings or a `SettingsError`, nothing else."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from corral.config.definitions.preset_file import preset_source
from corral.config.definitions.sources import sources
from corral.config.definitions.whole import Ground
from corral.config.options import FLAGS, KEYS, VARIABLES
from corral.config.parse import parse
from corral.core.errors import SettingsError
from corral.core.settings import Settings

TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        ["-1", "0", "1", "on", "off", "inf", "nan", "1e400", "9" * 30, "a;b", "2-inf", ",", "none"]
    ),
    st.integers().map(str),
    st.floats().map(str),
)
WORDS = st.one_of(st.sampled_from(sorted(FLAGS)), TEXTS)
DOCUMENTS = st.one_of(
    st.text(),
    st.dictionaries(st.sampled_from(sorted(KEYS)), TEXTS).map(
        lambda entries: "\n".join(f"{key}: {value}" for key, value in entries.items())
    ),
)


@given(
    argv=st.lists(WORDS, max_size=6),
    environ=st.dictionaries(st.sampled_from(sorted(VARIABLES)), TEXTS, max_size=3),
    document=DOCUMENTS,
)
def test_parsing_raises_nothing_but_settings_errors(argv, environ, document):
    with contextlib.suppress(SettingsError):
        parse(argv, {**environ, "CORRAL_CONFIG": "corral.yaml"}, lambda _: document)


OPTIONS = st.dictionaries(
    st.one_of(st.sampled_from([*sorted(KEYS), "inherit", "aliases", "runner", "m", "preload"]), st.text()),
    st.one_of(TEXTS, st.lists(TEXTS, max_size=2), st.dictionaries(TEXTS, TEXTS, max_size=2)),
    max_size=4,
)
DECLARATIONS = st.fixed_dictionaries(
    {
        "models": st.dictionaries(st.text(), OPTIONS, max_size=3),
        "presets": st.dictionaries(st.sampled_from("ab"), OPTIONS, max_size=2),
    }
)


@given(document=DECLARATIONS)
def test_declarations_raise_nothing_but_settings_errors(document):
    text = json.dumps(document)
    with contextlib.suppress(SettingsError):
        settings = parse([], {"CORRAL_CONFIG": "corral.yaml"}, lambda _: text).settings
        for source in sources(settings, lambda _: text):
            source.read()


@given(
    text=st.one_of(
        st.text(), st.lists(st.sampled_from(["[a]", "[*]", "c = 1", "=", "[", "x", ";"])).map("\n".join)
    )
)
def test_preset_files_raise_nothing_but_settings_errors(text):
    source = preset_source(Path("models.ini"), Ground.of(Settings()), lambda _: text)
    with contextlib.suppress(SettingsError):
        source.read()


@given(argv=st.lists(WORDS, max_size=6))
def test_parsing_twice_gives_the_same(argv):
    assert _outcome(argv) == _outcome(argv)


def _outcome(argv):
    try:
        return parse(argv, {}, str)
    except SettingsError as error:
        return error.message
