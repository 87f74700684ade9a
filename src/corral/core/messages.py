"""Everything that gateway and engine say to each other. Commands go down, events come up.

A frame on the pipe is a 4-byte little-endian length and then the msgpack of a list of commands or events.
"""

from __future__ import annotations

import msgspec

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ErrorReport
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest, TextPiece
from corral.core.settings import LogSettings
from corral.core.step_stats import StepStats

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


class Call(Command, frozen=True):
    """A question with one answer: the `Answer` that each kind names, or `Failed`."""

    request_id: str


class Tokenize(Call, frozen=True, tag="tokenize"):
    """Ask for the token ids of text and id pieces. Answered by `Tokenized`."""

    pieces: list[TextPiece]
    add_special: bool = False
    parse_special: bool = True


class Detokenize(Call, frozen=True, tag="detokenize"):
    """Ask for the text of token ids, special tokens included. Answered by `Detokenized`."""

    tokens: list[int]


class Embed(Call, frozen=True, tag="embed"):
    """Ask for the vectors of several inputs, each in pieces as a prompt. Answered by `Embedded`."""

    inputs: list[list[TextPiece]]


class Rank(Call, frozen=True, tag="rank"):
    """Ask how well each document answers the query. Answered by `Ranked`."""

    query: str
    documents: list[str]


class Count(Call, frozen=True, tag="count"):
    """Ask how many tokens each text has, none of them at the beginning of a prompt. Answered by `Counted`.

    `has_special`: special-token text inside them is read as such tokens.
    """

    texts: list[str]
    has_special: bool = False


class Score(Call, frozen=True, tag="score"):
    """Ask how probable each of `continuations` is behind a prompt. Answered by `Scored`.

    `prompt`, in pieces as a request has it, is taken from the prefix cache and stays there for `caller`;
    `question` follows it and is forgotten. Continuations are plain text; what two of them begin with is
    computed once. `weight` and `priority` are those of the caller, as of a request.
    """

    prompt: list[TextPiece]
    question: list[TextPiece]
    continuations: list[str]
    caller: str = ""
    is_bos_wanted: bool = True
    weight: float = 1.0
    priority: int = 0


class SaveSlot(Call, frozen=True, tag="save_slot"):
    """Write the KV of an idle slot, waiting until it is, to the file `path`. Answered by `SlotMoved`.

    Refused where the slot holds what another than `caller` has asked; "" may save it whosever it is.
    """

    slot: int
    path: str
    caller: str = ""


class RestoreSlot(Call, frozen=True, tag="restore_slot"):
    """Read such a file into a slot, for `caller` to use. Answered by `SlotMoved`."""

    slot: int
    path: str
    caller: str = ""


class EraseSlot(Call, frozen=True, tag="erase_slot"):
    """Forget what a slot holds. Answered by `SlotMoved`, its bytes 0. `caller` as in `SaveSlot`."""

    slot: int
    caller: str = ""


class SetLoras(Call, frozen=True, tag="set_loras"):
    """Give every adapter its scale, by id; those not named get 0. Answered by `Done`."""

    scales: list[tuple[int, float]]


class SetSystemPrompt(Call, frozen=True, tag="set_system_prompt"):
    """Put `text` before every prompt from now on. Answered by `Done`."""

    text: str


class LeaseCores(Command, frozen=True, tag="lease_cores"):
    """Compute on these CPUs only, from the next step on; with none on all that the process may use.

    `n_threads` compute at most, None: as many as the CPUs bear. Requests go on. More threads than were asked
    for at the start never compute.
    """

    cpus: tuple[int, ...] = ()
    n_threads: int | None = None


class Drain(Command, frozen=True, tag="drain"):
    """Take no more requests; when those accepted have ended, stop."""


AnyCall = (
    Tokenize
    | Detokenize
    | Count
    | Score
    | Embed
    | Rank
    | SaveSlot
    | RestoreSlot
    | EraseSlot
    | SetLoras
    | SetSystemPrompt
)
AnyCommand = Load | Submit | Cancel | LeaseCores | Drain | AnyCall


class LoraFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded adapter; its id is its place in the list. `scale` is the one in force."""

    path: str
    scale: float
    task_name: str = ""
    prompt_prefix: str = ""


class InfillTokens(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens for filling in the middle; None where the model has none."""

    prefix: int | None = None
    suffix: int | None = None
    middle: int | None = None
    repository: int | None = None
    separator: int | None = None


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway needs to know of a loaded model. Sizes in tokens unless named otherwise.

    `n_ctx` is the context of one sequence as asked; `n_slots` how many sequences run at once.
    `chat_template` is the model's own Jinja source, None if it has none. `purpose` and `pooling`: what the
    engine is run for, see `EngineSettings`. `path`: the file; `file_type`: how most weights are stored.
    `has_vision`, `has_audio`: whether prompts may hold such bytes. `eog`: the end-of-generation tokens.
    `n_threads`: how many threads compute at most; None where nothing bounds them.
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
    purpose: str = "generate"
    pooling: str = "none"
    n_batch: int = 2048
    n_ubatch: int = 512
    n_threads: int | None = None
    has_vision: bool = False
    has_audio: bool = False
    loras: list[LoraFacts] = []
    infill: InfillTokens = InfillTokens()
    eog: list[int] = []
    system_prompt: str = ""
    build: str = ""
    path: str = ""
    file_type: str = ""
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
    """The process ends: the model could not be loaded, or llama.cpp gave up later."""

    error: ErrorReport


class Stepped(Event, frozen=True, tag="stepped", omit_defaults=True):
    """One step of the scheduler: the sequences that started, the outputs of all, and the step's cost.

    `progress` tells of the prompts of those requests that want to know.
    """

    starts: list[SequenceStart]
    outputs: list[SequenceOutput]
    stats: StepStats
    progress: list[PromptProgress] = []


class Finished(Event, frozen=True, tag="finished"):
    """All sequences of the request have ended. The last word on it."""

    request_id: str


class Failed(Event, frozen=True, tag="failed"):
    """The request could not be served, or broke off. The last word on it."""

    request_id: str
    error: ErrorReport


class Answer(Event, frozen=True):
    """What a `Call` is answered with."""

    request_id: str


class Tokenized(Answer, frozen=True, tag="tokenized"):
    """Ids and, one for one, the bytes that each stands for."""

    tokens: list[int]
    pieces: list[bytes]


class Detokenized(Answer, frozen=True, tag="detokenized"):
    """The bytes of the ids, joined."""

    content: bytes


class Counted(Answer, frozen=True, tag="counted"):
    """The number of tokens of each text."""

    n_tokens: list[int]


class Scored(Answer, frozen=True, tag="scored"):
    """For each continuation the log-probability of each of its tokens.

    `n_cached` of the `n_prompt_tokens` (prompt and question) came from the prefix cache; `n_evaluated`
    tokens were computed, those of continuations among them.
    """

    logprobs: list[list[float]]
    n_prompt_tokens: int
    n_cached: int
    n_evaluated: int


class Embedded(Answer, frozen=True, tag="embedded"):
    """For each input its vectors (one, or one per token without pooling), as raw little-endian float32.

    A vector has `n_embd` numbers, not normalised. `n_tokens` counts each input.
    """

    n_embd: int
    vectors: list[list[bytes]]
    n_tokens: list[int]


class Ranked(Answer, frozen=True, tag="ranked"):
    """The score of each document (the model's raw output) and the tokens of each pair."""

    scores: list[float]
    n_tokens: list[int]


class SlotMoved(Answer, frozen=True, tag="slot_moved"):
    """Tokens and bytes that were written, read or forgotten, and the milliseconds it took."""

    n_tokens: int
    n_bytes: int
    elapsed_ms: float


class Done(Answer, frozen=True, tag="done"):
    """It was done."""


class Heartbeat(Event, frozen=True, tag="heartbeat"):
    """The process lives. `step_age_s`: how long the current step has been running, 0 when idle."""

    step_age_s: float
    rss_bytes: int


AnyAnswer = Tokenized | Detokenized | Counted | Scored | Embedded | Ranked | SlotMoved | Done
AnyEvent = Progress | Ready | LoadFailed | Stepped | Finished | Failed | Heartbeat | AnyAnswer

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
