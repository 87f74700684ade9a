"""The example's Discord bot against `corral serve` with the bundled model; only Discord is a fake."""

from __future__ import annotations

import asyncio

import pytest

from examples.discord_bot.character import read_character
from examples.discord_bot.conversation import Conversation, Turn
from examples.discord_bot.notice import is_notice
from examples.discord_bot.responder import Responder
from examples.discord_bot.server import ChatServer, RefusedError
from examples.discord_bot.settings import SHIPPED_CHARACTER, Settings
from tests.model.test_served import Served
from tests.unit.examples.fake_discord import ANN, BEN, BOT_ID, FakeDiscord, FakeDiscordError

MARLA = read_character(SHIPPED_CHARACTER.read_text(encoding="utf-8"))
TURNS = [Turn(1, "Ann", "Hello!"), Turn(None, "Marla", "Hello Ann."), Turn(2, "Ben", "I am so happy today!")]


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


def ask(served, body):
    async def asked():
        server = ChatServer(served.url, api_key="secret")
        try:
            return await server.ask(body)
        finally:
            await server.close()

    return asyncio.run(asked())


def body_of(turns, **gen_params):
    body = Conversation(turns, MARLA).body()
    return body | {"genParams": body["genParams"] | {"max_new_tokens": 24, "seed": 1} | gen_params}


@pytest.mark.parametrize("turns", [TURNS[:1], TURNS], ids=["one user", "two users"])
def test_the_shipped_character_answers_with_one_of_its_emotions(served, turns):
    reply = ask(served, body_of(turns))

    assert reply.message
    assert reply.emotion in MARLA.character["emotions"]


def test_a_body_that_the_server_refuses_is_an_error_that_names_the_key(served):
    with pytest.raises(RefusedError, match="top_p"):
        ask(served, body_of(TURNS, top_p="much"))


def test_two_users_talk_with_the_bot_by_replies(served):
    discord = FakeDiscord()

    async def story():
        server = ChatServer(served.url, api_key="secret")
        responder = Responder(
            server,
            MARLA,
            Settings(token="t"),  # noqa: S106
            find_channel=discord.channel,
            gateway_errors=(FakeDiscordError,),
        )
        await responder.on_message(discord.says(ANN, "<@999> Hello!"), BOT_ID)
        last = discord.sent[-1]
        await responder.on_message(discord.says(BEN, "I am so happy today!", reply_to=last), BOT_ID)
        await server.close()

    asyncio.run(story())

    assert len(discord.texts) >= 2
    assert not any(map(is_notice, discord.texts))
    assert all(len(text) <= 2_000 for text in discord.texts)
    assert discord.sent[-1].reactions
