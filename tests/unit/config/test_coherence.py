"""Options that contradict each other are refused; those without effect are worth a warning."""

from __future__ import annotations

import pytest

from corral.core.errors import SettingsError


@pytest.mark.parametrize(
    "words",
    [
        ["-mu", "http://localhost/a.gguf", "-hf", "owner/name"],
        ["-hf", "owner/name", "-hff", "a.gguf", "-m", "b.gguf"],
        ["-c", "4", "-np", "8"],
    ],
)
def test_contradictions_are_refused(parse, words):
    with pytest.raises(SettingsError, match=r"^error: "):
        parse(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["-hff", "a.gguf"],
        ["--log-timestamps"],
        ["--ssl-key-file", "key.pem"],
        ["--ssl-cert-file", "cert.pem"],
    ],
)
def test_a_flag_without_effect_is_worth_a_warning(parse, words):
    assert len(parse(*words).warnings) == 1
