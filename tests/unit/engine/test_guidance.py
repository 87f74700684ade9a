"""Guided requests on the fake runner, whose token depends on what a sequence and its companion hold."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from corral.core.engine_settings import RopeSettings
from corral.core.errors import InvalidRequestError
from corral.core.messages import Failed, PromptProgress, Stepped
from corral.core.outcome import FinishReason
from corral.core.request import Guidance, Media
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.fake import BOS, FakeBehaviour

LETTERS = b" abcdefghijklmnopqrstuvwxyz"


def away_from(text, scale=1.5):
    return Guidance(scale=scale, negative=[text] if text else [])


def expected(prompt, negative, n, scale=1.5):
    """Return what the fake says for ids `prompt` beside a companion that began with the ids `negative`."""
    said = []
    for _ in range(n):
        held = [*prompt, *said, *negative, *said, int(100 * scale)]
        said.append(LETTERS[zlib.crc32(np.array(held, np.int32).tobytes()) % len(LETTERS)])
    return bytes(said).decode()


def test_each_token_is_chosen_with_the_companion_at_the_same_token(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=20)

    assert bench.run().text() == expected(b"hello", b"no", 20)


@pytest.mark.parametrize(
    ("prompt", "negative"), [("x", "a much longer negative prompt"), ("much longer " * 9, "n"), ("x", "y")]
)
def test_the_longer_prompt_is_waited_for_whichever_it_is(make_bench, prompt, negative):
    bench = make_bench(n_batch=8)
    bench.submit(prompt=[prompt], guidance=away_from(negative), max_tokens=9)

    assert bench.run().text() == expected(prompt.encode(), negative.encode(), 9)


def test_scale_1_takes_one_sequence_and_changes_nothing(make_bench):
    plain, guided = make_bench(), make_bench()
    plain.submit(prompt=["hello"], max_tokens=20)
    guided.submit(prompt=["hello"], max_tokens=20, guidance=away_from("no", scale=1))
    guided.step()

    assert guided.scheduler.ledger.n_idle == 1
    assert guided.run().text() == plain.run().text()


def test_without_a_negative_prompt_there_is_bos_alone(bench):
    bench.submit(prompt=["hello"], is_bos_wanted=True, guidance=away_from(""), max_tokens=9)

    assert bench.run().text() == expected([BOS, *b"hello"], [BOS], 9)


def test_where_no_bos_is_wanted_either_the_last_token_of_the_prompt_stands_in(bench):
    bench.submit(prompt=["hello"], guidance=away_from(""), max_tokens=9)

    assert bench.run().text() == expected(b"hello", b"o", 9)


def test_a_guided_request_starts_and_ends_once_and_is_counted_once(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no way"), max_tokens=5, is_progress_wanted=True)
    bench.run()

    reports = [r for e in bench.events if isinstance(e, Stepped) for r in e.progress]
    assert len(bench.starts()) == 1
    assert bench.n_finished() == 1
    assert bench.end().n_prompt_tokens == 5
    assert bench.end().n_predicted == 5
    assert {type(r) for r in reports} == {PromptProgress}
    assert {r.n_prompt_tokens for r in reports} == {5}


def test_the_work_on_the_negative_prompt_is_told_in_the_stats(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no way"), max_tokens=5)
    bench.run()

    stats = [e.stats for e in bench.events if isinstance(e, Stepped)]
    assert sum(s.n_prefill for s in stats) == len("hell") + len("no wa")
    assert sum(s.n_decode for s in stats) == 2 * 5
    assert max(s.n_running for s in stats) == 1


def test_both_or_none_are_admitted_and_nobody_waits_for_ever(make_bench):
    bench = make_bench(n_parallel=2)
    bench.submit(request_id="b", prompt=["first"], max_tokens=3)
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=4)
    for name in "cdefgh":
        bench.submit(request_id=name, prompt=[name], max_tokens=3)

    bench.run()

    assert [start.request_id for start in bench.starts()][:2] == ["b", "a"]
    assert bench.text() == expected(b"hello", b"no", 4)
    assert all(bench.n_finished(name) == 1 for name in "abcdefgh")


def test_a_pinned_guided_request_does_not_hold_a_slot_for_itself_while_its_own_is_busy(make_bench):
    bench = make_bench(n_parallel=3)
    bench.submit(request_id="b", prompt=["first"], max_tokens=40, slot=0)
    bench.step()
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=4, slot=0)
    bench.submit(request_id="c", prompt=["other"], max_tokens=3)
    bench.step()
    assert [start.request_id for start in bench.starts()] == ["b", "c"]

    bench.run()

    assert bench.text() == expected(b"hello", b"no", 4)
    assert bench.starts()[-1].slot == 0


def test_several_answers_have_a_companion_each_and_share_both_prompts(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=1024)
    bench.submit(prompt=["hello there"], guidance=away_from("no, not so"), max_tokens=8, n=2)

    bench.run()

    texts = {bench.text(index=i) for i in range(2)}
    assert texts == {expected(b"hello there", b"no, not so", 8)}
    assert bench.end(index=1).n_cached == len("hello ther")


def test_both_prompts_are_found_in_the_cache(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=1024)
    for name in ("first", "second"):
        bench.submit(request_id=name, prompt=["hello"], guidance=away_from("no way"), max_tokens=6)
        bench.run()

    second = [e.stats for e in bench.events if isinstance(e, Stepped)][-7:]
    assert bench.text("second") == bench.text("first")
    assert bench.end("second").n_cached == len("hell")
    assert sum(s.n_prefill for s in second) == 0


def test_the_companion_leaves_its_prompt_and_the_answer_to_who_goes_on_with_it(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no way"), max_tokens=6)
    bench.run()

    bench.submit(request_id="b", prompt=["no way" + bench.text() + "?"], max_tokens=3)
    bench.run()

    assert bench.end("b").n_cached == len("no way") + 5  # the sixth token was never computed


@pytest.mark.parametrize("n_steps", [0, 1, 2, 5])
def test_cancelled_at_any_time_gives_both_sequences_back(make_bench, n_steps):
    bench = make_bench(n_batch=8)
    bench.submit(prompt=["hello" * 4], guidance=away_from("no"), max_tokens=50)
    for _ in range(n_steps):
        bench.step()

    bench.events += bench.scheduler.cancel("a")

    bench.scheduler.ledger.check()
    assert bench.scheduler.ledger.n_idle == 2
    assert not bench.scheduler.roster.companions
    assert bench.scheduler.is_idle


def test_a_failed_decode_frees_both(make_bench):
    bench = make_bench(FakeBehaviour(fail_after=3))
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=50)
    bench.run()

    assert bench.scheduler.ledger.n_idle == 2
    assert isinstance(bench.events[-1], Failed)


def test_a_lease_that_fails_for_the_companion_frees_both(bench, monkeypatch):
    lease, wishes = bench.scheduler.ledger.lease, []

    def fail_second(wish):
        wishes.append(wish)
        if len(wishes) == 2:
            raise ValueError
        return lease(wish)

    monkeypatch.setattr(bench.scheduler.ledger, "lease", fail_second)
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=5)
    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        bench.scheduler.step()

    bench.events += bench.scheduler.fail_all(InvalidRequestError("a step failed"))

    assert bench.scheduler.ledger.n_idle == 2
    assert bench.scheduler.is_idle


def test_forced_tokens_reach_the_companion_together(make_bench):
    bench = make_bench(n_ctx=1024)
    rule = Structure(StructureKind.REGEX, "a long beginning[ab][ab]")
    bench.submit(prompt=["hello"], guidance=away_from("no"), structure=rule)

    bench.run()

    (held,) = [held for held in bench.runner.memory.held.values() if held[:2] == list(b"no")]
    assert bytes(held[2:]).decode() == bench.text()[:-1]
    assert bench.text().startswith("a long beginning")
    assert bench.runner.n_decoded < 6


def test_forced_tokens_beside_others_leave_the_pair_in_step(make_bench):
    bench = make_bench(n_parallel=6, n_ctx=1536, n_batch=12)
    rule = Structure(StructureKind.REGEX, "(abcdefghij[a-z]){3}")
    for name in "abc":
        guidance = away_from("no", scale=2) if name != "c" else None
        bench.submit(request_id=name, prompt=["hello"], guidance=guidance, structure=rule)

    bench.run()

    alone = make_bench(n_ctx=512)
    alone.submit(prompt=["hello"], guidance=away_from("no", scale=2), structure=rule)
    assert bench.text("a") == bench.text("b") == alone.run().text()


@pytest.mark.parametrize("lengths", [(3, 60), (60, 3), (50, 50)])
def test_each_of_a_pair_is_shifted_when_its_own_context_is_full(make_bench, lengths):
    bench = make_bench(n_ctx=128, n_parallel=2)
    prompt, negative = ("p" * lengths[0], "n" * lengths[1])
    bench.submit(prompt=[prompt], guidance=away_from(negative), max_tokens=60)

    bench.run()

    assert bench.end().n_predicted == 60
    assert bench.end().reason is FinishReason.LENGTH
    assert bench.scheduler.ledger.n_idle == 2


def test_without_context_shift_the_longer_of_both_ends_the_answer(make_bench):
    bench = make_bench(FakeBehaviour(is_shiftable=0), n_ctx=128, n_parallel=2)
    bench.submit(prompt=["p"], guidance=away_from("n" * 50), max_tokens=60)

    bench.run()

    assert bench.end().reason is FinishReason.LENGTH
    assert bench.end().is_truncated
    assert bench.end().n_predicted == 64 - 50


def test_a_negative_prompt_too_long_is_cut_as_a_prompt_is(make_bench):
    bench = make_bench(n_ctx=128, n_parallel=2)
    bench.submit(prompt=["p"], guidance=away_from("n" * 200), max_tokens=5)

    bench.run()

    assert bench.end().is_truncated
    assert bench.end().n_predicted == 5


def test_guided_sequences_leave_the_others_alone(make_bench):
    alone, together = make_bench(n_parallel=4, n_ctx=1024), make_bench(n_parallel=4, n_ctx=1024)
    alone.submit(request_id="b", prompt=["other"], max_tokens=30)
    together.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=20)
    together.submit(request_id="b", prompt=["other"], max_tokens=30)

    assert together.run().text("b") == alone.run().text("b")
    assert together.text() == expected(b"hello", b"no", 20)


def test_probabilities_are_told_once_for_each_token(bench):
    sampling = SamplingParams(n_probs=2)
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=4, sampling=sampling)

    bench.run()

    assert [len(output.probs) for output in bench.outputs()] == [1, 1, 1, 1]


def test_an_answer_of_no_tokens_fills_the_cache_without_a_companion(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=0)

    bench.run()

    assert bench.end().n_predicted == 0
    assert bench.end().n_past == 5


def test_one_slot_is_too_few(make_bench):
    with pytest.raises(InvalidRequestError, match="--parallel 2"):
        make_bench(n_parallel=1).prepare(prompt=["hello"], guidance=away_from("no"))


def test_images_are_refused(make_bench):
    bench = make_bench(FakeBehaviour(media=1))

    with pytest.raises(InvalidRequestError, match="images"):
        bench.prepare(prompt=["hello", Media(b"x")], guidance=away_from("no"))


def test_self_extend_is_refused(make_bench):
    bench = make_bench(rope=RopeSettings(group_n=4, group_width=32), n_ctx=1024)
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=5)

    (failed,) = bench.events
    assert isinstance(failed, Failed)
    assert "self-extend" in failed.error.message
    assert bench.scheduler.is_idle


def test_the_start_tells_both_slots(bench):
    bench.submit(prompt=["hello"], guidance=away_from("no"), max_tokens=3, slot=1)

    bench.run()

    (start,) = bench.starts()
    assert (start.slot, start.companion_slot) == (1, 0)
