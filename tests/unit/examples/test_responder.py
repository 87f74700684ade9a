"""The bot as its users see it: a fake Discord on one side, a fake `/chat` on the other."""

import asyncio
import json
import logging

import httpx
import pytest

from examples.discord_bot.character import read_character
from examples.discord_bot.emotion import Display
from examples.discord_bot.notice import NOTICE_MARK, NUDGE, SPEECHLESS
from examples.discord_bot.responder import Responder
from examples.discord_bot.server import ChatServer
from examples.discord_bot.settings import Settings
from tests.unit.examples.characters import NAMED, character
from tests.unit.examples.fake_discord import (
    ANN,
    BEN,
    BOT,
    BOT_ID,
    FakeDiscord,
    FakeDiscordError,
    Forbidden,
    person,
    reference,
)


class FakeCorral:
    """A `/chat` that keeps the bodies and gives `answer`; it holds answers back while `gate` is shut."""

    def __init__(self):
        self.bodies = []
        self.answer = httpx.Response(200, json={"message": "Good morning."})
        self.gate = asyncio.Event()
        self.gate.set()
        self.n_running = 0
        self.n_cancelled = 0

    def says(self, message, emotion=None):
        body = {"message": message} if emotion is None else {"emotion": emotion, "message": message}
        self.answer = httpx.Response(200, json=body)

    async def handle(self, request):
        self.bodies.append(json.loads(request.content))
        self.n_running += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        finally:
            self.n_running -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def histories(self):
        return [[turn["message"] for turn in body["chatHistory"]] for body in self.bodies]


class World:
    """A bot between its two neighbours."""

    def __init__(self, *, of=None, timeout_s=30.0, **settings):
        self.discord = FakeDiscord()
        self.corral = FakeCorral()
        transport = httpx.MockTransport(self.corral.handle)
        self.responder = Responder(
            ChatServer("http://corral.test", timeout_s=timeout_s, transport=transport),
            of or character(),
            Settings(token="t", **settings),  # noqa: S106
            find_channel=self.discord.channel,
            gateway_errors=(FakeDiscordError,),
        )

    async def hears(self, message):
        await self.responder.on_message(message, BOT_ID)
        return self.discord.texts

    def begins_to_hear(self, message):
        return asyncio.ensure_future(self.hears(message))

    def says(self, author, content, **options):
        return self.discord.says(author, content, **options)


async def until(is_so):
    """Let the other tasks run until it is so; the test's own time limit is the end of waiting."""
    while not is_so():  # noqa: ASYNC110 (the fakes signal nothing)
        await asyncio.sleep(0)


def play(story, **options):
    async def played():
        return await story(World(**options))

    return asyncio.run(played())


def test_a_mention_is_answered_by_a_reply():
    async def story(world):
        message = world.says(ANN, "<@999> hello")
        texts = await world.hears(message)

        assert texts == ["Good morning."]
        assert world.discord.sent[0].reference.message_id == message.id
        assert world.corral.histories == [["hello"]]

    play(story)


def test_what_is_not_for_the_bot_is_left_alone():
    async def story(world):
        await world.hears(world.says(ANN, "hello all"))
        first = world.says(ANN, "hello Ben")
        await world.hears(world.says(BEN, "hello Ann", reply_to=first))
        await world.hears(world.says(ANN, "hello <@2>", mentions=[BEN]))

        assert world.discord.sent == []
        assert world.corral.bodies == []
        assert not world.discord.channel().was_typing

    play(story)


@pytest.mark.parametrize("author", [BOT, person(5, "Other bot", is_bot=True)])
def test_bots_are_never_answered(author):
    async def story(world):
        assert await world.hears(world.says(author, "<@999> hello")) == []

    play(story)


@pytest.mark.parametrize("kind", ["pins_add", "thread_created", "chat_input_command"])
def test_what_discord_itself_writes_is_not_answered(kind):
    async def story(world):
        assert await world.hears(world.says(ANN, "<@999>", kind=kind)) == []

    play(story)


