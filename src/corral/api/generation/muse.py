"""`muse` -> MuseParams. Pure."""

from __future__ import annotations

from corral.api.generation.fields import MuseFields
from corral.api.generation.numbers import clamped
from corral.core.sampling import MuseParams

_LEAST, _MOST = 1e-3, 1e3  # of a factor


def to_muse(given: bool | MuseFields) -> MuseParams | None:  # noqa: FBT001 - it is what the wire says
    """Return the Muse that is asked for, None where it is switched off. What is out of range is clamped."""
    if given is False:
        return None
    fields = MuseFields() if given is True else given
    usual = MuseParams()
    return MuseParams(
        n_top=clamped("muse.top_k", _or(fields.top_k, usual.n_top), 1),
        damp=_factor(_or(fields.damp, usual.damp)),
        damp_initial=_factor(_or(fields.damp_initial, usual.damp_initial)),
        n_ramp=clamped("muse.damp_ramp_tokens", _or(fields.damp_ramp_tokens, usual.n_ramp), 0),
    )


def _or(given: float | None, usual: float) -> float:
    return usual if given is None else given


def _factor(value: float) -> float:
    return float(max(_LEAST, min(value, _MOST)))
