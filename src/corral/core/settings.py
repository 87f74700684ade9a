"""Settings: frozen, typed, handed down in slices. Filled by `config` from its one table of options."""

from __future__ import annotations

import msgspec

from corral.core.caller import CallerTerms
from corral.core.engine_settings import EngineSettings
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and where it comes from. All None: the bundled demonstration model.

    With `url`, `path` is where the download goes, else it goes into `cache_dir`. The first of `aliases`
    by the alphabet is the name in the API, the others are told beside it, as llama-server has it.
    `is_offline`: only what is on this machine already.
    """

    path: str | None = None
    aliases: tuple[str, ...] = ()
    url: str | None = None
    cache_dir: str | None = None
    hf_repo: str | None = None
    hf_file: str | None = None
    hf_token: str | None = None
    docker_repo: str | None = None
    is_offline: bool = False
    tags: tuple[str, ...] = ()
    projector_path: str | None = None
    projector_url: str | None = None
    is_projector_wanted: bool = True

    @property
    def alias(self) -> str | None:
        """The name in the API, None if it has no other than where it comes from."""
        return min(self.aliases, default=None)


class GenerationDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a request that is silent gets.

    `n_predict`: -1 no limit, -2 until the context is full, else a cap. `n_keep`: -1 the whole prompt.
    `is_cache_wanted` None: as the dialect has it. `prompt` is for native requests without one. `has_escapes`:
    C's escapes in the prompt, stop strings and DRY breakers of the command line mean characters.
    """

    sampling: SamplingParams = SamplingParams()
    n_predict: int = -1
    n_keep: int = 0
    stop: tuple[str, ...] = ()
    structure: Structure | None = None
    is_cache_wanted: bool | None = None
    prompt: str | None = None
    has_escapes: bool = True
    embd_normalize: int = 2


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How chats become prompts and answers become messages.

    `variables` go to every template. `reasoning_format`: none, deepseek, deepseek-legacy or auto.
    `reasoning`: on, off or auto. `reasoning_budget` None: thoughts of any length; 0: none; else their tokens,
    after which `reasoning_budget_message` and the end of thinking are put in. `is_parsing_skipped`: an answer
    is text, whatever it holds.
    """

    template: str | None = None
    variables: dict[str, object] = {}
    is_jinja: bool = True
    is_prefill_continued: bool = True
    reasoning_format: str = "auto"
    reasoning: str = "auto"
    reasoning_effort: str | None = None
    reasoning_budget: int | None = None
    reasoning_budget_message: str | None = None
    is_reasoning_preserved: bool = True
    is_parsing_skipped: bool = False


class MediaAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where images of a request may come from besides the request itself, and how large they may be.

    `is_remote_allowed`: http(s) addresses, never private ones. `dir`: the folder of relative file:// ones.
    `max_bytes` bounds one file, `max_pixels` all images of a request together, `max_images` their number and
    the frames of an animation.
    """

    is_remote_allowed: bool = False
    dir: str | None = None
    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 40_000_000
    max_images: int = 32


class CorsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What browsers of other origins may do."""

    origins: str = "*"
    methods: str = "GET, POST, PUT, DELETE, OPTIONS"
    headers: str = "*"
    has_credentials: bool = True


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP side. `timeout_s` bounds one read or write of a socket, not a request.

    TLS is on when both files of it are named. `sse_ping_s` None: streams are silent while nothing comes.
    `n_threads` None: as many as suit the machine. `static_dir` is looked up before the routes.
    `embedding_shape`: key or path, which decides how embeddings are answered. `terms` are those of the keys
    that the configuration file declares, by the caller's name; the keys themselves are among the others.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    api_keys: tuple[str, ...] = ()
    admin_keys: tuple[str, ...] = ()
    terms: dict[str, CallerTerms] = {}
    timeout_s: float = 600.0
    shutdown_s: float = 4.0
    hang_s: float = 600.0
    is_metrics: bool = False
    is_slots: bool = False
    is_props: bool = False
    is_ui: bool = True
    prefix: str = ""
    static_dir: str | None = None
    slot_save_dir: str | None = None
    tls_key_file: str | None = None
    tls_cert_file: str | None = None
    n_threads: int | None = None
    is_port_shared: bool = False
    sse_ping_s: float | None = 30.0
    is_infill_suffix_first: bool = False
    embedding_shape: str = "key"
    cors: CorsSettings = CorsSettings()
    media: MediaAccess = MediaAccess()


class StaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long a model stays in memory.

    `ttl_s`: idle seconds until it is unloaded, None: until its memory is needed. `is_pinned`: never unloaded
    for another. `is_preloaded`: loaded when the server starts.
    """

    ttl_s: float | None = None
    is_pinned: bool = False
    is_preloaded: bool = False


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenAI-compatible server that runs the model. `base_url` None: it runs here.

    `model` is its name there, None the same. `timeout_s` bounds the wait for each part of an answer.
    """

    base_url: str | None = None
    api_key: str | None = None
    model: str | None = None
    timeout_s: float = 600.0

    def __repr__(self) -> str:  # what is printed or logged holds no key
        shown = "None" if self.api_key is None else "'...'"
        return f"RemoteSettings({self.base_url!r}, api_key={shown}, model={self.model!r})"


class CatalogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where models are declared. All None: the one model of `ModelSettings`, or `models/` if there is one.

    `models_dir` is searched for files, `definitions_file` is Python, `preset_file` INI. `config_file` is the
    YAML file of the options, whose `models` are declared ones. `is_autoloaded`: a request loads its model.
    `preloaded` names models to load at the start, `default` the one for requests that name none.
    """

    models_dir: str | None = None
    definitions_file: str | None = None
    preset_file: str | None = None
    config_file: str | None = None
    is_autoloaded: bool = True
    preloaded: tuple[str, ...] = ()
    default: str | None = None


class CharacterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where characters are. `dir` None: `characters/` in the working directory, which may come later."""

    dir: str | None = None


class PlacementSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be in memory at once. `max_workers` None: no bound. Budgets None: from the machine.

    `load_wait_s` bounds how long a request waits for its model to be placed (not the load itself).
    `has_spare`: with several models, one engine process waits for the next to be loaded. `parked_bytes` of
    main memory are for conversations of models that are not loaded, None for a part of what there is.
    `is_yielding`: engines compute with fewer threads while other programs keep cores busy.
    """

    max_workers: int | None = 4
    memory_budget_bytes: int | None = None
    device_budget_bytes: int | None = None
    load_wait_s: float = 60.0
    has_spare: bool = True
    parked_bytes: int | None = None
    is_yielding: bool = True


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go. `verbosity`: 0 shows info and worse, 1 and above debug, below 0 nothing.

    `prompts_dir` gets a file for each prompt, `runs_dir` one for each whole request. `has_prompts`: prompts
    and their tokens are events too.

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
    prompts_dir: str | None = None
    runs_dir: str | None = None
    has_prompts: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `corral serve` was told; slices from `model` to `remote` may differ from model to model."""

    model: ModelSettings = ModelSettings()
    engine: EngineSettings = EngineSettings()
    generation: GenerationDefaults = GenerationDefaults()
    chat: ChatSettings = ChatSettings()
    stay: StaySettings = StaySettings()
    remote: RemoteSettings = RemoteSettings()
    catalog: CatalogSettings = CatalogSettings()
    placement: PlacementSettings = PlacementSettings()
    characters: CharacterSettings = CharacterSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()