@pytest.mark.parametrize("is_resolved", [True, False])
def test_a_reply_to_the_bot_goes_on_without_a_mention(is_resolved):
    async def story(world):
        await world.hears(world.says(ANN, "<@999> hello"))
        world.corral.says("I am well.")
        answer = world.discord.sent[0]
        await world.hears(world.says(ANN, "how are you?", reply_to=answer, is_resolved=is_resolved))

        assert world.discord.texts[1:] == ["I am well."]
        assert world.corral.histories[1] == ["hello", "Good morning.", "how are you?"]
        assert world.discord.channel().fetched == []  # everything was in the cache

    play(story)


def test_a_mention_without_a_reply_begins_anew():
    async def story(world):
        await world.hears(world.says(ANN, "<@999> hello"))
        await world.hears(world.says(ANN, "<@999> again"))

        assert world.corral.histories[1] == ["again"]

    play(story)


def test_after_a_restart_the_chain_is_fetched():
    async def story(world):
        first = world.says(ANN, "<@999> one")
        answer = world.says(BOT, "two", reply_to=first)
        third = world.says(ANN, "three", reply_to=answer)

        await world.hears(third)

        assert world.corral.histories == [["one", "two", "three"]]
        assert world.discord.channel().fetched == [answer.id, first.id]

    play(story)


def test_an_edited_message_is_read_anew():
    async def story(world):
        first = world.says(ANN, "<@999> hello")
        await world.hears(first)
        edited = world.says(ANN, "<@999> good night")
        edited.id = first.id
        world.discord.channel().messages[first.id] = edited
        world.responder.on_edit(first.id)

        await world.hears(world.says(ANN, "and?", reply_to=world.discord.sent[0]))

        assert world.corral.histories[1] == ["good night", "Good morning.", "and?"]

    play(story)


def test_a_mention_in_a_reply_to_somebody_else_shows_what_was_replied_to():
    async def story(world):
        claim = world.says(BEN, "Goats can swim.")
        await world.hears(world.says(ANN, "<@999> is that so?", reply_to=claim))

        body = world.corral.bodies[0]
        assert world.corral.histories == [["Goats can swim.", "is that so?"]]
        assert (body["userName"], body["discordUser1Name"]) == ("Ann", "Ben")

    play(story)


def test_a_mention_and_nothing_else_is_greeted_without_the_model():
    async def story(world):
        assert await world.hears(world.says(ANN, "<@999>")) == ["Over to you!"]
        assert world.corral.bodies == []

    play(story)


def test_a_character_of_the_server_asks_for_more_words():
    async def story(world):
        assert await world.hears(world.says(ANN, " <@999> ")) == [NUDGE]

    play(story, of=character(NAMED))


def test_an_empty_reply_does_not_make_the_character_answer_itself():
    async def story(world):
        await world.hears(world.says(ANN, "<@999> hello"))
        await world.hears(world.says(ANN, "", reply_to=world.discord.sent[0]))

        assert len(world.corral.bodies) == 1

    play(story)


def test_the_greeting_is_part_of_the_conversation():
    async def story(world):
        await world.hears(world.says(ANN, "<@999>"))
        await world.hears(world.says(ANN, "hello", reply_to=world.discord.sent[0]))

        assert world.corral.histories == [["Over to you!", "hello"]]

    play(story)


def test_replies_in_a_thread_go_to_the_thread():
    async def story(world):
        thread = world.discord.channel(20)
        await world.hears(world.says(ANN, "<@999> hello", channel=thread))

        assert world.discord.sent[0].channel is thread

    play(story)


