"""Settings come from variables, and a wrong one is named."""

from pathlib import Path

import pytest

from examples.discord_bot.emotion import Display
from examples.discord_bot.settings import SHIPPED_CHARACTER, Settings, SettingsError, read_settings

TOKEN = {"DISCORD_TOKEN": "t0ken"}


def test_a_token_is_enough():
    settings = read_settings(TOKEN)

    assert settings == Settings(token="t0ken")  # noqa: S106
    assert settings.character_path == SHIPPED_CHARACTER


def test_every_variable_is_read():
    settings = read_settings(
        TOKEN
        | {
            "CORRAL_URL": "https://corral.test",
            "CORRAL_API_KEY": "key",
            "CORRAL_BOT_CHARACTER": "me.json",
            "CORRAL_BOT_EMOTION": "Suffix",
            "CORRAL_BOT_TIMEOUT_S": "5",
            "CORRAL_BOT_AT_ONCE": "3",
            "CORRAL_BOT_WAITING": "0",
            "CORRAL_BOT_CHAIN": "7",
            "CORRAL_BOT_CACHE": "8",
        }
    )

    assert settings == Settings(
        token="t0ken",  # noqa: S106
        url="https://corral.test",
        api_key="key",
        character_path=Path("me.json"),
        display=Display.SUFFIX,
        timeout_s=5,
        n_at_once=3,
        n_waiting=0,
        n_chain=7,
        n_cache=8,
    )


def test_an_empty_variable_is_an_unset_one():
    assert read_settings(TOKEN | {"CORRAL_URL": " ", "CORRAL_API_KEY": ""}) == read_settings(TOKEN)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DISCORD_TOKEN", ""),
        ("CORRAL_URL", "localhost:8080"),
        ("CORRAL_BOT_EMOTION", "loud"),
        ("CORRAL_BOT_TIMEOUT_S", "0"),
        ("CORRAL_BOT_AT_ONCE", "-1"),
        ("CORRAL_BOT_CHAIN", "many"),
        ("CORRAL_BOT_CACHE", "²"),
        ("CORRAL_BOT_CACHE", "1.5"),
    ],
)
def test_a_wrong_variable_is_named(name, text):
    with pytest.raises(SettingsError, match=name):
        read_settings(TOKEN | {name: text})


def test_secrets_are_not_in_what_a_log_could_show():
    settings = read_settings({"DISCORD_TOKEN": "t0ken", "CORRAL_API_KEY": "k3y"})

    assert "t0ken" not in repr(settings)
    assert "k3y" not in repr(settings)
