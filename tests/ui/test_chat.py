"""The state of a chat, and what is said about it."""

import pytest

from corral.core.errors import (
    InvalidRequestError,
    ModelLoadError,
    NotFoundError,
    QueueFullError,
    QuotaExceededError,
)
from corral.core.messages import ModelFacts
from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput
from corral.prompt.messages import Message
from corral.ui import words
from corral.ui.chat import Chat
from corral.ui.opening import Opening


def end(reason=FinishReason.EOS, n_predicted=11):
    return SequenceEnd(reason, "", 5, 0, n_predicted, 16, 3.0, 500.0, False, 0, 1)


def output(text, ended=None):
    return SequenceOutput("r", 0, text, [], [], ended)


def answered(chat, question, answer):
    exchange = chat.ask(question)
    exchange.hear(output(answer, end()))
    return exchange


def test_an_answer_grows_until_its_end():
    chat = Chat()
    exchange = chat.ask("hi")

    exchange.hear(output("Hel"))
    assert chat.is_busy
    exchange.hear(output("lo", end()))

    assert (exchange.answer, exchange.note, chat.is_busy) == ("Hello", "11 tokens · 20.0 per second", False)


def test_the_model_sees_the_system_text_and_all_turns():
    chat = Chat()
    answered(chat, "one", "1")
    chat.ask("two")

    assert chat.messages(" Be brief. ") == [
        Message("system", "Be brief."),
        Message("user", "one"),
        Message("assistant", "1"),
        Message("user", "two"),
    ]


def test_a_greeting_stands_between_the_system_text_and_the_first_question():
    chat = Chat(Opening("Mira", ("Hello.", "Well met."), place=1))
    chat.ask("hi")

    assert chat.messages("Be brief.") == [
        Message("system", "Be brief."),
        Message("assistant", "Well met."),
        Message("user", "hi"),
    ]


def test_a_question_without_an_answer_is_left_out_of_the_next_prompt():
    chat = Chat()
    chat.ask("lost").fail("sorry")
    chat.ask("next")

    assert chat.messages("") == [Message("user", "next")]


def test_a_stopped_answer_stays_as_far_as_it_came():
    chat = Chat()
    exchange = chat.ask("one")
    exchange.hear(output("1, 2"))
    exchange.stop()
    chat.ask("two")

    assert exchange.note == words.STOPPED
    assert chat.messages("")[1] == Message("assistant", "1, 2")


@pytest.mark.parametrize(
    ("reason", "note", "fault"),
    [(FinishReason.LENGTH, words.CUT, ""), (FinishReason.ABORTED, "11 tokens", words.ABORTED)],
)
def test_an_early_end_is_told(reason, note, fault):
    exchange = Chat().ask("hi")

    exchange.hear(output("x", end(reason)))

    assert note in exchange.note
    assert exchange.fault == fault


def test_an_answer_that_just_breaks_off_is_a_fault():
    exchange = Chat().ask("hi")

    exchange.close()

    assert (exchange.is_over, exchange.fault) == (True, words.FAULT)


@pytest.mark.parametrize(
    ("n_predicted", "said"), [(0, "No answer."), (1, "1 token"), (1001, "1,001 tokens · 2,000 per second")]
)
def test_the_speed_counts_what_came_after_the_first_token(n_predicted, said):
    assert words.speed(end(n_predicted=n_predicted)) == said


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("models/a/b.gguf", "b.gguf"),
        ("corral-tiny", "corral-tiny"),
        ("/", "/"),
    ],
)
def test_of_a_path_the_file_name_is_shown(name, short):
    assert words.short_name(name) == short


def test_the_facts_are_in_the_readers_words():
    assert words.about(ModelFacts(n_ctx=32768, n_slots=1)) == "32,768 tokens of context · 1 slot"


def test_a_model_that_cannot_be_used_is_named_as_the_reason():
    assert "no tokenizer" in words.polite(ModelLoadError("no tokenizer"))
    assert "no model yet" in words.polite(NotFoundError("There is no model yet"))


def test_errors_are_polite_and_only_the_readers_own_are_quoted():
    assert "try again" in words.polite(QueueFullError("The queue of requests is full"))
    assert "the template says no" in words.polite(InvalidRequestError("the template says no"))
    assert words.polite(QuotaExceededError("The quota is used up")) == "The quota is used up"
