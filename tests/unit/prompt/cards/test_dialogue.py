"""Example dialogues between a card's text and turns."""

import pytest

from corral.prompt.cards.dialogue import read_examples, write_examples
from corral.prompt.persona import Speaker, Turn

USER, CHARACTER, SYSTEM = Speaker.USER, Speaker.CHARACTER, Speaker.SYSTEM


@pytest.mark.parametrize(
    ("text", "examples"),
    [
        ("", ()),
        (" <START> \n\n<start>\n", ()),
        (
            "<START>\n{{user}}: hi\n{{char}}: hello\n<START>\n{{user}}: hi\nHaruhi: hello",
            (
                (Turn(USER, "hi"), Turn(CHARACTER, "hello")),
                (Turn(USER, "hi"), Turn(CHARACTER, "hello")),
            ),
        ),
        (
            "{{User}}:one\r\nmore: text\r\n\r\n<BOT>: two",
            ((Turn(USER, "one\nmore: text"), Turn(CHARACTER, "two")),),
        ),
        (
            "<START>\r\n{{user}}: one\r\n<START>\r\n{{char}}: two\r\n",
            ((Turn(USER, "one"),), (Turn(CHARACTER, "two"),)),
        ),
        ("It rains.\n<USER>: Oh.", ((Turn(SYSTEM, "It rains."), Turn(USER, "Oh.")),)),
        ("only prose", ((Turn(SYSTEM, "only prose"),),)),
        ("{{user}}:", ((Turn(USER, ""),),)),
    ],
)
def test_blocks_and_lines_become_turns(text, examples):
    assert read_examples(text, ("Haruhi", "")) == examples


def test_turns_are_written_as_the_specification_shows():
    examples = ((Turn(USER, "hi"), Turn(CHARACTER, "hello\nyou")), (Turn(CHARACTER, "Next."),))

    text = write_examples(examples)

    assert text == "<START>\n{{user}}: hi\n{{char}}: hello\nyou\n<START>\n{{char}}: Next."
    assert read_examples(text, ()) == examples
