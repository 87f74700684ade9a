"""Which messages fit into a prompt."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt.characters.blocks import Blocks, budget, chosen, shortened


def test_all_messages_stand_where_there_is_room():
    assert chosen(10, [5, 5], [7, 7, 7], 41) == Blocks(2, 3)


def test_the_oldest_message_of_the_history_goes_first():
    assert chosen(10, [5, 5], [7, 7, 7], 40) == Blocks(2, 2)


def test_examples_come_before_the_history():
    assert chosen(10, [5, 5], [7], 21) == Blocks(2, 0)


def test_the_newest_examples_are_taken():
    assert chosen(10, [5, 9], [], 20) == Blocks(1, 0)


def test_a_message_that_does_not_fit_ends_its_block():
    assert chosen(0, [], [1, 100, 1], 10) == Blocks(0, 1)


def test_examples_that_do_not_fit_leave_the_history_its_room():
    assert chosen(0, [1, 100], [3, 3], 6) == Blocks(0, 2)


def test_a_bare_prompt_that_is_too_long_is_refused_with_figures():
    with pytest.raises(InvalidRequestError, match=r"'promptTemplate\.prompt': it has 31 tokens.* leaves 30"):
        chosen(31, [], [], 30)


def test_an_answer_as_long_as_the_context_is_refused_with_figures():
    with pytest.raises(InvalidRequestError, match=r"'genParams\.max_new_tokens': 256 .* 256 tokens"):
        budget(256, 256)

    assert budget(256, 255) == 1


def test_a_prompt_that_is_over_loses_its_oldest_messages():
    assert shortened(Blocks(2, 3), 1, [5, 5], [7, 7, 7]) == Blocks(2, 2)
    assert shortened(Blocks(2, 3), 15, [5, 5], [7, 7, 7]) == Blocks(2, 0)
    assert shortened(Blocks(2, 1), 8, [5, 5], [7, 7, 7]) == Blocks(1, 0)


def test_a_bare_prompt_has_nothing_to_lose():
    assert shortened(Blocks(0, 0), 1, [5], [7]) is None
