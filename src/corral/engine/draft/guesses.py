"""What guesses for one sequence: its own text, and a draft model where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from corral.engine.draft.history import History
from corral.engine.draft.model_guesses import ModelGuesses
from corral.engine.draft.text_guesses import TextGuesses


@dataclass(slots=True)
class Guesses:
    """The history of a sequence and who guesses how it goes on. Owned by the sequence."""

    history: History
    by_text: TextGuesses | None
    by_model: ModelGuesses | None
