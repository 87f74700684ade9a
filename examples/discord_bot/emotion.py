"""How an emotion is shown."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

DEFAULT_EMOJI = {
    "happy": "😊", "sad": "😢", "angry": "😠", "afraid": "😨", "scared": "😨", "surprised": "😲",
    "excited": "🤩", "bored": "🥱", "nervous": "😬", "disappointed": "😞", "relieved": "😅", "guilty": "😔",
    "calm": "😌", "neutral": "😐", "curious": "🤔", "confused": "😕", "proud": "😤", "embarrassed": "😳",
    "disgusted": "🤢", "loving": "🥰", "love": "🥰", "amused": "😄", "tired": "😴", "worried": "😟",
    "grateful": "🙏", "lonely": "🥺", "hopeful": "🌱", "playful": "😜", "shy": "☺️", "jealous": "😒",
}  # fmt: skip


class Display(StrEnum):
    """Where the emoji of an emotion goes."""

    REACTION = "reaction"
    SUFFIX = "suffix"
    NONE = "none"


class Emotions:
    """Emoji by emotion, whatever the case of its letters: `own` ones before the usual ones.

    An emotion without an emoji is not shown.
    """

    def __init__(self, own: Mapping[str, str], display: Display) -> None:
        self._emoji = DEFAULT_EMOJI | {emotion.casefold(): emoji for emotion, emoji in own.items()}
        self._display = display

    def emoji_of(self, emotion: str) -> str | None:
        """Return the emoji of `emotion`, None if it has none."""
        return self._emoji.get(emotion.casefold())

    def reaction(self, emotion: str | None) -> str | None:
        """Return what to react with, None for nothing."""
        return self._shown(emotion, Display.REACTION)

    def suffixed(self, text: str, emotion: str | None) -> str:
        """Return `text` with its emoji behind it, where emotions are shown so."""
        emoji = self._shown(emotion, Display.SUFFIX)
        return text if emoji is None else f"{text} {emoji}"

    def unsuffixed(self, text: str) -> str:
        """Return one of the bot's own messages as the model wrote it, or it would learn to write emoji."""
        if self._display is not Display.SUFFIX:
            return text
        for emoji in self._emoji.values():
            if text.endswith(emoji):
                return text.removesuffix(emoji).rstrip(" ")
        return text

    def _shown(self, emotion: str | None, display: Display) -> str | None:
        return self.emoji_of(emotion) if emotion is not None and self._display is display else None
