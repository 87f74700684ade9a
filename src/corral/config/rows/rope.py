"""Options about rotary positions: contexts longer than the model was trained for."""

from __future__ import annotations

from corral.config.engine_kinds import Reciprocal
from corral.config.kinds import Choice, Integer, Real
from corral.config.option import Option

_MODEL = "as the model says"

ROWS = (
    Option(
        flags="--rope-scaling",
        env="LLAMA_ARG_ROPE_SCALING_TYPE",
        fills="engine.rope.scaling",
        kind=Choice({name: name for name in ("none", "linear", "yarn")}),
        default_text=_MODEL,
        help="How positions are scaled.",
    ),
    Option(
        flags="--rope-scale",
        env="LLAMA_ARG_ROPE_SCALE",
        fills="engine.rope.freq_scale",
        kind=Reciprocal(),
        default_text=_MODEL,
        help="The factor by which the context grows; --rope-freq-scale is 1/N.",
    ),
    Option(
        flags="--rope-freq-base",
        env="LLAMA_ARG_ROPE_FREQ_BASE",
        fills="engine.rope.freq_base",
        kind=Real(0),
        default_text=_MODEL,
        help="The base of the frequencies (NTK-aware scaling); 0: the model's.",
    ),
    Option(
        flags="--rope-freq-scale",
        env="LLAMA_ARG_ROPE_FREQ_SCALE",
        fills="engine.rope.freq_scale",
        kind=Real(0),
        default_text=_MODEL,
        help="The factor on the frequencies; the context grows by 1/N. 0: the model's.",
    ),
    Option(
        flags="--yarn-orig-ctx",
        env="LLAMA_ARG_YARN_ORIG_CTX",
        fills="engine.rope.yarn_orig_ctx",
        kind=Integer(0, none=(0,)),
        unit="tokens",
        default_text="0, the context of the training",
        help="YaRN: the context that the model was trained with before scaling.",
    ),
    Option(
        flags="--yarn-ext-factor",
        env="LLAMA_ARG_YARN_EXT_FACTOR",
        fills="engine.rope.yarn_ext_factor",
        kind=Real(),
        default_text=_MODEL,
        help="YaRN: the share of extrapolation; 0: interpolation only, negative: the model's.",
    ),
    Option(
        flags="--yarn-attn-factor",
        env="LLAMA_ARG_YARN_ATTN_FACTOR",
        fills="engine.rope.yarn_attn_factor",
        kind=Real(),
        default_text=_MODEL,
        help="YaRN: the factor on the attention's magnitude; negative: the model's.",
    ),
    Option(
        flags="--yarn-beta-slow",
        env="LLAMA_ARG_YARN_BETA_SLOW",
        fills="engine.rope.yarn_beta_slow",
        kind=Real(),
        default_text=_MODEL,
        help="YaRN: the high correction dimension; negative: the model's.",
    ),
    Option(
        flags="--yarn-beta-fast",
        env="LLAMA_ARG_YARN_BETA_FAST",
        fills="engine.rope.yarn_beta_fast",
        kind=Real(),
        default_text=_MODEL,
        help="YaRN: the low correction dimension; negative: the model's.",
    ),
)
