"""A long answer in messages that Discord takes."""

from __future__ import annotations

import re
import unicodedata

# "Our API calculates length based on the number of codepoints": Discord's staff in
# https://github.com/discord/discord-api-docs/issues/1315. So it counts as len() does, not in UTF-16 units.
N_MOST = 2_000

FENCE = "```"
_CLOSING = f"\n{FENCE}"
_FENCE = re.compile(r"```(?:([\w+.#-]{0,20})\n)?")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)\]]*\s")  # noqa: RUF001 (the full-width ones are meant)
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_N_BACK = 40  # a cluster longer than this many code points is cut, rather than looked for


def split(text: str, n_most: int = N_MOST) -> list[str]:
    """Return `text` in parts of at most `n_most` (200 or more) code points; none of them is blank.

    Parts end at a line break, else a sentence, else a word, else between two characters as people see them.
    A code block that is cut is closed in its part and opened again, with its language, in the next.
    """
    assert n_most >= 200  # or a reopened fence could fill a whole part, and nothing would move on
    parts = []
    rest = text.strip()
    while len(rest) > n_most:
        n_part = _cut(rest, n_most - len(_CLOSING))
        part, rest = rest[:n_part], rest[n_part:]
        opening = open_fence(part)
        if opening is None:
            parts.append(part.rstrip())
            rest = rest.lstrip("\n")
        else:
            parts.append(part.removesuffix("\n") + _CLOSING)
            rest = _reopened(rest, opening)
    return [part for part in [*parts, rest] if part.strip()]


def _reopened(rest: str, opening: str) -> str:
    # Where the block ends right here, the part before has closed it already.
    if rest.lstrip().startswith(FENCE):
        return rest.lstrip().removeprefix(FENCE).lstrip("\n")
    return opening + rest.removeprefix("\n")


def open_fence(text: str) -> str | None:
    """Return what opened the code block that `text` ends in, with its line break; None outside of one."""
    return None if (fence := _last_open(text)) is None else f"{FENCE}{fence[1] or ''}\n"


def _last_open(text: str) -> re.Match[str] | None:
    # The second fence of a pair closes, whatever follows it on its line.
    fences = list(_FENCE.finditer(text))
    return fences[-1] if len(fences) % 2 else None


def _cut(text: str, n_most: int) -> int:
    """Return where to end the first part of `text`, in (0, n_most]."""
    window = text[:n_most]
    at_fence = _before_empty_block(window)
    if at_fence is not None:
        return at_fence
    for n_part in (_after_line(window), _after_sentence(text, n_most), _after_word(window)):
        if n_part >= n_most // 4:  # a part that short looks worse than the next best place
            return _before_empty_block(text[:n_part]) or n_part
    return _between_characters(text, n_most)


def _before_empty_block(part: str) -> int | None:
    # A block of which only the opening line fits begins in the next part.
    fence = _last_open(part)
    if fence is None or fence.start() == 0 or part[fence.end() :].strip():
        return None
    return fence.start()


def _after_line(window: str) -> int:
    return window.rfind("\n") + 1


def _after_sentence(text: str, n_most: int) -> int:
    return max((found.end() for found in _SENTENCE_END.finditer(text, 0, n_most)), default=0)


def _after_word(window: str) -> int:
    return max(window.rfind(" "), window.rfind("\t")) + 1


def _between_characters(text: str, n_most: int) -> int:
    for n_part in range(n_most, n_most - _N_BACK, -1):
        if not _are_joined(text, n_part):
            return n_part
    return n_most


def _are_joined(text: str, at: int) -> bool:
    """Say whether a cut at `at` would tear one emoji, one letter with its accents or one fence."""
    before, after = text[at - 1], text[at]
    if before == after == "`" or "\u200d" in (before, after):
        return True
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        head = text[:at]
        n_letters = len(head) - len(head.rstrip(_FLAG_LETTERS))
        return n_letters % 2 == 1  # a flag is two letters: behind an odd number we stand inside one
    return unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
