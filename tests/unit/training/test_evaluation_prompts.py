"""The fixed prompts are many, different, and not simply questions of the training text."""

from __future__ import annotations

import re
from itertools import islice

from training.corpus.documents import Chat
from training.corpus.mixture import documents
from training.corpus.wording import normalized
from training.evaluation_prompts import PROMPTS, Form


def test_there_are_enough_prompts_of_enough_categories():
    assert len(PROMPTS) >= 60
    assert len({prompt.category for prompt in PROMPTS}) >= 10


def test_no_prompt_stands_there_twice():
    asked = [(prompt.system, prompt.turns) for prompt in PROMPTS]

    assert len(asked) == len(set(asked))


def test_every_check_is_an_expression_that_an_empty_answer_fails():
    for prompt in PROMPTS:
        assert re.search(prompt.check, "") is None


def test_holes_have_two_sides():
    for prompt in PROMPTS:
        assert prompt.form is not Form.HOLE or len(prompt.turns) == 2


def test_single_questions_do_not_occur_in_the_first_documents():
    asked = {
        normalized(prompt.turns[0])
        for prompt in PROMPTS
        if prompt.form is Form.CHAT and prompt.system is None and len(prompt.turns) == 1
    }

    seen = {
        normalized(exchange.user)
        for document in islice(documents(1000), 5000)
        if isinstance(document, Chat)
        for exchange in document.exchanges
    }

    assert not asked & seen
