"""The pages for people: their links lead somewhere, and whoever begins at the README finds each."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = ROOT / "README.md"
PAGES = sorted({START, *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")})
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def linked(page):
    """Return the files and folders that a page links to."""
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    return [(page.parent / target).resolve() for target in targets if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page):
    assert [str(path) for path in linked(page) if not path.exists()] == []


def test_every_page_is_found_from_the_readme():
    found, open_ends = {START}, [START]
    while open_ends:
        new = {path for path in linked(open_ends.pop()) if path.suffix == ".md" and path.exists()} - found
        found |= new
        open_ends.extend(new)

    decisions = ROOT / "docs" / "decisions"  # linked as a folder
    assert [page.name for page in PAGES if page not in found and page.parent != decisions] == []
