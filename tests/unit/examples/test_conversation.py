"""A reply chain becomes a `/chat` body whose template stays right whoever takes part."""

import pytest

from examples.discord_bot.conversation import Conversation, Turn, plain_name, turns_of
from examples.discord_bot.emotion import Display, Emotions
from examples.discord_bot.notice import NUDGE
from tests.unit.examples.characters import INLINE, NAMED, character
from tests.unit.examples.fake_discord import ANN, BOT, BOT_ID, FakeDiscord

ANN_TURN = Turn(1, "Ann", "Is it foggy?")
BOT_TURN = Turn(None, "Marla", "As porridge.")
BEN_TURN = Turn(2, "Ben", "And the goat?")


def turns(chain, display=Display.REACTION):
    return turns_of(chain, BOT_ID, Emotions({}, display))


def body(*turns, of=None):
    return Conversation(turns, of or character()).body()


def test_messages_become_turns_in_their_order():
    discord = FakeDiscord()
    chain = [discord.says(ANN, "<@999> Is it foggy?"), discord.says(BOT, "As porridge.")]

    assert turns(chain) == [ANN_TURN, BOT_TURN]


def test_empty_messages_and_notices_are_left_out():
    discord = FakeDiscord()
    chain = [discord.says(ANN, "<@999>"), discord.says(BOT, NUDGE), discord.says(ANN, "Is it foggy?")]

    assert turns(chain) == [ANN_TURN]


def test_a_user_may_begin_as_a_notice_does():
    discord = FakeDiscord()

    assert len(turns([discord.says(ANN, NUDGE)])) == 1


def test_the_parts_of_a_split_answer_are_one_turn():
    discord = FakeDiscord()
    chain = [discord.says(ANN, "Tell me all."), discord.says(BOT, "First."), discord.says(BOT, "Second.")]

    assert turns(chain)[1:] == [Turn(None, "Marla", "First.\nSecond.")]


def test_the_emoji_of_an_emotion_is_not_shown_to_the_model():
    discord = FakeDiscord()

    assert turns([discord.says(BOT, "Good. 😊")], Display.SUFFIX) == [Turn(None, "Marla", "Good.")]


def test_one_user_is_the_user_of_the_template():
    sent = body(ANN_TURN, BOT_TURN, Turn(1, "Ann", "And now?"))

    assert sent == {
        "userName": "Ann",
        "genParams": INLINE["genParams"],
        "character": INLINE["character"],
        "promptTemplate": INLINE["promptTemplate"],
        "chatHistory": [
            {"chatType": "user", "message": "Is it foggy?"},
            {"chatType": "character", "message": "As porridge."},
            {"chatType": "user", "message": "And now?"},
        ],
    }


def test_several_users_have_a_chat_type_and_a_name_each():
    sent = body(ANN_TURN, BOT_TURN, BEN_TURN)

    assert sent["userName"] == "Ben"
    assert (sent["discordUser1Name"], sent["discordUser2Name"]) == ("Ann", "Ben")
    assert sent["promptTemplate"] == INLINE["promptTemplate"] | {
        "discordUser1": "&{discordUser1Name}: ${message}\n",
        "discordUser2": "&{discordUser2Name}: ${message}\n",
    }
    types = [message["chatType"] for message in sent["chatHistory"]]
    assert types == ["discordUser1", "character", "discordUser2"]


def test_several_users_are_named_even_where_the_template_names_nobody():
    template = INLINE["promptTemplate"] | {"user": "USER: ${message}</s>"}

    sent = body(ANN_TURN, BEN_TURN, of=character(promptTemplate=template))

    assert sent["promptTemplate"]["discordUser2"] == "USER: &{discordUser2Name}: ${message}</s>"
    assert sent["promptTemplate"]["user"] == "USER: ${message}</s>"


def test_several_users_of_a_character_of_the_server_are_named_in_their_messages():
    sent = body(ANN_TURN, BOT_TURN, BEN_TURN, of=character(NAMED))

    assert sent["character"] == "marla"
    assert "promptTemplate" not in sent
    assert sent["chatHistory"][0] == {"chatType": "user", "message": "Ann: Is it foggy?"}
    assert sent["chatHistory"][2] == {"chatType": "user", "message": "Ben: And the goat?"}


def test_two_users_of_one_name_are_told_apart():
    sent = body(Turn(1, "Ann", "a"), Turn(2, "ann", "b"), Turn(3, "Ann", "c"))

    names = [sent[f"discordUser{number}Name"] for number in (1, 2, 3)]
    assert names == ["Ann", "ann 2", "Ann 3"]


def test_a_user_with_the_name_of_the_character_gets_another():
    assert body(Turn(1, "MARLA", "I am you."))["userName"] == "MARLA 2"


def test_one_user_who_changed_names_is_one_user():
    sent = body(Turn(1, "Ann", "a"), Turn(1, "Annie", "b"))

    assert sent["userName"] == "Ann"
    assert [message["chatType"] for message in sent["chatHistory"]] == ["user", "user"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Ann", "Ann"),
        ("@{persona}&{genParams}${chat}", "@ persona & genParams $ chat"),
        ("Ann:\nMarla", "Ann Marla"),
        ("<@1>", "@1"),
        ("", "User"),
        ("{:}", "User"),
        ("x" * 100, "x" * 32),
        ("日本 👍🏽", "日本 👍🏽"),
        ("\ud83d", "?"),
    ],
)
def test_a_name_means_nothing_to_a_template(name, plain):
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("Fine.", "Fine."),
        ("Fine.\nAnn: And me?", "Fine."),
        ("Fine.\nBen: No.\nAnn: Yes.", "Fine."),
        ("Ask Ann: she knows.", "Ask Ann: she knows."),
        ("\nAnn: I speak for her.", ""),
    ],
)
def test_an_answer_ends_where_the_model_speaks_for_any_user(answer, kept):
    assert Conversation([ANN_TURN, BEN_TURN], character()).cut(answer) == kept
