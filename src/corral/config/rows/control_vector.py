"""Options about control vectors: directions added to what flows between the layers."""

from __future__ import annotations

from corral.config.adapter_kinds import Files, ScaledFiles
from corral.config.engine_kinds import LayerRange
from corral.config.option import Option
from corral.core.engine_settings import ControlVectorSettings

ROWS = (
    Option(
        flags="--control-vector",
        fills="engine.adapters.control_vectors",
        kind=Files(ControlVectorSettings),
        is_repeatable=True,
        help="Add the control vector in this GGUF file; several add up.",
    ),
    Option(
        flags="--control-vector-scaled",
        fills="engine.adapters.control_vectors",
        kind=ScaledFiles(ControlVectorSettings),
        n_values=2,
        is_repeatable=True,
        help="The same with a strength.",
    ),
    Option(
        flags="--control-vector-layer-range",
        fills="engine.adapters.layer_range",
        kind=LayerRange(),
        n_values=2,
        default_text="all layers",
        help="The first and the last layer that the control vectors change; 0: the first, the last there is.",
    ),
)
