"""Whatever the model writes, the example bot's messages are of a size that Discord takes, and hold it all."""

from hypothesis import given
from hypothesis import strategies as st

from examples.discord_bot.split import split

PIECES = st.sampled_from(
    [
        "word ",
        "Sentence. ",
        "\n",
        "\n\n",
        "    ",
        "```",
        "```py\n",
        "\n```\n",
        "`",
        "👍🏽",
        "🇩🇪",
        "e\u0301",
        "x" * 150,
    ]
)
TEXTS = st.lists(PIECES, max_size=150).map("".join)


def written(text):
    """Return what is not layout: white space, fences and the language behind one may be added or go."""
    return "".join(text.split()).replace("`", "").replace("py", "")


@given(TEXTS, st.sampled_from([200, 300, 2_000]))
def test_parts_fit_are_not_blank_and_lose_nothing(text, n_most):
    parts = split(text, n_most)

    assert all(part.strip() and len(part) <= n_most for part in parts)
    assert written("".join(parts)) == written(text)


@given(TEXTS, st.sampled_from([200, 300, 2_000]))
def test_all_parts_but_the_last_close_their_code_blocks(text, n_most):
    parts = split(text, n_most)

    assert all(part.count("```") % 2 == 0 for part in parts[:-1])
