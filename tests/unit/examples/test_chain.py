"""Reply chains are walked by reference, through the cache, as far as they can be read."""

import asyncio
from types import SimpleNamespace

import pytest

from examples.discord_bot.cache import MessageCache
from examples.discord_bot.chain import Chains
from tests.unit.examples.fake_discord import (
    ANN,
    BEN,
    FakeDiscord,
    FakeDiscordError,
    Forbidden,
    NotFound,
    reference,
)


def chains(discord, n_longest=1_000):
    return Chains(
        MessageCache(10_000), discord.channel, n_longest=n_longest, gateway_errors=(FakeDiscordError,)
    )


def conversation(discord, n_messages):
    """Return messages of which each replies to the one before."""
    messages = [discord.says(ANN, "0")]
    for number in range(1, n_messages):
        author = BEN if number % 2 else ANN
        messages.append(discord.says(author, str(number), reply_to=messages[-1]))
    return messages


def test_a_message_that_is_no_reply_is_its_own_chain():
    discord = FakeDiscord()
    message = discord.says(ANN, "hello")

    assert asyncio.run(chains(discord).read(message)) == [message]


def test_a_chain_of_500_messages_is_read_oldest_first():
    discord = FakeDiscord()
    messages = conversation(discord, 500)

    assert asyncio.run(chains(discord).read(messages[-1])) == messages


def test_a_chain_longer_than_allowed_keeps_its_newest_messages():
    discord = FakeDiscord()
    messages = conversation(discord, 500)

    found = asyncio.run(chains(discord, n_longest=100).read(messages[-1]))

    assert found == messages[-100:]
    assert len(discord.channel().fetched) == 99


def test_a_chain_that_grew_fetches_nothing_twice():
    discord = FakeDiscord()
    messages = conversation(discord, 20)
    reader = chains(discord)
    asyncio.run(reader.read(messages[-1]))
    discord.channel().fetched.clear()
    newest = discord.says(ANN, "more", reply_to=messages[-1])

    found = asyncio.run(reader.read(newest))

    assert found == [*messages, newest]
    assert discord.channel().fetched == [messages[-1].id]  # nobody had asked for the newest of before


def test_a_message_that_discord_sends_along_is_not_fetched():
    discord = FakeDiscord()
    first = discord.says(BEN, "first")
    second = discord.says(ANN, "second", reply_to=first, is_resolved=True)

    assert asyncio.run(chains(discord).read(second)) == [first, second]
    assert discord.channel().fetched == []


def test_what_comes_along_with_a_fetched_message_saves_a_fetch():
    discord = FakeDiscord()
    messages = [discord.says(ANN, "0")]
    for number in range(1, 9):
        messages.append(discord.says(BEN, str(number), reply_to=messages[-1], is_resolved=True))

    found = asyncio.run(chains(discord).read(messages[-1]))

    assert found == messages
    assert discord.channel().fetched == [message.id for message in messages[5:0:-2]]


def test_a_deleted_message_ends_the_chain():
    discord = FakeDiscord()
    messages = conversation(discord, 6)
    discord.channel().delete(messages[2])

    assert asyncio.run(chains(discord).read(messages[-1])) == messages[3:]


def test_what_stands_for_a_deleted_message_is_no_message():
    discord = FakeDiscord()
    messages = conversation(discord, 2)
    messages[1].reference.resolved = SimpleNamespace(id=messages[0].id, channel_id=10, guild_id=None)
    discord.channel().delete(messages[0])

    assert asyncio.run(chains(discord).read(messages[1])) == [messages[1]]


@pytest.mark.parametrize("refusal", [Forbidden("no history"), NotFound("gone"), FakeDiscordError("500")])
def test_a_fetch_that_fails_ends_the_chain(refusal):
    discord = FakeDiscord()
    messages = conversation(discord, 3)
    discord.channel().refusal = refusal

    assert asyncio.run(chains(discord).read(messages[-1])) == [messages[-1]]


def test_a_fetch_that_failed_is_tried_again_next_time():
    discord = FakeDiscord()
    messages = conversation(discord, 3)
    reader = chains(discord)
    discord.channel().refusal = FakeDiscordError("500")
    asyncio.run(reader.read(messages[-1]))
    discord.channel().refusal = None

    assert asyncio.run(reader.read(messages[-1])) == messages


def test_a_mistake_of_our_own_is_not_taken_for_a_missing_message():
    discord = FakeDiscord()
    messages = conversation(discord, 2)
    discord.channel().refusal = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(chains(discord).read(messages[-1]))


def test_a_loop_ends():
    discord = FakeDiscord()
    messages = conversation(discord, 3)
    messages[0].reference = reference(messages[2])
    messages[0].type.name = "reply"

    assert asyncio.run(chains(discord).read(messages[-1])) == messages


def test_a_message_that_replies_to_itself_ends():
    discord = FakeDiscord()
    message = discord.says(ANN, "me")
    message.reference = reference(message)
    message.type.name = "reply"

    assert asyncio.run(chains(discord).read(message)) == [message]


@pytest.mark.parametrize("kind", ["default", "pins_add"])
def test_a_reference_that_is_no_reply_is_not_followed(kind):
    discord = FakeDiscord()
    secret = discord.says(BEN, "said elsewhere", channel=discord.channel(77))
    message = discord.says(ANN, "forwarded", reply_to=secret, kind=kind)

    assert asyncio.run(chains(discord).read(message)) == [message]


def test_a_thread_goes_on_from_the_message_it_was_opened_at():
    discord = FakeDiscord()
    thread = discord.channel(20)
    opened_at = discord.says(BEN, "in the parent channel")
    starter = discord.says(BEN, "", channel=thread, reply_to=opened_at, kind="thread_starter_message")
    message = discord.says(ANN, "in the thread", channel=thread, reply_to=starter)

    found = asyncio.run(chains(discord).read(message))

    assert found == [opened_at, starter, message]
    assert discord.channel().fetched == [opened_at.id]


def test_a_reference_without_a_message_is_no_parent():
    discord = FakeDiscord()
    message = discord.says(ANN, "odd", kind="reply")
    message.reference = SimpleNamespace(message_id=None, channel_id=10, resolved=None)

    assert asyncio.run(chains(discord).read(message)) == [message]
