"""Who asks for little does not wait for those who ask for much: own steps, and short ones of theirs."""

from __future__ import annotations

import pytest

from corral.engine.express import awaited_bound_ms


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
    submit(bench, *(f"a{i}" for i in range(6)))
    for _ in range(4):
        bench.step()
    assert len(bench.scheduler.roster.running) == 3


def test_a_short_prompt_of_who_asks_for_little_is_alone_in_its_step(four):
    flooded(four)
    submit(four, "b1")

    assert rows(four) == (len("b1" * 10) - 1, 0)  # the first token is that of b0
    assert rows(four) == (0, 4)


def test_no_second_step_without_the_others_follows_at_once(four):
    flooded(four)
    submit(four, "b1", max_tokens=1)
    rows(four)
    submit(four, "b2")

    (n_prefill, n_decode) = rows(four)

    assert n_decode == 3
    assert n_prefill > 0


def test_a_long_prompt_shares_its_steps(make_bench):
    four = make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64, max_itl_ms=8.0)
    flooded(four)
    submit(four, "b1", prompt=["b" * 200])

    assert rows(four)[1] == 3


def test_both_ask_for_much_and_nobody_is_alone(four):
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
        bench = make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64, max_itl_ms=20.0)
        for caller in callers:
            submit(bench, caller, max_tokens=2)
            bench.run()
        submit(bench, "a9", prompt=["y" * 200])
        return rows(bench)[0]

    assert first_chunk("a1") == 64
    assert first_chunk("a1", "b1") < 64


def test_prompts_beside_slow_streams_do_not_starve_while_somebody_is_awaited():
    assert awaited_bound_ms(250, decode_ms=10) == 62.5
    assert awaited_bound_ms(250, decode_ms=100) == 175
    assert awaited_bound_ms(250, decode_ms=300) == 250
