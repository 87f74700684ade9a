"""Distinct prompts, the same for every server that is compared and different in every round.

Two prompts have no common prefix except by chance, so a prefix cache gains nothing from them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeAlias

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


def draw_prompts(vocabulary: Sequence[int] | None, n_prompts: int, n_tokens: int, seed: str) -> list[Prompt]:
    """Return `n_prompts` prompts of `n_tokens` tokens each, repeatable by `seed`.

    Args:
        vocabulary: token ids to draw from. None draws words instead, one a token, so that the length is
            approximate.
        n_prompts: how many.
        n_tokens: length of each.
        seed: any text; another text gives other prompts.
    """
    # Repeatable by design: these numbers hide nothing.
    source = random.Random(seed)  # noqa: S311
    if vocabulary is None:
        return [" ".join(source.choices(_WORDS, k=n_tokens)) for _ in range(n_prompts)]
    return [source.choices(vocabulary, k=n_tokens) for _ in range(n_prompts)]
