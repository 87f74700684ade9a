"""Settings: frozen, typed, handed down in slices. Filled by `config` from its one table of options."""

from __future__ import annotations

import msgspec

from corral.core.sampling import SamplingParams


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and where it comes from. All None: the bundled demonstration model.

    With `url`, `path` is where the download goes, else it goes into `cache_dir`.
    """

    path: str | None = None
    alias: str | None = None
    url: str | None = None
    cache_dir: str | None = None
    hf_repo: str | None = None
    hf_file: str | None = None
    hf_token: str | None = None
    chat_template: str | None = None


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one engine process runs its model; sizes in tokens, None: decided from the model and the machine.

    `n_ctx` is the whole context, shared evenly by `n_parallel` sequences. With `n_parallel` None the engine
    picks the number of sequences and each has all of `n_ctx`. `n_ctx` None: the model's training context.
    """

    n_ctx: int | None = None
    n_parallel: int | None = None
    n_batch: int = 2048
    n_ubatch: int = 512
    n_threads: int | None = None
    n_threads_batch: int | None = None
    n_gpu_layers: int = 0
    flash_attn: str = "auto"
    is_kv_unified: bool = False
    is_swa_full: bool = False
    is_context_shift: bool = True
    is_special_shown: bool = False
    is_mmap: bool = True
    is_mlock: bool = False
    is_warmup: bool = True
    max_itl_ms: float = 250.0
    max_queue: int = 1024
    slot_prompt_similarity: float = 0.5


class GenerationDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a request that is silent gets.

    `n_predict`: -1 no limit, -2 until the context is full, else a cap. `n_keep`: -1 the whole prompt.
    """

    sampling: SamplingParams = SamplingParams()
    n_predict: int = -1
    n_keep: int = 0


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP side. `timeout_s` bounds one read or write of a socket, not a request."""

    host: str = "127.0.0.1"
    port: int = 8080
    api_keys: tuple[str, ...] = ()
    timeout_s: float = 600.0
    shutdown_s: float = 10.0
    hang_s: float = 600.0
    is_metrics: bool = False
    is_slots: bool = False
    is_props: bool = False
    is_ui: bool = True


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go. `verbosity`: 0 shows info and worse, 1 and above debug.

    The gateway begins the file anew; an engine, told so by `is_file_shared`, adds its lines to it.
    """

    is_enabled: bool = True
    file: str | None = None
    is_file_shared: bool = False
    colors: str = "auto"
    verbosity: int = 0
    has_prefix: bool = False
    has_timestamps: bool = False
    is_json: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `corral serve` was told."""

    model: ModelSettings = ModelSettings()
    engine: EngineSettings = EngineSettings()
    generation: GenerationDefaults = GenerationDefaults()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()
