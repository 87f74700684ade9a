"""Mentions become names, and the bot's own goes."""

import pytest

from examples.discord_bot.mention import is_mentioned, text_of
from tests.unit.examples.fake_discord import ANN, BEN, BOT, BOT_ID, FakeDiscord, named


@pytest.mark.parametrize(
    "content",
    ["<@999> how are you?", "how are you? <@999>", "<@!999>  how are you?", "\n<@999>\nhow are you?"],
)
def test_the_bots_own_mention_is_removed(content):
    message = FakeDiscord().says(ANN, content, mentions=[BOT])

    assert text_of(message, BOT_ID) == "how are you?"


def test_other_mentions_are_shown_by_name():
    message = FakeDiscord().says(ANN, "<@999> ask <@2> or <@!2> in <#5> or <@&6>", mentions=[BOT, BEN])
    message.channel_mentions = [named(5, "harbour")]
    message.role_mentions = [named(6, "sailors")]

    assert text_of(message, BOT_ID) == "ask @Ben or @Ben in #harbour or @sailors"


def test_a_mention_of_nobody_known_keeps_no_number():
    message = FakeDiscord().says(ANN, "<@123> <#123> <@&123>")

    assert text_of(message, BOT_ID) == "@someone #some channel @some role"


def test_a_user_with_the_id_of_a_role_is_not_mistaken_for_it():
    message = FakeDiscord().says(ANN, "<@&2> <@2>", mentions=[BEN])
    message.role_mentions = [named(2, "sailors")]

    assert text_of(message, BOT_ID) == "@sailors @Ben"


def test_custom_emoji_are_shown_by_name():
    message = FakeDiscord().says(ANN, "hi <:wave:123> <a:dance:456>")

    assert text_of(message, BOT_ID) == "hi :wave: :dance:"


def test_half_a_surrogate_pair_can_be_sent_on():
    message = FakeDiscord().says(ANN, "odd \ud83d one")

    assert text_of(message, BOT_ID) == "odd ? one"


def test_the_role_that_discord_makes_for_the_bot_means_the_bot():
    message = FakeDiscord().says(ANN, "<@&50> hello")
    message.role_mentions = [named(50, "Marla", bot_id=BOT_ID)]

    assert is_mentioned(message, BOT_ID)
    assert text_of(message, BOT_ID) == "hello"


def test_roles_of_people_and_of_other_bots_do_not_mean_the_bot():
    message = FakeDiscord().says(ANN, "<@&50> <@&51> hello")
    message.role_mentions = [named(50, "Other", bot_id=55), named(51, "sailors")]

    assert not is_mentioned(message, BOT_ID)