def test_a_long_answer_is_a_chain_of_parts_that_is_read_as_one():
    async def story(world):
        long = " ".join(f"Sentence {number}." for number in range(400))
        world.corral.says(long)
        await world.hears(world.says(ANN, "<@999> tell me all"))
        parts = list(world.discord.sent)
        assert len(parts) > 2
        assert [part.reference.message_id for part in parts[1:]] == [part.id for part in parts[:-1]]

        await world.hears(world.says(ANN, "go on", reply_to=parts[-1]))

        history = world.corral.histories[1]
        assert [history[0], history[2]] == ["tell me all", "go on"]
        assert history[1].split() == long.split()

    play(story)


def test_an_emotion_is_a_reaction_on_the_answer():
    async def story(world):
        world.corral.says("Good.", "wistful")
        await world.hears(world.says(ANN, "<@999> hello"))

        assert world.discord.texts == ["Good."]
        assert world.discord.sent[0].reactions == ["🌫️"]

    play(story)


def test_an_emotion_is_a_suffix_where_the_operator_wants_it():
    async def story(world):
        world.corral.says("Good.", "wistful")
        await world.hears(world.says(ANN, "<@999> hello"))
        await world.hears(world.says(ANN, "more", reply_to=world.discord.sent[0]))

        assert world.discord.texts[0] == "Good. 🌫️"
        assert world.discord.sent[0].reactions == []
        assert world.corral.histories[1] == ["hello", "Good.", "more"]

    play(story, display=Display.SUFFIX)


def test_a_forbidden_reaction_costs_no_answer():
    async def story(world):
        world.discord.reaction_refusal = Forbidden("no reactions here")
        world.corral.says("Good.", "happy")

        assert await world.hears(world.says(ANN, "<@999> hello")) == ["Good."]

    play(story)


def test_the_bot_types_while_it_generates():
    async def story(world):
        world.corral.gate.clear()
        channel = world.discord.channel()
        task = world.begins_to_hear(world.says(ANN, "<@999> hello"))
        await until(lambda: world.corral.n_running)
        during = channel.n_typing
        world.corral.gate.set()
        await task

        assert (during, channel.n_typing) == (1, 0)

    play(story)


def test_where_typing_is_refused_the_answer_comes_all_the_same():
    async def story(world):
        world.discord.channel().typing_refusal = Forbidden("no")

        assert await world.hears(world.says(ANN, "<@999> hello")) == ["Good morning."]

    play(story)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("refused"), "cannot reach my server"),
        (httpx.Response(503, headers={"Retry-After": "7"}, text="loading"), "in 7 seconds"),
        (httpx.Response(400, text="'genParams' is missing"), "did not accept"),
        (httpx.ReadTimeout("silent"), "too long"),
        (httpx.Response(500, text="boom"), "something went wrong"),
    ],
)
def test_errors_are_told_politely_and_logged(answer, words, caplog):
    async def story(world):
        world.corral.answer = answer
        texts = await world.hears(world.says(ANN, "<@999> hello"))

        assert len(texts) == 1
        assert texts[0].startswith(f"{NOTICE_MARK} Sorry")
        assert words in texts[0]

    with caplog.at_level(logging.WARNING):
        play(story)

    assert "chat.failed" in caplog.text


def test_a_notice_of_an_error_is_no_part_of_the_conversation():
    async def story(world):
        world.corral.answer = httpx.ConnectError("refused")
        await world.hears(world.says(ANN, "<@999> hello"))
        world.corral.says("Good morning.")
        await world.hears(world.says(ANN, "once more", reply_to=world.discord.sent[0]))

        assert world.corral.histories[1] == ["hello", "once more"]

    play(story)


@pytest.mark.parametrize("message", ["", " \n", "\nAnn: I speak for her."])
def test_an_empty_answer_is_not_sent(message):
    async def story(world):
        world.corral.says(message, "happy")

        assert await world.hears(world.says(ANN, "<@999> hello")) == [SPEECHLESS]
        assert world.discord.sent[0].reactions == []

    play(story)


