"""The pages that the code writes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.cli import docs

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("page", docs.PAGES)
def test_a_page_is_fresh(page):
    written = (REFERENCE / f"{page}.md").read_text(encoding="utf-8")

    assert written == docs.PAGES[page](), "run `make docs`"


def test_the_endpoints_page_names_every_route():
    page = docs.PAGES["endpoints"]()

    for path in (
        "/health",
        "/completion",
        "/tokenize",
        "/props",
        "/slots",
        "/metrics",
        "/v1/chat/completions",
    ):
        assert f"`{path}`" in page


def test_an_unknown_page_is_refused(capsys):
    assert docs.main(["nonsense"]) == 1
    assert "options, endpoints" in capsys.readouterr().err
