"""One generation at a time for each chain, few in all, and a line that ends."""

import asyncio

import pytest

from examples.discord_bot.turnstile import FullLineError, Turnstile


class Visitors:
    """Tasks that pass a turnstile and stay inside until they are let out."""

    def __init__(self, turnstile):
        self.turnstile = turnstile
        self.inside = []
        self.doors = {}

    def enter(self, name, chain_id):
        self.doors[name] = asyncio.Event()
        return asyncio.ensure_future(self._stay(name, chain_id))

    async def _stay(self, name, chain_id):
        async with self.turnstile.turn(chain_id):
            self.inside.append(name)
            await self.doors[name].wait()
            self.inside.remove(name)

    async def leave(self, name):
        self.doors[name].set()
        await settled()


async def settled():
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_one_chain_goes_one_at_a_time_and_in_order():
    async def story():
        visitors = Visitors(Turnstile(5, 5))
        tasks = [visitors.enter(name, 1) for name in "abc"]
        await settled()
        seen = []
        for name in "abc":
            seen.append(list(visitors.inside))
            await visitors.leave(name)
        await asyncio.gather(*tasks)
        return seen

    assert asyncio.run(story()) == [["a"], ["b"], ["c"]]


def test_chains_go_side_by_side_up_to_the_bound():
    async def story():
        visitors = Visitors(Turnstile(2, 5))
        tasks = [visitors.enter(name, chain_id) for chain_id, name in enumerate("abc")]
        await settled()
        before = list(visitors.inside)
        await visitors.leave("a")
        after = list(visitors.inside)
        for name in "bc":
            await visitors.leave(name)
        await asyncio.gather(*tasks)
        return before, after

    assert asyncio.run(story()) == (["a", "b"], ["b", "c"])


def test_who_waits_for_a_chain_takes_no_place_of_another():
    async def story():
        visitors = Visitors(Turnstile(2, 5))
        tasks = [visitors.enter("a", 1), visitors.enter("b", 1), visitors.enter("c", 2)]
        await settled()
        inside = list(visitors.inside)
        for name in "abc":
            await visitors.leave(name)
        await asyncio.gather(*tasks)
        return inside

    assert asyncio.run(story()) == ["a", "c"]


def test_a_full_line_turns_away_at_once_and_opens_again():
    async def story():
        visitors = Visitors(Turnstile(1, 1))
        tasks = [visitors.enter("a", 1), visitors.enter("b", 2)]
        await settled()
        with pytest.raises(FullLineError):
            async with visitors.turnstile.turn(3):
                pytest.fail("the line is full")
        await visitors.leave("a")
        tasks.append(visitors.enter("c", 3))
        await settled()
        for name in "bc":
            await visitors.leave(name)
        await asyncio.gather(*tasks)

    asyncio.run(story())


def test_who_is_cancelled_leaves_the_line():
    async def story():
        visitors = Visitors(Turnstile(1, 2))
        tasks = [visitors.enter(name, 1) for name in "abc"]
        await settled()
        tasks[1].cancel()
        await settled()
        await visitors.leave("a")
        inside = list(visitors.inside)
        await visitors.leave("c")
        await asyncio.gather(*tasks, return_exceptions=True)
        return inside

    assert asyncio.run(story()) == ["c"]


def test_chains_that_nobody_asks_for_are_forgotten():
    async def story():
        turnstile = Turnstile(1, 1)
        for chain_id in range(1_000):
            async with turnstile.turn(chain_id):
                pass
        return len(turnstile._locks)

    assert asyncio.run(story()) <= 1
