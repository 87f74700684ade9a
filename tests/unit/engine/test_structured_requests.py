"""The scheduler with rules that answers keep to, on the fake runner."""

import json
from dataclasses import replace

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.messages import Failed
from corral.core.outcome import FinishReason
from corral.core.structure import Structure, StructureKind


class LostConstraint:
    """A rule whose third token cannot be found."""

    def __init__(self):
        self._n_committed = 0
        self.is_over = False

    def take_forced(self):
        return []

    def allows(self, _token):
        return self._n_committed < 2

    def choices(self):
        raise InvalidRequestError("The grammar cannot be followed any further: too hard")

    def commit(self, _token):
        self._n_committed += 1


class LostGrammar:
    def constraint(self, _bias):
        return LostConstraint()


def regex(text):
    return Structure(StructureKind.REGEX, text)


def schema(value):
    return Structure(StructureKind.JSON_SCHEMA, json.dumps(value))


def test_free_choice_stands_where_the_rule_allows_it(make_bench):
    free, bound = make_bench(), make_bench()
    free.submit(prompt=["x"], max_tokens=12)
    bound.submit(prompt=["x"], max_tokens=12, structure=regex("[ a-z]*"))

    assert bound.run().text() == free.run().text()


def test_each_token_is_an_output_of_its_own_though_forced(bench):
    bench.submit(prompt=["x"], structure=schema({"const": "abc"}))

    bench.run()

    assert [output.text for output in bench.outputs()] == ['"', "a", "b", "c", '"', ""]
    assert bench.end().reason is FinishReason.EOS
    assert bench.end().n_predicted == 6  # the token that ends it counts, as when it is drawn
    assert bench.runner.n_decoded == 1


def test_forced_tokens_are_computed_together_and_then_sampled_from(bench):
    bench.submit(prompt=["x"], structure=regex("0123456789[a-z]!"), max_tokens=20)

    bench.run()

    assert bench.text()[:10] == "0123456789"
    assert bench.text()[-1] == "!"
    assert bench.runner.n_decoded == 2


def test_few_forced_tokens_of_one_go_along_with_the_others(make_bench):
    alone, together = make_bench(n_parallel=6), make_bench(n_parallel=6)
    alone.submit(prompt=["x"], structure=regex("([a-z]:::){9}"))
    together.submit(prompt=["x"], structure=regex("([a-z]:::){9}"))
    for name in "bcdef":
        together.submit(request_id=name, prompt=[name * 3], max_tokens=40)

    assert together.run().text() == alone.run().text()
    assert alone.runner.n_decoded < 12
    assert together.runner.n_decoded >= 36


def test_more_forced_tokens_than_rows_take_several_steps(make_bench):
    bench = make_bench(n_batch=8)
    bench.submit(prompt=["x"], structure=regex("[ab]" + "0" * 50 + "[ab]"))

    bench.run()

    assert bench.text()[1:51] == "0" * 50
    assert bench.end().n_predicted == 53


def test_unified_memory_takes_forced_tokens_of_all_at_once(make_bench):
    bench = make_bench(n_parallel=4, is_kv_unified=True)
    for name in "abcd":
        bench.submit(request_id=name, prompt=[name], structure=regex(f"{name}[x-z]::[x-z]"))

    bench.run()

    assert bench.runner.n_decoded <= 4


@pytest.mark.parametrize("n", [1, 3, 9, 10, 11])
def test_token_limit_is_exact(bench, n):
    bench.submit(prompt=["x"], structure=regex("0123456789[a-z]{5}"), max_tokens=n)

    bench.run()

    assert bench.end().n_predicted == n == len(bench.text())
    assert bench.end().reason is FinishReason.LENGTH


def test_context_takes_forced_tokens_up_to_its_end(make_bench):
    bench = make_bench(n_ctx=64, n_parallel=1, is_context_shift=False)
    bench.submit(prompt=["x" * 10], structure=regex("0{500}"))

    bench.run()

    assert bench.end().reason is FinishReason.LENGTH
    assert bench.end().is_truncated
    assert bench.end().n_predicted == 54


def test_context_is_shifted_under_forced_tokens(make_bench):
    bench = make_bench(n_ctx=64, n_parallel=1)
    bench.submit(prompt=["x" * 40], structure=regex("(0{40}[ab]){9}"), max_tokens=60)

    bench.run()

    assert bench.text()[:40] == bench.text()[41:].ljust(40, "0") == "0" * 40
    assert bench.end().is_truncated


def test_rule_that_is_lost_on_the_way_fails_its_request_alone(bench):
    lost = replace(bench.prepare(request_id="lost", prompt=["x"]), grammar=LostGrammar())
    bench.events += bench.scheduler.submit(lost)
    bench.submit(request_id="b", prompt=["y"], max_tokens=10)

    bench.run()

    (failed,) = [event for event in bench.events if isinstance(event, Failed)]
    assert failed.request_id == "lost"
    assert (failed.error.code, "any further" in failed.error.message) == ("invalid_request", True)
    assert len(bench.text("lost")) == 2
    assert len(bench.text("b")) == 10


def test_request_whose_rule_is_bad_is_refused_before_it_is_accepted(bench):
    with pytest.raises(InvalidRequestError, match='"regex": '):
        bench.submit(prompt=["x"], structure=regex("("))

    assert bench.scheduler.is_idle
