"""Options about how the next token is chosen. All are defaults that a request may override."""

from __future__ import annotations

from corral.config.checks import not_positive
from corral.config.kinds import Integer, Real
from corral.config.option import Option
from corral.config.sampling_kinds import (
    Breaker,
    LogitBias,
    SamplerLetters,
    SamplerNames,
    unknown_letters,
    unknown_samplers,
)
from corral.core.sampler_names import to_letters
from corral.core.sampling import DEFAULT_SAMPLERS

_RANDOM_SEED = 2**32 - 1

ROWS = (
    Option(
        flags="-n --predict --n-predict",
        env="LLAMA_ARG_N_PREDICT",
        fills="generation.n_predict",
        kind=Integer(-2),
        unit="tokens",
        help="The most that a request may generate; -1: no limit, -2: until the context is full.",
        differs="It caps what a request asks, as in 2024; in the newest server the request wins.",
    ),
    Option(
        flags="--keep",
        fills="generation.n_keep",
        kind=Integer(-1),
        unit="tokens",
        help="How much of the start of the prompt survives when the context is full; -1: all of it.",
    ),
    Option(
        flags="-s --seed",
        fills="generation.sampling.seed",
        kind=Integer(-1, _RANDOM_SEED, none=(-1, _RANDOM_SEED), parser="stoul"),
        default_text="-1, a new one for each request",
        help="Where chance starts: the same seed and prompt give the same answer.",
    ),
    Option(
        flags="--samplers",
        fills="generation.sampling.samplers",
        kind=SamplerNames(),
        remark=unknown_samplers,
        help="The samplers and their order, separated by semicolons.",
        differs=(
            "The newest order with tail-free sampling in its old place; it gives what either server gives."
        ),
    ),
    Option(
        flags="--sampling-seq --sampler-seq",
        fills="generation.sampling.samplers",
        kind=SamplerLetters(),
        remark=unknown_letters,
        default_text=to_letters(DEFAULT_SAMPLERS),
        help="The same by one letter each.",
    ),
    Option(
        flags="--ignore-eos",
        fills="generation.sampling.ignore_eos",
        help="Never let the model end its answer.",
    ),
    Option(
        flags="--temp --temperature",
        env="LLAMA_ARG_TEMPERATURE",
        fills="generation.sampling.temperature",
        kind=Real(floor=0),
        help="How freely to choose; 0: always the most probable token.",
    ),
    Option(
        flags="--top-k",
        env="LLAMA_ARG_TOP_K",
        fills="generation.sampling.top_k",
        kind=Integer(),
        help="Choose among this many most probable tokens; 0 or less: all.",
    ),
    Option(
        flags="--top-p",
        env="LLAMA_ARG_TOP_P",
        fills="generation.sampling.top_p",
        kind=Real(),
        help="Choose among the most probable tokens that together have this probability; 1: all.",
    ),
    Option(
        flags="--min-p",
        env="LLAMA_ARG_MIN_P",
        fills="generation.sampling.min_p",
        kind=Real(),
        help="Drop tokens less probable than this share of the best one's probability; 0: none.",
    ),
    Option(
        flags="--tfs",
        fills="generation.sampling.tfs_z",
        kind=Real(),
        help="Drop the tail where the probabilities flatten out (tail-free sampling); 1: off.",
    ),
    Option(
        flags="--typical --typical-p",
        fills="generation.sampling.typical_p",
        kind=Real(),
        help="Choose among tokens about as surprising as expected, up to this probability; 1: off.",
    ),
    Option(
        flags="--top-nsigma --top-n-sigma",
        fills="generation.sampling.top_n_sigma",
        kind=Real(),
        help="Drop tokens whose logit is this many standard deviations below the best; below 0: none.",
    ),
    Option(
        flags="--xtc-probability",
        fills="generation.sampling.xtc_probability",
        kind=Real(),
        help="How often to exclude the top choices; 0: never.",
    ),
    Option(
        flags="--xtc-threshold",
        fills="generation.sampling.xtc_threshold",
        kind=Real(),
        help="The probability from which a token is a top choice; above 0.5: off.",
    ),
    Option(
        flags="--repeat-last-n",
        fills="generation.sampling.repeat_last_n",
        kind=Integer(-1),
        unit="tokens",
        help="How far back repetition is penalised; 0: off, -1: the whole context.",
    ),
    Option(
        flags="--repeat-penalty",
        env="LLAMA_ARG_REPEAT_PENALTY",
        fills="generation.sampling.repeat_penalty",
        kind=Real(0),
        check=not_positive,
        help="Divides the logit of tokens that occurred; 1: off.",
    ),
    Option(
        flags="--presence-penalty",
        env="LLAMA_ARG_PRESENCE_PENALTY",
        fills="generation.sampling.presence_penalty",
        kind=Real(),
        help="Taken from the logit of tokens that occurred; 0: off.",
    ),
    Option(
        flags="--frequency-penalty",
        env="LLAMA_ARG_FREQUENCY_PENALTY",
        fills="generation.sampling.frequency_penalty",
        kind=Real(),
        help="Taken from the logit of a token once for each time it occurred; 0: off.",
    ),
    Option(
        flags="--penalize-nl",
        fills="generation.sampling.is_newline_penalized",
        help="Let penalties count the line feed too.",
        differs="The newest server has no such flag and counts the line feed always.",
    ),
    Option(
        flags="--dry-multiplier",
        fills="generation.sampling.dry_multiplier",
        kind=Real(),
        help="Strength of DRY, which penalises repeating whole passages; 0: off.",
    ),
    Option(
        flags="--dry-base",
        fills="generation.sampling.dry_base",
        kind=Real(),
        help="How fast the DRY penalty grows with the length of the passage.",
    ),
    Option(
        flags="--dry-allowed-length",
        fills="generation.sampling.dry_allowed_length",
        kind=Integer(0),
        unit="tokens",
        help="Passages up to this length may repeat under DRY.",
    ),
    Option(
        flags="--dry-penalty-last-n",
        fills="generation.sampling.dry_penalty_last_n",
        kind=Integer(-1),
        unit="tokens",
        help="How far back DRY looks; 0: off, -1: the whole context.",
    ),
    Option(
        flags="--dry-sequence-breaker",
        fills="generation.sampling.dry_sequence_breakers",
        kind=Breaker(),
        is_repeatable=True,
        help="A text at which a DRY passage ends; the first replaces the default ones. none: no breakers.",
    ),
    Option(
        flags="--dynatemp-range",
        fills="generation.sampling.dynatemp_range",
        kind=Real(),
        help="Let the temperature move this far to both sides by how certain the model is; 0: off.",
    ),
    Option(
        flags="--dynatemp-exp",
        fills="generation.sampling.dynatemp_exponent",
        kind=Real(),
        help="The exponent of that movement.",
    ),
    Option(
        flags="--mirostat",
        fills="generation.sampling.mirostat",
        kind=Integer(0, 2),
        help="Mirostat 1 or 2 instead of top-k, top-p, min-p and typical; 0: off.",
    ),
    Option(
        flags="--mirostat-lr",
        fills="generation.sampling.mirostat_eta",
        kind=Real(),
        help="Mirostat's learning rate, eta.",
    ),
    Option(
        flags="--mirostat-ent",
        fills="generation.sampling.mirostat_tau",
        kind=Real(),
        help="Mirostat's target entropy, tau.",
    ),
    Option(
        flags="--adaptive-target",
        fills="generation.sampling.adaptive_target",
        kind=Real(highest=1),
        help="The probability that the sampler adaptive_p aims at; below 0: off.",
    ),
    Option(
        flags="--adaptive-decay",
        fills="generation.sampling.adaptive_decay",
        kind=Real(0, 0.99),
        help="How long adaptive_p remembers what it chose.",
    ),
    Option(
        flags="-l --logit-bias",
        fills="generation.sampling.logit_bias",
        kind=LogitBias(),
        is_repeatable=True,
        help="Make a token more or less probable: 15043+1, 15043-1, 2-inf for never.",
        differs="Offsets are at most 100000: larger ones overflow inside llama.cpp.",
    ),
)
