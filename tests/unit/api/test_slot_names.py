from __future__ import annotations

import pytest

from corral.api.llamacpp.slot_names import slot_file_name
from corral.core.errors import InvalidRequestError


@pytest.mark.parametrize(
    "name",
    ["a", "chat.bin", ".hidden", "with blank", "späß.bin", "聊天", "a" * 255, "x.tar.gz", "-n", "ä" * 127],
)
def test_plain_names_are_taken_as_they_are(name):
    assert slot_file_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        ".",
        "..",
        "../x",
        "a..b",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "c:x",
        "a*",
        "a?",
        'a"b',
        "<a",
        "a>",
        "a|b",
        " a",
        "a ",
        "a.",
        "a" * 256,
        "ä" * 128,
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x80b",
        "a\x9f",
        "a\uff0eb",
        "a\u2215b",
        "a\u2216b",
        "a\ufffdb",
        "\ufeffa",
        "a\ud800",
    ],
)
def test_names_that_could_lead_elsewhere_or_be_no_file_are_refused(name):
    with pytest.raises(InvalidRequestError, match=r"^Invalid filename$"):
        slot_file_name(name)
