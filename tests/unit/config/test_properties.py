"""Whatever is typed, set or written into the file: settings or a `SettingsError`, nothing else."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from corral.config.options import FLAGS, KEYS, VARIABLES
from corral.config.parse import parse
from corral.core.errors import SettingsError

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


@given(argv=st.lists(WORDS, max_size=6))
def test_parsing_twice_gives_the_same(argv):
    assert _outcome(argv) == _outcome(argv)


def _outcome(argv):
    try:
        return parse(argv, {}, str)
    except SettingsError as error:
        return error.message
