"""What the samplers are called: one name each inside, and the letters and spellings that clients use."""

from __future__ import annotations

PENALTIES = "penalties"
MUSE = "muse"

# Newest first where llama-server (Oct 2024) and today's agree; `f` is the older one's alone, `u` is ours.
LETTERS = {
    "e": PENALTIES,
    "d": "dry",
    "s": "top_n_sigma",
    "k": "top_k",
    "f": "tfs_z",
    "y": "typ_p",
    "p": "top_p",
    "m": "min_p",
    "x": "xtc",
    "t": "temperature",
    "i": "infill",
    "a": "adaptive_p",
    "u": MUSE,
}
NAMES = frozenset(LETTERS.values())
_ALIASES = {
    "nucleus": "top_p",
    "temp": "temperature",
    "typ": "typ_p",
    "typical": "typ_p",
    "typicalp": "typ_p",
    "tfs": "tfs_z",
}
_SPELLINGS = {name.replace("_", ""): name for name in NAMES} | _ALIASES


def named(name: str) -> str | None:
    """Return the sampler that a client calls so, with hyphens, underscores or neither; None if unknown."""
    return _SPELLINGS.get(name.strip().replace("-", "").replace("_", ""))


def by_names(names: list[str]) -> tuple[str, ...]:
    """Return the chain that `names` spell: order and repeats kept, unknown ones left out."""
    return tuple(sampler for name in names if (sampler := named(name)))


def by_letters(letters: str) -> tuple[str, ...]:
    """Return the chain of one letter each: order and repeats kept, unknown ones left out."""
    return tuple(LETTERS[letter] for letter in letters if letter in LETTERS)


def to_letters(chain: tuple[str, ...]) -> str:
    """Return the letters of a chain."""
    letters = {name: letter for letter, name in LETTERS.items()}
    return "".join(letters[name] for name in chain)
