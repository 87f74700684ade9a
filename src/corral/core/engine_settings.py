"""How one engine process runs its model. Frozen, in slices; None: decided from the model and the machine."""

from __future__ import annotations

import msgspec


class CpuSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Threads that compute. `cpus` lists the CPUs they may use (empty: all), `is_strict` gives each its own.

    `n_threads` None: as many as the model is worth on this machine; 0: all that the machine has.

    `priority`: -1 low to 3 realtime. `poll`: 0 sleeps while waiting for work, 100 spins.
    """

    n_threads: int | None = None
    cpus: tuple[int, ...] = ()
    is_strict: bool | None = None
    priority: int | None = None
    poll: int | None = None


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where weights and caches lie. Names and meanings as in llama.h.

    `devices` None: all. `tensor_overrides` pairs a pattern of tensor names with a buffer type.
    """

    n_gpu_layers: int = 0
    devices: tuple[str, ...] | None = None
    split_mode: str = "layer"
    tensor_split: tuple[float, ...] = ()
    main_gpu: int = 0
    tensor_overrides: tuple[tuple[str, str], ...] = ()
    n_cpu_moe: int = 0
    is_cpu_moe: bool = False
    n_cpu_ffn: int = 0
    is_kv_offloaded: bool = True
    is_op_offloaded: bool = True
    is_repacked: bool = True
    has_host_buffers: bool = True
    rpc_servers: tuple[str, ...] = ()


class RopeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Positions beyond the training context; None: the model's own. `group_n` > 1 is self-extend."""

    scaling: str | None = None
    freq_base: float | None = None
    freq_scale: float | None = None
    yarn_orig_ctx: int | None = None
    yarn_ext_factor: float | None = None
    yarn_attn_factor: float | None = None
    yarn_beta_slow: float | None = None
    yarn_beta_fast: float | None = None
    group_n: int = 1
    group_width: int = 512


class LoraSettings(msgspec.Struct, frozen=True):
    """An adapter file and its scale at the start."""

    path: str
    scale: float = 1.0


class ControlVectorSettings(msgspec.Struct, frozen=True):
    """A control vector file and its strength."""

    path: str
    strength: float = 1.0


class AdapterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Adapters in command-line order, which numbers them. `layer_range`: first and last layer, inclusive.

    `is_applied` False: all scales are 0 until a client sets them.
    """

    loras: tuple[LoraSettings, ...] = ()
    is_applied: bool = True
    control_vectors: tuple[ControlVectorSettings, ...] = ()
    layer_range: tuple[int, int] | None = None


class MediaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The multimodal projector. `projector_path` None: text only."""

    projector_path: str | None = None
    is_projector_offloaded: bool = True
    image_min_tokens: int | None = None
    image_max_tokens: int | None = None


class TierSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where prefixes go that leave the KV cells.

    `host_bytes` of main memory, 0 for none, None for a part of what the machine has; behind that,
    `disk_bytes` in the folder `disk_dir`, 0 for none. `is_parking`: that folder is main memory, shared by all
    models of the server and gone with it, for what engines leave as they end. Of models whose memory cannot
    be cut `n_checkpoints` states are kept on the way of each sequence, inside a prompt `checkpoint_min_step`
    tokens apart at least.
    """

    host_bytes: int | None = None
    disk_bytes: int = 0
    disk_dir: str | None = None
    is_parking: bool = False
    n_checkpoints: int = 32
    checkpoint_min_step: int = 8192


class DraftSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How tokens are guessed ahead for a sequence that decodes alone, `n_max` in a step at most.

    `kinds` in llama-server's names: "ngram-simple" from the text itself, "draft-simple" by the small model at
    `model_path`; None: whichever there is. What is shorter than `n_min` is not tried, nor what the model
    thinks less probable than `p_min`. The rest is how that model runs, as in `EngineSettings`; None: as the
    model it drafts for.
    """

    kinds: tuple[str, ...] | None = None
    n_max: int = 16
    n_min: int = 0
    p_min: float = 0.0
    model_path: str | None = None
    n_ctx: int | None = None
    n_gpu_layers: int | None = None
    devices: tuple[str, ...] | None = None
    n_threads: int | None = None
    n_threads_batch: int | None = None
    kv_type_k: str = "f16"
    kv_type_v: str = "f16"


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one engine process runs its model; sizes in tokens, None: decided from the model and the machine.

    `n_ctx` is the whole context, shared evenly by `n_parallel` sequences. With `n_parallel` None the engine
    picks the number of sequences and each has all of it. `n_ctx` None: the model's training context.
    `n_ctx_slot` bounds the context of one sequence; without `n_ctx` it is the context of each.
    `purpose`: "generate", "embed" or "rank"; an engine does one of them. `pooling` None: the model's own.
    `kv_overrides` pairs a key of the model's header with the value to use instead.
    At most `max_queue` requests wait, with at most `max_queue_tokens` tokens (0: any number).
    `system_prompt` stands before every prompt. `load_mode` None: from `is_mmap` and `is_mlock`.
    """

    purpose: str = "generate"
    n_ctx: int | None = None
    n_parallel: int | None = None
    n_ctx_slot: int | None = None
    n_batch: int = 2048
    n_ubatch: int = 512
    cpu: CpuSettings = CpuSettings()
    cpu_batch: CpuSettings = CpuSettings()
    numa: str | None = None
    device: DeviceSettings = DeviceSettings()
    rope: RopeSettings = RopeSettings()
    adapters: AdapterSettings = AdapterSettings()
    media: MediaSettings = MediaSettings()
    kv_overrides: tuple[tuple[str, int | float | bool | str], ...] = ()
    are_tensors_checked: bool = False
    flash_attn: str = "auto"
    kv_type_k: str = "f16"
    kv_type_v: str = "f16"
    pooling: str | None = None
    is_kv_unified: bool = False
    is_swa_full: bool = False
    is_context_shift: bool = True
    is_batching_continuous: bool = True
    is_special_shown: bool = False
    is_mmap: bool = True
    is_mlock: bool = False
    load_mode: str | None = None
    lazy_mode: str = "auto"
    is_warmup: bool = True
    has_perf: bool = True
    is_kv_dumped: bool = False
    system_prompt: str = ""
    tiers: TierSettings = TierSettings()
    drafts: DraftSettings = DraftSettings()
    max_itl_ms: float = 250.0
    max_queue: int = 1024
    max_queue_tokens: int = 524288
    slot_prompt_similarity: float = 0.5
