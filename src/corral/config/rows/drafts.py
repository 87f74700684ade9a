"""Options of drafts: tokens guessed ahead, by the text itself or by a second, small model."""

from __future__ import annotations

from corral.config.kinds import INT_MAX, INT_MIN, Integer, Real, Text, Value, Words
from corral.config.option import Option
from corral.config.rows.memory import KV_TYPES

_SERVED = ("ngram-simple", "draft-simple")
_OTHER_KINDS = (
    "this kind of drafts is not served; give none, ngram-simple, draft-simple (with --model-draft) or both "
    "with a comma, or leave it out: the text is the same"
)


def _not_served(value: Value) -> str | None:
    """Refuse llama-server's other kinds."""
    assert isinstance(value, tuple)
    return _OTHER_KINDS if set(value) - set(_SERVED) else None


ROWS = (
    Option(
        flags="--spec-type",
        env="LLAMA_ARG_SPEC_TYPE",
        fills="engine.drafts.kinds",
        kind=Words("TYPE,...", "none, or ngram-simple and draft-simple", noun="kind", none="none"),
        check=_not_served,
        default_text="ngram-simple, and draft-simple with --model-draft",
        help=(
            "What guesses tokens ahead of a text that is generated alone: the text itself (ngram-simple), "
            "a draft model (draft-simple). The sampler chooses every token, whatever was guessed."
        ),
        differs=(
            "None there. Here guesses that do not pay, by what steps with and without them were measured to "
            "take, are not made. The other kinds are refused."
        ),
    ),
    Option(
        flags="-md --model-draft --spec-draft-model",
        env="LLAMA_ARG_SPEC_DRAFT_MODEL LLAMA_ARG_MODEL_DRAFT",
        fills="engine.drafts.model_path",
        kind=Text("FNAME"),
        default_text="none",
        help="A small model of the same vocabulary whose guesses the model checks, several at once.",
    ),
    Option(
        flags="--spec-draft-n-max --draft-max --draft --draft-n",
        env="LLAMA_ARG_SPEC_DRAFT_N_MAX LLAMA_ARG_DRAFT_MAX",
        fills="engine.drafts.n_max",
        kind=Integer(0, 64),
        unit="tokens",
        help="The most that is guessed in a step; 0: nothing.",
        differs=(
            "The default is 3 there, and as many are always guessed; here as many as pay. It is for every "
            "kind. The names of 2024 are taken too."
        ),
    ),
    Option(
        flags="--spec-draft-n-min --draft-min --draft-n-min",
        env="LLAMA_ARG_SPEC_DRAFT_N_MIN LLAMA_ARG_DRAFT_MIN",
        fills="engine.drafts.n_min",
        kind=Integer(0, 64),
        unit="tokens",
        help="Guesses of fewer tokens are not tried.",
        differs="The names of 2024 are taken too.",
    ),
    Option(
        flags="--spec-draft-p-min --draft-p-min",
        env="LLAMA_ARG_SPEC_DRAFT_P_MIN LLAMA_ARG_DRAFT_P_MIN",
        fills="engine.drafts.p_min",
        kind=Real(0, 1),
        help="A draft model stops where its best token is less probable than this.",
    ),
    Option(
        flags="-cd --ctx-size-draft --spec-draft-ctx-size",
        env="LLAMA_ARG_SPEC_DRAFT_CTX_SIZE LLAMA_ARG_CTX_SIZE_DRAFT",
        fills="engine.drafts.n_ctx",
        kind=Integer(0, none=(0,)),
        unit="tokens",
        default_text="that of a slot",
        help="The context of the draft model; longer texts it does not guess at.",
    ),
    Option(
        flags="-ngld --gpu-layers-draft --n-gpu-layers-draft --spec-draft-ngl",
        env="LLAMA_ARG_SPEC_DRAFT_N_GPU_LAYERS LLAMA_ARG_N_GPU_LAYERS_DRAFT",
        fills="engine.drafts.n_gpu_layers",
        kind=Integer(0, words={"all": INT_MAX, "auto": INT_MAX, "-1": INT_MAX, "-2": INT_MAX}),
        default_text="as --gpu-layers",
        help="Layers of the draft model that run on the GPU; auto: all.",
    ),
    Option(
        flags="-devd --device-draft --spec-draft-device",
        env="LLAMA_ARG_SPEC_DRAFT_DEVICE LLAMA_ARG_DEVICE_DRAFT",
        fills="engine.drafts.devices",
        kind=Words("DEV1,DEV2,...", "names from --list-devices, or none", none="none"),
        default_text="as --device",
        help="The devices that the draft model may use besides the CPU.",
    ),
    Option(
        flags="-td --threads-draft --spec-draft-threads",
        env="LLAMA_ARG_SPEC_DRAFT_THREADS",
        fills="engine.drafts.n_threads",
        kind=Integer(INT_MIN, 512, floor=0),
        default_text="as --threads",
        help="Threads that compute for the draft model; 0 or below: as many as the machine has.",
    ),
    Option(
        flags="-tbd --threads-batch-draft --spec-draft-threads-batch",
        env="LLAMA_ARG_SPEC_DRAFT_THREADS_BATCH",
        fills="engine.drafts.n_threads_batch",
        kind=Integer(INT_MIN, 512, floor=0),
        default_text="as --threads-draft, or --threads-batch",
        help="The same while it reads prompts.",
    ),
    Option(
        flags="-ctkd --cache-type-k-draft --spec-draft-type-k",
        env="LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_K LLAMA_ARG_CACHE_TYPE_K_DRAFT",
        fills="engine.drafts.kv_type_k",
        kind=KV_TYPES,
        help="The type of the keys in the KV cache of the draft model.",
    ),
    Option(
        flags="-ctvd --cache-type-v-draft --spec-draft-type-v",
        env="LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_V LLAMA_ARG_CACHE_TYPE_V_DRAFT",
        fills="engine.drafts.kv_type_v",
        kind=KV_TYPES,
        help="The type of its values; a quantised one needs flash attention.",
    ),
)
