"""The application over a door that plays scripted answers: no model, no process, no socket."""

import asyncio
import json
import struct
import threading

import httpx
import msgspec
import pytest

from corral.api.server import create_app
from corral.core.errors import InvalidRequestError
from corral.core.messages import Embedded, ModelFacts, Ranked, Scored, SlotMoved, Tokenized
from corral.core.outcome import (
    Candidate,
    FinishReason,
    PromptProgress,
    SequenceEnd,
    SequenceOutput,
    SequenceStart,
    TokenProbs,
)
from corral.core.settings import ChatSettings, GenerationDefaults, ModelSettings, ServerSettings, Settings
from corral.gateway.generation import Generation
from corral.gateway.metrics import MetricsSnapshot
from corral.gateway.slots import SlotView
from tests.fake_characters import FakeCharacters
from tests.fake_models import FakeModels

BOS, EOS = 256, 257
N_PROMPT, N_CACHED, SEED = 7, 2, 42


class FakeState:
    """What an engine keeps between requests, played: answers at once; `refusal` is raised instead."""

    def __init__(self, door):
        self.calls = []
        self.refusal = None
        self._door = door

    async def save_slot(self, slot, path, caller):
        return self._moved("save", slot, path, caller)

    async def restore_slot(self, slot, path, caller):
        return self._moved("restore", slot, path, caller)

    async def erase_slot(self, slot, caller):
        return self._moved("erase", slot, caller)

    async def set_loras(self, scales):
        self.calls.append(("loras", scales))
        given = dict(scales)
        loras = [
            msgspec.structs.replace(lora, scale=given.get(number, 0.0))
            for number, lora in enumerate(self._door.model_facts.loras)
        ]
        self._door.model_facts = msgspec.structs.replace(self._door.model_facts, loras=loras)

    async def set_system_prompt(self, text):
        if len(text) > 2000:
            raise InvalidRequestError("the system prompt has too many tokens")
        self._door.model_facts = msgspec.structs.replace(self._door.model_facts, system_prompt=text)

    def _moved(self, *call):
        if self.refusal:
            raise self.refusal
        self.calls.append(call)
        return SlotMoved("call", 22, 1234, 1.5)


