"""Markdown to safe HTML, and the cut into blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.ui.markdown import blocks, to_html

MARKS = st.text(alphabet="ab 1.-*_`#>|[]()!<&\\\t\r\n", max_size=60)


def test_code_keeps_its_lines_and_shows_its_angle_brackets():
    assert (
        to_html("```html\n<b>\n  x\n```")
        == '<pre><code class="language-html">&lt;b&gt;\n  x\n</code></pre>\n'
    )


def test_a_code_block_that_is_still_open_is_one_already():
    assert to_html("```\nx = 1") == "<pre><code>x = 1</code></pre>\n"


def test_single_line_ends_are_kept():
    assert to_html("a\nb") == "<p>a<br />\nb</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>",
        "<img src=x onerror=y>",
        "a <b onclick=x>b</b>",
        "<!-- x -->",
        "<style>*{}</style>",
    ],
)
def test_raw_html_is_text(text):
    assert text.replace("<", "&lt;").replace(">", "&gt;") in to_html(text).replace("&quot;", '"')


@pytest.mark.parametrize(
    "target", ["javascript:x", "JaVaScRiPt:x", "vbscript:x", "data:text/html,x", "file:///x"]
)
def test_links_that_could_run_something_are_none(target):
    assert "<a" not in to_html(f"[x]({target}) <{target}>")


def test_images_are_links_at_most():
    assert "<img" not in to_html("![x](http://192.0.2.1/x.png) ![x][1]\n\n[1]: http://192.0.2.1/x.png")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", [""]),
        ("one\ntwo", ["one\ntwo"]),
        ("one\n\ntwo\n", ["one\n\n", "two\n"]),
        ("\n\none\n\n- a\n\n- b\n\nend", ["\n\none\n\n", "- a\n\n- b\n\n", "end"]),
        ("# h\ntext\n```\na\n\nb\n```\nend", ["# h\n", "text\n", "```\na\n\nb\n```\n", "end"]),
    ],
)
def test_blocks_begin_where_paragraphs_lists_and_code_do(text, cut):
    assert blocks(text) == cut


@given(MARKS)
def test_blocks_joined_are_the_text(text):
    assert "".join(blocks(text)) == text


@given(MARKS)
def test_only_tags_that_markdown_makes_come_out(text):
    assert "<script" not in to_html(text)
    assert "<img" not in to_html(text)