def test_a_message_deleted_while_generating_cancels_the_generation():
    async def story(world):
        world.corral.gate.clear()
        message = world.says(ANN, "<@999> hello")
        task = world.begins_to_hear(message)
        await until(lambda: world.corral.n_running)
        world.responder.on_delete(message.id)
        await task

        assert world.corral.n_cancelled == 1
        assert world.discord.sent == []
        assert world.discord.channel().n_typing == 0

    play(story)


def test_a_message_deleted_while_waiting_in_line_is_never_asked():
    async def story(world):
        world.corral.gate.clear()
        first = world.begins_to_hear(world.says(ANN, "<@999> one"))
        await until(lambda: world.corral.n_running)
        waiting = world.says(BEN, "<@999> two")
        second = world.begins_to_hear(waiting)
        await until(lambda: world.discord.channel().n_typing == 2)
        world.responder.on_delete(waiting.id)
        await second
        world.corral.gate.set()
        await first

        assert world.corral.histories == [["one"]]

    play(story, n_at_once=1)


def test_deleting_what_nobody_answers_is_no_error():
    async def story(world):
        world.responder.on_delete(12345)

    play(story)


def test_a_message_that_vanishes_before_the_reply_is_logged(caplog):
    async def story(world):
        message = world.says(ANN, "<@999> hello")
        world.discord.channel().delete(message)

        assert await world.hears(message) == []

    with caplog.at_level(logging.WARNING):
        play(story)

    assert "discord.refused" in caplog.text


def test_two_questions_of_one_chain_are_answered_one_after_the_other():
    async def story(world):
        await world.hears(world.says(ANN, "<@999> hello"))
        answer = world.discord.sent[0]
        world.corral.gate.clear()
        tasks = [world.begins_to_hear(world.says(who, "and?", reply_to=answer)) for who in (ANN, BEN)]
        await until(lambda: world.corral.n_running and world.discord.channel().n_typing == 2)
        for _ in range(50):
            await asyncio.sleep(0)
        n_running = world.corral.n_running
        world.corral.gate.set()
        await asyncio.gather(*tasks)

        assert n_running == 1
        assert len(world.corral.bodies) == 3

    play(story, n_at_once=5)


def test_more_questions_than_may_wait_are_turned_away_politely():
    async def story(world):
        world.corral.gate.clear()
        tasks = [world.begins_to_hear(world.says(ANN, f"<@999> {number}")) for number in range(50)]
        await until(lambda: len(world.discord.sent) == 45)
        n_running = world.corral.n_running
        world.corral.gate.set()
        await asyncio.gather(*tasks)

        assert n_running == 2
        assert len(world.corral.bodies) == 5
        assert all("too many people" in text for text in world.discord.texts[:45])

    play(story, n_at_once=2, n_waiting=3)


def test_a_mistake_in_our_own_code_is_raised_and_leaves_nothing_behind():
    async def story(world):
        world.discord.channel().refusal = ZeroDivisionError()
        message = world.says(ANN, "odd", kind="reply")
        message.reference = reference(world.says(BOT, "old"))
        with pytest.raises(ZeroDivisionError):
            await world.hears(message)

        assert len(world.responder._running) == 0

    play(story)


def test_who_is_cancelled_from_outside_cancels_the_generation():
    async def story(world):
        world.corral.gate.clear()
        task = world.begins_to_hear(world.says(ANN, "<@999> hello"))
        await until(lambda: world.corral.n_running)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: world.corral.n_cancelled)

        assert world.discord.sent == []

    play(story)


def test_message_text_stays_out_of_the_log(caplog):
    async def story(world):
        world.corral.answer = httpx.Response(400, text="bad")
        await world.hears(world.says(ANN, "<@999> my-secret"))

    with caplog.at_level(logging.DEBUG, logger="examples.discord_bot"):
        play(story)

    assert "my-secret" not in caplog.text


def test_a_character_file_with_a_name_is_posted_as_a_name():
    async def story(world):
        await world.hears(world.says(ANN, "<@999> hello"))

        assert world.corral.bodies[0]["character"] == "marla"

    play(story, of=read_character(json.dumps(NAMED)))
