"""Who asks for little does not wait for those who ask for much: own steps, and short ones of theirs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from corral.engine.prefixes import Space
from corral.engine.step_cost import StepCost
from corral.engine.turns import Turns


@pytest.fixture
def four(make_bench):
    return make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64)


def submit(bench, *names, **fields):
    for name in names:
        usual = {"prompt": [name * 10], "max_tokens": 60, "caller": name[0]}
        bench.submit(request_id=name, **{**usual, **fields})


def rows(bench):
    """Run a step; return its rows of prompts and of streams."""
    stats = bench.step()[0].stats
    return stats.n_prefill, stats.n_decode


def flooded(bench):
    """Have caller a run three streams, as many as it may with b about, and more wait."""
    submit(bench, "b0", max_tokens=1)
    bench.run()
    for i in range(6):
        submit(bench, f"a{i}", max_tokens=40 + 10 * i)
    for _ in range(4):
        bench.step()
    assert len(bench.scheduler.roster.running) == 3


def test_a_prompt_of_who_asks_for_little_is_alone_in_its_step(four):
    flooded(four)
    submit(four, "b1")

    assert rows(four) == (len("b1" * 10) - 1, 0)  # the first token is that of b0
    assert rows(four) == (0, 4)


def test_between_two_steps_of_a_stream_is_one_of_each_kind_of_prompts_at_most(four):
    flooded(four)
    submit(four, "b1", prompt=["b" * 300])
    submit(four, "a9", max_tokens=1)
    seen = [rows(four) for _ in range(12)]

    kinds = ["streams" if n_decode else "prompts" for _, n_decode in seen]

    assert ("prompts",) * 3 not in zip(kinds, kinds[1:], kinds[2:], strict=False)
    assert all(not n_prefill or not n_decode for n_prefill, n_decode in seen)


def test_prompts_of_who_asks_for_little_take_every_second_turn_of_prompts():
    much, little = SimpleNamespace(space=Space("a")), SimpleNamespace(space=Space("b"))
    turns = Turns(StepCost(), n_batch=512, max_itl_ms=250)

    chosen = [turns.next([much], [much, little], {"b"}) for _ in range(6)]

    kinds = [
        ([s.space.caller for s in turn.decodes], [s.space.caller for s in turn.prefills]) for turn in chosen
    ]
    assert kinds == [([], ["b"]), (["a"], []), ([], ["a", "b"])] * 2


def test_where_both_ask_for_much_streams_and_prompts_share_steps(four):
    for i in range(12):
        submit(four, f"a{i}", max_tokens=20 + 7 * i)
        submit(four, f"b{i}", max_tokens=40 + 9 * i)
    for _ in range(8):
        four.step()  # those who came together are prefilled together

    seen = [rows(four) for _ in range(150)]

    assert all(n_decode for n_prefill, n_decode in seen if n_prefill)
    assert any(n_prefill for n_prefill, _ in seen)


def test_who_was_here_lately_is_awaited_with_short_steps(make_bench):
    def first_chunk(*callers):
        bench = make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64, max_itl_ms=4.0)
        for caller in callers:
            submit(bench, caller, max_tokens=2)
            bench.run()
        submit(bench, "a9", prompt=["y" * 200])
        return rows(bench)[0]

    assert first_chunk("a1") == 64
    assert first_chunk("a1", "b1") == 32


def test_the_last_slot_is_for_who_asks_for_little(four):
    flooded(four)
    submit(four, "b1")
    four.step()
    running = four.scheduler.roster.n_running

    assert (running["a"], running["b"]) == (3, 1)
    while running["a"] == 3:
        four.step()
    assert running["a"] == 2  # of three that wait none takes the place: b may come again
    submit(four, "b2")
    four.step()
    assert running["b"] == 2
