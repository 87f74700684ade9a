"""The Discord side: over discord.py where it is installed, over its few names where it is not."""

import asyncio
import importlib
import sys
from types import ModuleType, SimpleNamespace

import httpx
import pytest

from examples.discord_bot import __main__
from examples.discord_bot.server import ChatServer
from examples.discord_bot.settings import Settings
from tests.unit.examples.characters import character
from tests.unit.examples.fake_discord import ANN, BOT_ID, FakeDiscord, FakeDiscordError

BOT_MODULE = "examples.discord_bot.bot"


class FakeLoginError(FakeDiscordError):
    """A wrong token."""


class FakeIntentsError(FakeDiscordError):
    """An intent that is switched off."""


class FakeClient:
    """discord.Client as far as the bot uses it; `run` raises `refusal`."""

    refusal = None

    def __init__(self, *, intents, allowed_mentions):
        self.intents = intents
        self.allowed_mentions = allowed_mentions
        self.user = None
        self.is_closed = False

    def get_partial_messageable(self, ident):
        return SimpleNamespace(id=ident)

    async def close(self):
        self.is_closed = True

    def run(self, token, *, root_logger):
        type(self).last_run = (token, root_logger)
        if self.refusal is not None:
            raise self.refusal


def forget_bot():
    """Let the next import of the bot read its module anew."""
    sys.modules.pop(BOT_MODULE, None)
    vars(sys.modules["examples.discord_bot"]).pop("bot", None)


@pytest.fixture
def bot_module(monkeypatch):
    """The bot's module over a discord of our own, however many are installed."""
    fake = ModuleType("discord")
    fake.Client = FakeClient
    fake.DiscordException = FakeDiscordError
    fake.LoginFailure = FakeLoginError
    fake.PrivilegedIntentsRequired = FakeIntentsError
    fake.Intents = SimpleNamespace(none=SimpleNamespace)
    fake.AllowedMentions = SimpleNamespace(none=lambda: "no mentions")
    monkeypatch.setitem(sys.modules, "discord", fake)
    forget_bot()
    yield importlib.import_module(BOT_MODULE)
    forget_bot()


def make_bot(module, answer=None):
    async def handle(_):
        if answer is None:
            await asyncio.Event().wait()
        return httpx.Response(200, json={"message": answer})

    server = ChatServer("http://corral.test", transport=httpx.MockTransport(handle))
    return module.Bot(server, character(), Settings(token="t"))  # noqa: S106


def test_the_bot_pings_nobody_and_reads_what_people_write(bot_module):
    bot = make_bot(bot_module, "Good.")

    assert bot.allowed_mentions == "no mentions"
    assert vars(bot.intents) == {"guilds": True, "messages": True, "message_content": True}


def test_a_message_before_the_bot_knows_its_name_is_left_alone(bot_module):
    discord = FakeDiscord()

    asyncio.run(make_bot(bot_module, "Good.").on_message(discord.says(ANN, "<@999> hello")))

    assert discord.sent == []


def test_a_message_is_answered(bot_module):
    discord = FakeDiscord()
    bot = make_bot(bot_module, "Good.")
    bot.user = SimpleNamespace(id=BOT_ID)

    asyncio.run(bot.on_message(discord.says(ANN, "<@999> hello")))

    assert discord.texts == ["Good."]


@pytest.mark.parametrize("is_bulk", [False, True])
def test_a_deleted_message_is_answered_no_more(bot_module, is_bulk):
    discord = FakeDiscord()
    bot = make_bot(bot_module)
    bot.user = SimpleNamespace(id=BOT_ID)
    message = discord.says(ANN, "<@999> hello")

    async def story():
        task = asyncio.ensure_future(bot.on_message(message))
        while not discord.channel().n_typing:  # noqa: ASYNC110 (the fake signals nothing)
            await asyncio.sleep(0)
        if is_bulk:
            await bot.on_raw_bulk_message_delete(SimpleNamespace(message_ids={message.id, 5}))
        else:
            await bot.on_raw_message_delete(SimpleNamespace(message_id=message.id))
        await task

    asyncio.run(story())
    assert discord.sent == []


def test_an_edit_of_an_unknown_message_is_no_error(bot_module):
    asyncio.run(make_bot(bot_module).on_raw_message_edit(SimpleNamespace(message_id=5)))


def test_closing_leaves_discord_and_the_server(bot_module):
    bot = make_bot(bot_module)

    asyncio.run(bot.close())

    assert bot.is_closed
    assert bot._server._client.is_closed


def test_the_command_runs_the_bot_with_its_token(bot_module, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "t0ken")

    assert __main__.main() == 0
    assert bot_module.Bot.last_run == ("t0ken", True)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [(FakeLoginError(), "DISCORD_TOKEN"), (FakeIntentsError(), "Message Content Intent")],
)
def test_what_discord_does_not_accept_is_said_in_one_line(bot_module, monkeypatch, capsys, refusal, words):
    monkeypatch.setenv("DISCORD_TOKEN", "t0ken")
    monkeypatch.setattr(bot_module.Bot, "refusal", refusal)

    assert __main__.main() == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN is not set"),
        ({"CORRAL_BOT_CHARACTER": "/nowhere/me.json"}, "me.json"),
        ({"CORRAL_BOT_CHARACTER": __file__}, "no JSON"),
    ],
)
@pytest.mark.usefixtures("bot_module")
def test_what_is_wrong_is_said_in_one_line(monkeypatch, capsys, variables, words):
    for name, text in ({"DISCORD_TOKEN": "t0ken"} | variables).items():
        monkeypatch.setenv(name, text)

    assert __main__.main() == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert "t0ken" not in said


def test_without_discord_py_the_command_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setenv("DISCORD_TOKEN", "t0ken")
    monkeypatch.setitem(sys.modules, "discord", None)
    forget_bot()

    assert __main__.main() == 1
    assert "pip install discord.py httpx" in capsys.readouterr().err


def test_discord_py_itself_takes_the_bot_where_it_is_installed():
    discord = pytest.importorskip("discord", reason="pip install discord.py runs the bot on the real one")
    forget_bot()
    module = importlib.import_module(BOT_MODULE)

    async def story():
        bot = make_bot(module, "Good.")
        assert bot.allowed_mentions.to_dict() == discord.AllowedMentions.none().to_dict()
        assert bot.intents.message_content
        await bot.close()

    asyncio.run(story())
