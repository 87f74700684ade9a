"""What ends or shapes an answer besides stop strings: lines, the clock, thoughts, special tokens; reports."""

from __future__ import annotations

import dataclasses

import pytest

from corral.core.clock import MonotonicClock
from corral.core.errors import InternalError
from corral.core.messages import Failed, Stepped
from corral.core.outcome import FinishReason
from corral.core.request import GenerationRequest, Thinking
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.fake import BOS, FakeBehaviour, FakeVocabulary
from corral.engine.intake import Intake
from corral.engine.lines import LineWatch
from corral.engine.thinking import ThinkingWatch

THINKING = Thinking(n_tokens=3, begin="<t>", end="</t>", closing="!</t>", is_open=True)


def always(char):
    token = char if isinstance(char, int) else ord(char)
    return SamplingParams(logit_bias=((token, 100.0),))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n  b\n\tc\n d", "a\n  b\n\tc\n d"),
        ("a\n  b\nc", "a\n  b\n"),
        ("a\n\n  b", "a\n"),
        ("  a\n   \n b", "  a\n   \n b"),
        ("a\n", "a\n"),
    ],
)
def test_a_line_with_too_few_blanks_is_cut_off(text, shown):
    for size in (1, 2, len(text)):
        watch = LineWatch(1)
        pieces = [watch.feed(text[at : at + size]) for at in range(0, len(text), size)]
        n_good = next((i for i, (_, is_cut) in enumerate(pieces) if is_cut), len(pieces))

        assert "".join(piece for piece, _ in pieces[: n_good + 1]) == shown
        assert watch.has_break


def test_an_answer_ends_at_a_line_that_is_not_indented(bench):
    bench.submit(prompt=["x"], max_tokens=20, n_indent=2, sampling=always("\n"))

    bench.run()

    assert bench.text() == "\n"
    assert bench.end().reason is FinishReason.LENGTH
    assert bench.end().n_predicted == 2


def test_the_time_limit_waits_for_a_line_break(make_bench):
    limits = {"max_tokens": 20, "max_predict_ms": 0.1, "prompt": ["x"]}
    broken, whole = make_bench(), make_bench()
    broken.submit(sampling=always("\n"), **limits)
    whole.submit(sampling=always("a"), **limits)

    assert broken.run().end().n_predicted < 3
    assert whole.run().end().n_predicted == 20


def test_thoughts_that_take_too_long_are_ended_for_the_model(bench):
    bench.submit(prompt=["hello"], max_tokens=20, thinking=THINKING)

    text = bench.run().text()

    assert text[3:8] == "!</t>"
    assert bench.end().n_predicted == 20
    assert len(text) == 20


def test_what_follows_ended_thoughts_is_made_on_them(make_bench):
    limited, plain = make_bench(), make_bench()
    limited.submit(prompt=["hello"], max_tokens=20, thinking=THINKING)
    text = limited.run().text()

    plain.submit(prompt=["hello" + text[:8]], max_tokens=12)

    assert plain.run().text() == text[8:]


def test_a_limit_ends_the_answer_within_the_end_of_thoughts(bench):
    bench.submit(prompt=["hello"], max_tokens=5, thinking=THINKING)

    assert bench.run().text()[3:] == "!<"
    assert bench.end().reason is FinishReason.LENGTH


def test_nothing_follows_an_answer_that_ends_within_the_end_of_thoughts(bench):
    bench.submit(
        prompt=["x"],
        max_tokens=3,
        thinking=Thinking(n_tokens=1, begin="<t>", end="</t>", closing="!</t>", is_open=True),
        structure=Structure(StructureKind.REGEX, "(aaaaaaaa|b)"),
        sampling=always("a"),
    )

    bench.run()

    assert bench.text() == "a!<"
    assert bench.end().n_predicted == 3


def test_ended_thoughts_have_probabilities_too(bench):
    bench.submit(prompt=["hello"], max_tokens=9, thinking=THINKING, sampling=SamplingParams(n_probs=1))

    outputs = bench.run().outputs()

    assert sum(len(output.probs) for output in outputs) == sum(len(output.tokens) for output in outputs) == 9


def due(watch, pieces):
    """Return after which piece the thinking was ended, None if never."""
    for number, piece in enumerate(pieces):
        watch.take(piece)
        if watch.take_closing():
            return number
    return None


@pytest.mark.parametrize(
    ("pieces", "number"),
    [
        ([b"<", b"t", b">", b"a", b"b", b"c", b"d"], 5),
        ([b"<t>", b"a", b"</t", b">", b"x", b"y", b"z"], None),
        ([b"no", b"thoughts", b"at", b"all", b"in", b"it"], None),
        ([b"<t>a", b"b", b"c</t>", b"d", b"e", b"f"], None),
    ],
)
def test_only_tokens_between_the_tags_count(pieces, number):
    thinking = Thinking(n_tokens=3, begin="<t>", end="</t>", closing="")

    assert due(ThinkingWatch(thinking, (1,)), pieces) == number


def test_a_special_token_shows_when_asked_for(make_bench):
    shown, hidden = make_bench(), make_bench()
    for bench, tokens in ((shown, {BOS}), (hidden, set())):
        prepared = bench.prepare(prompt=["x"], max_tokens=2, sampling=always(BOS))
        bench.events += bench.scheduler.submit(dataclasses.replace(prepared, shown=frozenset(tokens)))

    assert (shown.run().text(), hidden.run().text()) == ("<bos><bos>", "")


class SpecialVocabulary(FakeVocabulary):
    """One that knows BOS by its text."""

    def tokenize(self, text, *, add_special, parse_special):
        is_bos = parse_special and text == "<bos>"
        return (
            [BOS] if is_bos else super().tokenize(text, add_special=add_special, parse_special=parse_special)
        )


def test_only_texts_that_are_one_token_are_shown_tokens(bench):
    intake = Intake(SpecialVocabulary(), bench.runner.facts, MonotonicClock(), is_shiftable=True)
    request = GenerationRequest(
        request_id="a", prompt=["x"], shown_tokens=("<bos>", "<other>"), thinking=THINKING
    )

    prepared = intake.prepare(request)

    assert prepared.shown == {BOS}
    assert bytes(prepared.closing) == b"!</t>"


def progress(bench):
    stepped = [event for event in bench.events if isinstance(event, Stepped)]
    return [(report.n_done, report.n_prompt_tokens) for event in stepped for report in event.progress]


def test_each_step_of_a_prompt_is_told_to_who_asks(bench):
    bench.submit(prompt=["x" * 120], max_tokens=1, is_progress_wanted=True)
    bench.submit(request_id="b", prompt=["y" * 5], max_tokens=1)

    bench.run()

    done = [n_done for n_done, _ in progress(bench)]
    assert done[0] == 0
    assert done[-1] == 120
    assert done == sorted(set(done))
    assert {n_total for _, n_total in progress(bench)} == {120}


def test_the_system_prompt_is_no_part_of_the_progress(make_bench):
    bench = make_bench(system_prompt="Be kind. ")
    bench.submit(prompt=["x" * 5], max_tokens=1, is_progress_wanted=True)

    bench.run()

    assert progress(bench)[-1] == (5, 5)


def test_a_step_that_fails_tells_of_no_progress(make_bench):
    bench = make_bench(FakeBehaviour(fail_after=1))
    bench.submit(prompt=["x"], is_progress_wanted=True)

    bench.step()
    bench.submit(request_id="b", prompt=["y"], max_tokens=1)
    bench.run()

    assert bench.events[0] == Failed("a", InternalError("asked to fail").report())
    assert progress(bench) == []
