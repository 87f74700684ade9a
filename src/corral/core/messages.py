"""Everything that gateway and engine say to each other. Commands go down, events come up.

A frame on the pipe is a 4-byte little-endian length and then the msgpack of a list of commands or events.
"""

from __future__ import annotations

import msgspec

from corral.core.errors import ErrorReport
from corral.core.outcome import SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest
from corral.core.settings import EngineSettings, LogSettings

FRAME_HEADER_BYTES = 4
MAX_FRAME_BYTES = 256 * 1024 * 1024


class Command(msgspec.Struct, frozen=True, tag_field="is"):
    """What the gateway asks of an engine."""


class Load(Command, frozen=True, tag="load"):
    """Load this model. First command, once. `runner` names the kind of engine: "llama" or "fake"."""

    runner: str
    model_path: str
    engine: EngineSettings
    log: LogSettings = LogSettings()


class Submit(Command, frozen=True, tag="submit"):
    """Generate. Answered by `Stepped` events with its outputs and one `Finished` or `Failed`."""

    request: GenerationRequest


class Cancel(Command, frozen=True, tag="cancel"):
    """End this request now. It still ends in its one `Finished`; an unknown id is ignored."""

    request_id: str


class Tokenize(Command, frozen=True, tag="tokenize"):
    """Ask for the token ids of text and id pieces. Answered by `Tokenized` or `Failed`."""

    request_id: str
    pieces: list[str | list[int]]
    add_special: bool = False
    parse_special: bool = True


class Detokenize(Command, frozen=True, tag="detokenize"):
    """Ask for the text of token ids, special tokens included. Answered by `Detokenized` or `Failed`."""

    request_id: str
    tokens: list[int]


class Drain(Command, frozen=True, tag="drain"):
    """Take no more requests; when those accepted have ended, stop."""


AnyCommand = Load | Submit | Cancel | Tokenize | Detokenize | Drain


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway needs to know of a loaded model. Sizes in tokens unless named otherwise.

    `n_ctx` is the context of one sequence as asked; `n_slots` how many sequences run at once.
    `chat_template` is the model's own Jinja source, None if it has none.
    """

    name: str = ""
    architecture: str = ""
    n_vocab: int = 0
    n_ctx: int = 0
    n_ctx_train: int = 0
    n_embd: int = 0
    n_params: int = 0
    n_bytes: int = 0
    n_slots: int = 1
    vocab_type: int = 0
    chat_template: str | None = None
    bos_text: str = ""
    eos_text: str = ""
    is_bos_added: bool = False
    is_eos_added: bool = False
    is_trimmable: bool = True
    build: str = ""
    metadata: dict[str, str] = {}


class Event(msgspec.Struct, frozen=True, tag_field="is"):
    """What an engine reports."""


class Progress(Event, frozen=True, tag="progress"):
    """Loading went on; `fraction` in [0, 1]."""

    fraction: float


class Ready(Event, frozen=True, tag="ready"):
    """The model is loaded; requests are welcome. Once."""

    facts: ModelFacts


class LoadFailed(Event, frozen=True, tag="load_failed"):
    """The model could not be loaded; the process ends."""

    error: ErrorReport


class StepStats(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The cost of one step and what the engine holds after it. Times in milliseconds.

    `prefill_ms` and `decode_ms` split the step's time by rows. `n_cells_used` of `n_cells` hold tokens.
    `n_cached` counts prompt tokens that admission in this step took from the prefix cache.
    """

    n_prefill: int
    n_decode: int
    prefill_ms: float
    decode_ms: float
    n_cached: int
    n_running: int
    n_waiting: int
    n_cells_used: int
    n_cells: int


class Stepped(Event, frozen=True, tag="stepped"):
    """One step of the scheduler: the sequences that started, the outputs of all, and the step's cost."""

    starts: list[SequenceStart]
    outputs: list[SequenceOutput]
    stats: StepStats


class Finished(Event, frozen=True, tag="finished"):
    """All sequences of the request have ended. The last word on it."""

    request_id: str


class Failed(Event, frozen=True, tag="failed"):
    """The request could not be served, or broke off. The last word on it."""

    request_id: str
    error: ErrorReport


class Tokenized(Event, frozen=True, tag="tokenized"):
    """Ids and, one for one, the bytes that each stands for."""

    request_id: str
    tokens: list[int]
    pieces: list[bytes]


class Detokenized(Event, frozen=True, tag="detokenized"):
    """The bytes of the ids, joined."""

    request_id: str
    content: bytes


class Heartbeat(Event, frozen=True, tag="heartbeat"):
    """The process lives. `step_age_s`: how long the current step has been running, 0 when idle."""

    step_age_s: float
    rss_bytes: int


AnyEvent = Progress | Ready | LoadFailed | Stepped | Finished | Failed | Tokenized | Detokenized | Heartbeat

_encoder = msgspec.msgpack.Encoder()
_commands = msgspec.msgpack.Decoder(list[AnyCommand])
_events = msgspec.msgpack.Decoder(list[AnyEvent])


def to_frame(messages: list[AnyCommand] | list[AnyEvent]) -> bytes:
    """Return the bytes of one frame."""
    body = _encoder.encode(messages)
    return len(body).to_bytes(FRAME_HEADER_BYTES, "little") + body


def to_commands(body: bytes) -> list[AnyCommand]:
    """Return the commands of a frame's body. Raises `msgspec.DecodeError` on anything else."""
    return _commands.decode(body)


def to_events(body: bytes) -> list[AnyEvent]:
    """Return the events of a frame's body. Raises `msgspec.DecodeError` on anything else."""
    return _events.decode(body)