class FakeDoor:
    """A door whose model reads one token per byte and says what it is told to say.

    `texts` are what the steps give, a token each; `reason` and `stop_text` how it ends. `before` is raised
    on entering, `refusal` instead of a start, `failure` instead of the end. With `is_endless` the answer
    never ends. `requests` and `cancelled` record what happened.
    """

    def __init__(self, name="tiny"):
        self.name = name
        self.worker_id = 4321
        self.texts = ["Hel", "lo", "!"]
        self.reason = FinishReason.EOS
        self.stop_text = ""
        self.probs = None
        self.before = self.refusal = self.failure = self.loading = None
        self.is_endless = False
        self.is_truncated = False
        self.requests = []
        self.counts = []
        self.scores = []
        self.likely = ""
        self.state = FakeState(self)
        self.cancelled = []
        self.left = threading.Event()
        self.is_entered = asyncio.Event()
        self.busy = False
        self.model_facts = ModelFacts(
            name="tiny",
            architecture="llama",
            n_vocab=260,
            n_ctx=2048,
            n_ctx_train=4096,
            n_embd=64,
            n_params=1000,
            n_bytes=2000,
            n_slots=2,
            vocab_type=2,
            bos_text="<s>",
            eos_text="</s>",
            is_bos_added=True,
            eog=[2],
            build="b1-fake",
            file_type="Q8_0",
        )

    def facts(self):
        if self.loading:
            raise self.loading
        return self.model_facts

    def generate(self, request, *, n_checked=1):  # noqa: ARG002 - a port's
        return Generation(request, self._enter, self._leave)

    async def tokenize(self, pieces, *, add_special, parse_special):
        tokens = [BOS] if add_special else []
        for piece in pieces:
            tokens += self._text_tokens(piece, parse_special) if isinstance(piece, str) else piece
        return Tokenized("call", tokens, [self._piece(token) for token in tokens])

    async def detokenize(self, tokens):
        return b"".join(self._piece(token) for token in tokens)

    async def count(self, texts, *, has_special):
        """Count the bytes; `counts` records the calls."""
        self.counts.append(texts)
        return [len(self._text_tokens(text, has_special)) for text in texts]

    async def score(self, prompt, question, continuations, *, caller, is_bos_wanted=True):
        """Give each byte of the word `likely` -0.1, each of the others -2; `scores` records the calls."""
        if self.refusal:
            raise self.refusal
        self.scores.append((prompt, question, continuations, caller, is_bos_wanted))
        logprobs = [
            [-0.1 if text.strip() == self.likely else -2.0] * len(text.encode()) for text in continuations
        ]
        n_tokens = [sum(map(len, pieces)) for pieces in (prompt, question)]
        return Scored("call", logprobs, sum(n_tokens), n_tokens[0], n_tokens[1] + sum(map(len, logprobs)))

    async def embed(self, inputs, *, caller):  # noqa: ARG002 - a port's
        """Give an input the vector [3, 4 * its number]; one per token without pooling."""
        if self.refusal:
            raise self.refusal
        self.inputs = inputs
        n_tokens = [sum(map(len, pieces)) for pieces in inputs]
        is_pooled = self.model_facts.pooling != "none"
        vectors = [
            [struct.pack("<2f", 3, 4 * i)] * (1 if is_pooled else n) for i, n in enumerate(n_tokens, 1)
        ]
        return Embedded("call", 2, vectors, n_tokens)

    async def rank(self, query, documents, *, caller):  # noqa: ARG002 - a port's
        """Score a document by its length."""
        if self.refusal:
            raise self.refusal
        n_tokens = [len(query) + len(document) for document in documents]
        return Ranked("call", [float(len(document)) for document in documents], n_tokens)

    def slots(self):
        request = self.requests[-1] if self.requests else None
        start = SequenceStart("id", 0, 0, N_PROMPT, N_CACHED, SEED, False) if request else None
        first = SlotView(
            id=0,
            n_ctx=2048,
            is_processing=self.busy,
            request=request,
            start=start,
            n_decoded=len(self.requests),
            task=3 if request else None,
        )
        return [first, SlotView(id=1, n_ctx=2048, is_processing=self.busy)]

    def metrics(self):
        return MetricsSnapshot(n_prompt_total=70, prompt_s_total=0.5, cells_used_ratio=0.25, n_cells_used=12)

    async def _enter(self, generation):
        if self.before:
            raise self.before
        self.requests.append(generation.request)
        self.is_entered.set()
        self._play(generation)

    def _leave(self, generation):
        self.cancelled.append(generation.request.request_id)
        self.left.set()

    def _play(self, generation):
        if self.refusal:
            generation.fail(self.refusal)
            return
        for index in range(generation.request.n):
            for event in self._events(generation.request, index):
                generation.put(event)
        if self.failure:
            generation.fail(self.failure)
        elif not self.is_endless:
            generation.finish()

    def _events(self, request, index):
        key = request.request_id, index
        yield SequenceStart(*key, index, N_PROMPT, N_CACHED, SEED, self.is_truncated)
        if request.is_progress_wanted:
            yield PromptProgress(*key, N_PROMPT, N_CACHED, N_PROMPT, 1.5)
        for at, text in enumerate(self.texts):
            is_last = at == len(self.texts) - 1 and not self.failure and not self.is_endless
            end = self._end(index) if is_last else None
            yield SequenceOutput(*key, text, [65 + at], self._probs(request, at, text), end)

    def _probs(self, request, at, text):
        if not request.sampling.n_probs:
            return []
        if self.probs:
            return [self.probs[at]]
        piece = text.encode()
        candidates = [Candidate(65 + at, piece, -0.25), Candidate(90, b"Z", -1.5)]
        return [TokenProbs(65 + at, piece, -0.25, candidates, [Candidate(65 + at, piece, 1.0)])]

    def _end(self, slot):
        n = len(self.texts)
        return SequenceEnd(
            self.reason, self.stop_text, N_PROMPT, N_CACHED, n, N_PROMPT + n, 10.0, 20.0, False, slot, SEED
        )

    def _text_tokens(self, text, parse_special):
        if parse_special and text.startswith("<s>"):
            return [BOS, *text[3:].encode()]
        return list(text.encode())

    def _piece(self, token):
        return {BOS: b"<s>", EOS: b"</s>"}.get(token) or bytes([token % 256])


