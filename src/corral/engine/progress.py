"""Reports on prompts for the requests that want them."""

from __future__ import annotations

from collections.abc import Iterable

from corral.core.outcome import PromptProgress
from corral.engine.sequence import Sequence


class ProgressReports:
    """Collects the reports of one step."""

    def __init__(self) -> None:
        self._reports: list[PromptProgress] = []

    def note(self, sequences: Iterable[Sequence], now_s: float) -> None:
        """Note where those of `sequences` stand whose requests want to know."""
        for sequence in sequences:
            if sequence.request.is_progress_wanted:
                self._reports.append(_report(sequence, now_s))

    def take(self) -> list[PromptProgress]:
        """Return the reports since the last call."""
        reports, self._reports = self._reports, []
        return reports


def _report(sequence: Sequence, now_s: float) -> PromptProgress:
    return PromptProgress(
        request_id=sequence.request.request_id,
        index=sequence.index,
        n_prompt_tokens=len(sequence.prompt) - sequence.n_system,
        n_cached=sequence.n_cached_shown,
        n_done=max(0, sequence.n_past - sequence.n_system),
        elapsed_ms=(now_s - sequence.admitted_s) * 1000,
    )
