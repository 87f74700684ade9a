"""Distinct prompts, the same for every server that is compared and different in every round.

No prompt comes twice, and two have no common prefix except by chance: a prefix cache gains nothing from them
unless a scenario means it to.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

from corral.bench.errors import BenchError

Prompt: TypeAlias = list[int] | str

# Ordinary words: every vocabulary has tokens for them, and none of them is a control token.
PROSE = """
the of and to in is that for it was on are as with his they at be this from have or by one had not
but what all were when we there can an your which their said if do will each about how up out them
then she many some so these would other into has more her two like him see time could no make than
first been its who now people my made over did down only way find use may water long little very
after words called just where most know get through back much before go good new write our used me
man too any day same right look think also around another came come work three must because does
part even place well such here take why things help put years different away again off went old
number great tell men say small every found still between name should home big give air line set own
under read last never us left end along while might next sound below saw something thought both few
those always
"""
_WORDS: tuple[str, ...] = tuple(PROSE.split())


# A vocabulary or a length this small gives the same prompt again so often that a run would never end.
_N_TRIES = 100
_QUESTION = "Repeat the text between the lines word for word.\n---\n{text}\n---\n"
_WORDS_A_SENTENCE = 10


class PromptSource:
    """Draws prompts, and no prompt twice as long as it lives.

    `vocabulary`: token ids to draw from. None draws words instead, one a token, so that lengths are
    approximate.
    """

    def __init__(self, vocabulary: Sequence[int] | None) -> None:
        self._vocabulary = vocabulary
        self._seen: set[int] = set()

    @property
    def is_in_words(self) -> bool:
        """Whether all prompts are words."""
        return self._vocabulary is None

    def draw(self, n_tokens: int, seed: str) -> Prompt:
        """Return a prompt of `n_tokens` tokens, repeatable by `seed` from a new source.

        Raises:
            BenchError: there are not so many different prompts of this length.
        """
        return self._distinct(self._ids if self._vocabulary is not None else self._words, n_tokens, seed)

    def draw_words(self, n_tokens: int, seed: str) -> Prompt:
        """Return a prompt of words, also where others are token ids."""
        return self._distinct(self._words, n_tokens, seed)

    def draw_quote(self, n_tokens: int, seed: str) -> Prompt:
        """Return the wish to have a text of `n_tokens` words repeated, always as words."""
        words = str(self._distinct(self._words, n_tokens, seed)).split()
        starts = range(0, len(words), _WORDS_A_SENTENCE)
        sentences = (" ".join(words[start : start + _WORDS_A_SENTENCE]).capitalize() for start in starts)
        return _QUESTION.format(text=". ".join(sentences) + ".")

    def _distinct(self, draw: Callable[[int, random.Random], Prompt], n_tokens: int, seed: str) -> Prompt:
        # Repeatable by design: these numbers hide nothing.
        source = random.Random(seed)  # noqa: S311
        for _ in range(_N_TRIES):
            prompt = draw(n_tokens, source)
            mark = hash(prompt if isinstance(prompt, str) else tuple(prompt))
            if mark not in self._seen:
                self._seen.add(mark)
                return prompt
        raise BenchError(
            f"There are not enough different prompts of {n_tokens} tokens: take a larger length."
        )

    def _ids(self, n_tokens: int, source: random.Random) -> Prompt:
        assert self._vocabulary is not None
        return source.choices(self._vocabulary, k=n_tokens)

    def _words(self, n_tokens: int, source: random.Random) -> Prompt:
        return " ".join(source.choices(_WORDS, k=n_tokens))