class Client:
    """Calls the application over `doors` in place; `groups` are its settings."""

    def __init__(self, *doors, is_single=None, characters=None, **groups):
        settings = Settings(**groups)
        self.models = FakeModels(*doors, settings=settings, is_single=is_single)
        self.characters = characters or FakeCharacters()
        self.app = create_app(self.models, settings, characters=self.characters)

    def call(self, method, path, **options):
        return asyncio.run(self._call(method, path, options))

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, **(options if body is None else {"json": body, **options}))

    def events(self, path, body, **options):
        """Return the parsed data lines of a stream; [DONE] stays text."""
        reply = self.post(path, {**body, "stream": True}, **options)
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == "text/event-stream"
        return data_lines(reply.text)

    async def _call(self, method, path, options):
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://corral") as client:
            return await client.request(method, path, **options)


def data_lines(text):
    frames = text.split("\n\n")
    assert frames.pop() == ""
    lines = [
        line.removeprefix("data: ") for frame in frames for line in frame.split("\n") if line[:5] == "data:"
    ]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.fixture
def door():
    return FakeDoor()


@pytest.fixture
def client(door):
    return Client(door, model=ModelSettings(path="models/tiny.gguf"))


@pytest.fixture
def make_many(door):
    """Serve two models: `tiny`, the default, and `other`, whose door is the client's `other`."""

    def make(**groups):
        other = FakeDoor("other")
        other.texts = ["Good", "bye"]
        client = Client(door, other, **groups)
        client.models.default = "tiny"
        client.other = other
        return client

    return make


@pytest.fixture
def many(make_many):
    """The same, with every switch on."""
    return make_many(server=ServerSettings(is_metrics=True, is_slots=True, is_props=True))


@pytest.fixture
def open_client(door):
    """Serve with every switch on."""
    return Client(door, server=ServerSettings(is_metrics=True, is_slots=True, is_props=True))


@pytest.fixture
def locked_client(door):
    """Serve with two keys and every switch on."""
    server = ServerSettings(
        api_keys=("first-key", "second-key"), is_metrics=True, is_slots=True, is_props=True
    )
    return Client(door, server=server)


@pytest.fixture
def make_client(door):
    def make(*, generation=None, template=None, server=None, chat=None, **groups):
        return Client(
            door,
            generation=generation or GenerationDefaults(),
            chat=chat or ChatSettings(template=template),
            server=server or ServerSettings(),
            **groups,
        )

    return make


@pytest.fixture
def run_for(door):
    """Say what the model is run for, and how it pools."""

    def change(purpose, pooling="mean"):
        door.model_facts = msgspec.structs.replace(
            door.model_facts, purpose=purpose, pooling=pooling, n_embd=2
        )

    return change


@pytest.fixture
def sampling_of(door):
    """Give the last request's sampling as the wire would write it."""

    def plain():
        values = msgspec.structs.asdict(door.requests[-1].sampling)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    return plain


@pytest.fixture
def refused():
    def check(reply, *words, status=400):
        error = reply.json()["error"]
        assert reply.status_code == status == error["code"], reply.text
        assert reply.headers["content-type"] == "application/json; charset=utf-8"
        assert all(word in error["message"] for word in words), error["message"]
        assert "Traceback" not in reply.text
        return error

    return check


PLAIN = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.reasoning_content %}"
    "({{ m.reasoning_content }}){% endif %}{% if m.tool_call_id %}#{{ m.tool_call_id }}{% endif %}"
    "{% for c in m.tool_calls %}<tool_call>{{ c.function.name }}{{ c.function.arguments | tojson }}"
    "</tool_call>{% endfor %}{% endfor %}{% for t in tools %}{{ t.function.name }};{% endfor %}<assistant>"
)
THINKING = "{# <think> #}{{ messages[0].content }}:{% if enable_thinking != false %}<think>\n{% endif %}"


@pytest.fixture
def set_template(door):
    def replace(source):
        door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=source)

    return replace


@pytest.fixture
def plain(set_template):
    set_template(PLAIN)


@pytest.fixture
def thoughtful(set_template):
    set_template(THINKING)
