"""Which messages and which lore stand in a prompt of bounded length, in plain text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from corral.prompt.characters.asides import n_told
from corral.prompt.characters.blocks import Blocks, chosen, shortened
from corral.prompt.characters.plain_prompt import Choice, PlainPrompt
from corral.prompt.lorebook.telling import Told


class Fitting:
    """Chooses by the tokens of the pieces of one prompt, which may have `n_budget` of them.

    Messages as `blocks` has it. Lore takes what its book allows and what the bare prompt, the examples and
    the newest message leave, and of the history the oldest messages make place for it.
    """

    def __init__(self, prompt: PlainPrompt, counts: Sequence[int], *, n_context: int, n_budget: int) -> None:
        """Take the tokens of each of the prompt's `pieces`."""
        ends = 1 + len(prompt.examples), 1 + len(prompt.examples) + len(prompt.history)
        self._examples, self._history = counts[1 : ends[0]], counts[ends[0] : ends[1]]
        self._asides = prompt.asides
        self._costs = self._asides.costs(counts[ends[1] :])
        self._n_bare = counts[0] + self._asides.n_always(self._costs)
        self._field = prompt.field
        self._n_context = n_context
        self._n_budget = n_budget

    def first(self) -> Choice:
        """Return what fits. Raises InvalidRequestError if the bare prompt alone does not."""
        blocks = chosen(self._n_bare, self._examples, self._history, self._n_budget, field=self._field)
        return self._told(blocks)

    def shorter(self, choice: Choice, n_over: int) -> Choice | None:
        """Return a choice of about `n_over` tokens less, None if there is nothing left to leave out."""
        blocks = shortened(choice.blocks, n_over, self._examples, self._history)
        return None if blocks is None else self._told(blocks)

    def _told(self, blocks: Blocks) -> Choice:
        """Return `blocks` with their lore, less the messages that make place for it."""
        told = self._lore(blocks)
        while (n_over := self._n_tokens(blocks, told) - self._n_budget) > 0:
            fewer = shortened(blocks, n_over, self._examples, self._history)
            if fewer is None:
                break
            blocks, told = fewer, self._lore(fewer)
        return Choice(blocks, told)

    def _lore(self, blocks: Blocks) -> Told:
        needed = Blocks(blocks.n_examples, min(blocks.n_history, 1))
        return self._asides.told(
            self._costs,
            len(self._history) - blocks.n_history,
            n_context=self._n_context,
            n_free=self._n_budget - self._n_tokens(needed, Told()),
        )

    def _n_tokens(self, blocks: Blocks, told: Told) -> int:
        examples = self._examples[len(self._examples) - blocks.n_examples :]
        history = self._history[len(self._history) - blocks.n_history :]
        return self._n_bare + sum(examples) + sum(history) + n_told(told, self._costs)
