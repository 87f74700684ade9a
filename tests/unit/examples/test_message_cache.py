"""Fetched messages are kept, and never too many."""

from types import SimpleNamespace

from examples.discord_bot.cache import MessageCache


def message(ident):
    return SimpleNamespace(id=ident)


def test_a_message_is_found_again():
    cache = MessageCache(2)
    one = message(1)
    cache.put(one)

    assert cache.get(1) is one
    assert cache.get(2) is None


def test_the_message_unused_for_longest_goes_first():
    cache = MessageCache(2)
    cache.put(message(1))
    cache.put(message(2))
    cache.get(1)

    cache.put(message(3))

    assert [cache.get(ident) is not None for ident in (1, 2, 3)] == [True, False, True]


def test_the_same_message_twice_takes_one_place():
    cache = MessageCache(2)
    for ident in (1, 2, 2, 2):
        cache.put(message(ident))

    assert len(cache) == 2
    assert cache.get(1) is not None


def test_a_forgotten_message_is_gone_and_an_unknown_one_is_no_error():
    cache = MessageCache(2)
    cache.put(message(1))

    cache.forget(1)
    cache.forget(7)

    assert cache.get(1) is None
