from __future__ import annotations

import pytest

from corral.core.engine_settings import AdapterSettings, LoraSettings
from corral.core.errors import InvalidRequestError
from corral.engine.loras import in_force, next_turn

TWO = AdapterSettings(loras=(LoraSettings("a.gguf", 0.0), LoraSettings("b.gguf", 0.0)))


@pytest.fixture
def adapted(make_bench):
    return make_bench(adapters=TWO, n_parallel=4, n_ctx=1024)


def test_a_scale_of_0_is_no_adapter():
    assert in_force([(1, 0.5), (0, 0.0)]) == ((1, 0.5),)
    assert in_force([(0, 0.0)]) == ()


def test_the_order_in_which_adapters_are_named_does_not_matter():
    assert in_force([(1, 0.5), (0, 2.0)]) == in_force([(0, 2.0), (1, 0.5)])


def test_every_set_has_every_third_step_of_three():
    sets = [(), ((0, 1.0),), ((1, 0.5),), ((0, 1.0),)]
    last, turns = (), []
    for _ in range(9):
        last = next_turn(sets, last)
        turns.append(last)

    assert all(turns.count(one) == 3 for one in set(sets))
    assert all(len(set(turns[i : i + 3])) == 3 for i in range(7))


def test_a_set_that_is_gone_passes_its_turn_on():
    assert next_turn([((0, 1.0),)], ((1, 0.5),)) == ((0, 1.0),)


def test_a_request_without_adapters_gets_those_in_force(adapted, make_bench):
    adapted.intake.standing.set_loras([(1, 0.5)])
    adapted.submit(prompt=["hello"], max_tokens=8)
    bare = make_bench()
    bare.submit(prompt=["hello"], max_tokens=8)

    assert adapted.run().text() != bare.run().text()


def test_scales_of_0_give_the_text_of_the_bare_model(adapted, make_bench):
    adapted.submit(prompt=["hello"], max_tokens=8, loras=((0, 0.0), (1, 0.0)))
    bare = make_bench()
    bare.submit(prompt=["hello"], max_tokens=8)

    assert adapted.run().text() == bare.run().text()


def test_requests_with_different_adapters_write_what_they_write_alone(adapted, make_bench):
    wishes = {"a": None, "b": ((0, 1.0),), "c": ((0, 0.5), (1, 2.0)), "d": ((1, 2.0), (0, 0.5))}
    for name, loras in wishes.items():
        adapted.submit(request_id=name, prompt=["the same prompt"], max_tokens=20, loras=loras)
    adapted.run()

    for name, loras in wishes.items():
        alone = make_bench(adapters=TWO)
        alone.submit(prompt=["the same prompt"], max_tokens=20, loras=loras)
        assert adapted.text(name) == alone.run().text()
    assert len({adapted.text(name) for name in wishes}) == 3


def test_a_prefix_is_not_shared_between_sets(adapted):
    adapted.submit(prompt=["a long common prompt"], max_tokens=4)
    adapted.run()
    adapted.submit(request_id="b", prompt=["a long common prompt"], max_tokens=4, loras=((0, 1.0),))
    adapted.run()
    adapted.submit(request_id="c", prompt=["a long common prompt"], max_tokens=4, loras=((0, 1.0),))
    adapted.run()

    cached = {start.request_id: start.n_cached for start in adapted.starts()}
    assert cached["a"] == cached["b"] == 0 < cached["c"]


def test_requests_under_way_keep_the_scales_they_came_with(adapted, make_bench):
    adapted.submit(prompt=["hello"], max_tokens=20)
    adapted.step()
    adapted.intake.standing.set_loras([(0, 1.0)])
    adapted.run()
    bare = make_bench()
    bare.submit(prompt=["hello"], max_tokens=20)

    assert adapted.text() == bare.run().text()


@pytest.mark.parametrize("adapter", [-1, 2])
def test_an_unknown_adapter_is_refused_and_nothing_changes(adapted, adapter):
    adapted.intake.standing.set_loras([(0, 1.0)])

    with pytest.raises(InvalidRequestError, match="invalid adapter id"):
        adapted.intake.standing.set_loras([(0, 0.5), (adapter, 1.0)])
    with pytest.raises(InvalidRequestError, match="invalid adapter id"):
        adapted.submit(prompt=["hello"], loras=((adapter, 1.0),))

    assert adapted.intake.standing.now.loras == ((0, 1.0),)


def test_adapters_that_are_not_applied_have_scale_0(make_bench):
    loras = (LoraSettings("a.gguf"), LoraSettings("b.gguf", 0.5))
    applied = make_bench(adapters=AdapterSettings(loras=loras))
    waiting = make_bench(adapters=AdapterSettings(loras=loras, is_applied=False))

    assert [lora.scale for lora in applied.runner.facts.loras] == [1.0, 0.5]
    assert applied.intake.standing.now.loras == ((0, 1.0), (1, 0.5))
    assert waiting.intake.standing.now.loras == ()
