"""The sequences of a `Score` call: one for what all continuations share, one for each branch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corral.engine.agreement import n_common
from corral.engine.intake import Prepared
from corral.engine.scoring import Scoring, branches
from corral.engine.sequence import Sequence


def scoring_sequences(prepared: Prepared, scoring: Scoring) -> list[Sequence]:
    """Return the base, and behind it the branches; each waits for whom it shares the most tokens with."""
    base = Sequence(prepared, 0, 0)
    sequences = [base]
    paths = branches(scoring.continuations)
    for index, path in enumerate(paths, 1):
        prompt = np.concatenate([prepared.prompt, np.array(path, np.int32)])
        before = paths[index - 2] if index > 1 else ()  # in lexical order nobody before shares more
        leader = sequences[-1] if n_common(path, before) else base
        sequences.append(Sequence(replace(prepared, prompt=prompt), index, 0, leader))
    return sequences
