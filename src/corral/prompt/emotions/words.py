"""The list of emotions a character may show: which entries count, and how they stand in a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corral.core.errors import InvalidRequestError

MAX_WORDS = 256
MAX_LENGTH = 64  # characters of one word

# What begins a special token in the families of `builtin_templates`: <|im_start|>, <s>, [INST], <<SYS>>, and
# with a wide bar in DeepSeek's.
_SPECIAL_START = re.compile(r"([<\[])(?=[|\uff5c/<A-Za-z_])")


def wanted(emotions: Sequence[str]) -> tuple[str, ...]:
    """Return the emotions to choose from, in the list's order; () where there is nothing to choose.

    Each is spelt as it was given: what is answered must be one of the client's own values. Blank entries are
    left out; of those that differ only in case and blanks the first stays. Raises InvalidRequestError for a
    list that is too long or holds a text that is.
    """
    if len(emotions) > MAX_WORDS:
        raise InvalidRequestError(f"Field 'emotions': at most {MAX_WORDS} entries, not {len(emotions)}")
    firsts: dict[str, str] = {}
    for at, emotion in enumerate(emotions):
        if len(emotion) > MAX_LENGTH:
            raise InvalidRequestError(f"Field 'emotions[{at}]': at most {MAX_LENGTH} characters")
        firsts.setdefault(shown(emotion).casefold(), emotion)
    firsts.pop("", None)
    return tuple(firsts.values())


def shown(text: str) -> str:
    """Return `text` as one line that holds nothing that a tokenizer reads as a special token.

    A blank behind the bracket takes such a text apart and leaves it readable. So the words of people who
    talk to a character cannot end the turn that quotes them.
    """
    return _SPECIAL_START.sub(r"\1 ", " ".join(text.split()))
