"""The page over a model that says back what it is asked: `python page_server.py KEY ...`.

A question "raise NAME" raises that error of `core.errors` instead. Says its address once it listens.
"""

import contextlib
import re
import socket
import sys

import uvicorn

from corral.api.server import create_app
from corral.core import errors
from corral.core.messages import ModelFacts, Scored, Tokenized
from corral.core.model_definition import ModelDefinition
from corral.core.model_view import ModelState, ModelView
from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput
from corral.core.settings import ModelSettings, ServerSettings, Settings
from corral.ui.mount import PUBLIC_PREFIXES, mount

N_CHARACTERS = 7  # of an output
LAST_QUESTION = re.compile(r".*<\|im_start\|>user\n(.*?)<\|im_end\|>", re.DOTALL)


class Echo:
    """A generation that answers with the last question of a ChatML prompt."""

    def __init__(self, request):
        self._id = request.request_id
        self._text = LAST_QUESTION.match(request.prompt[0])[1]

    async def __aenter__(self):
        name = self._text.removeprefix("raise ")
        if name != self._text:
            raise getattr(errors, name)("it was asked for")
        return self

    async def __aexit__(self, *_):
        pass

    async def __aiter__(self):
        pieces = [self._text[i : i + N_CHARACTERS] for i in range(0, len(self._text), N_CHARACTERS)]
        for piece in pieces:
            yield SequenceOutput(self._id, 0, piece, [], [], None)
        end = SequenceEnd(FinishReason.EOS, "", 9, 0, len(pieces), 20, 5.0, 40.0 * len(pieces), False, 0, 1)
        yield SequenceOutput(self._id, 0, "", [], [], end)


class EchoDoor:
    """The gateway in small."""

    name = "models/echo-7b-instruct.gguf"

    def facts(self):
        return ModelFacts(name=self.name, n_ctx=8192, n_slots=4)

    def generate(self, request):
        return Echo(request)

    async def count(self, texts, **_):
        return [len(text.split()) for text in texts]

    async def tokenize(self, _pieces, **_):
        return Tokenized("", [], [])

    async def score(self, _prompt, question, continuations, **_):
        """Find the word likeliest that stands in the question most often."""
        logprobs = [[float(question[0].count(word.strip()) - 9)] for word in continuations]
        return Scored("", logprobs, n_prompt_tokens=9, n_cached=5, n_evaluated=4)


class EchoModels:
    """The one model, always there."""

    is_single = True

    def __init__(self, settings):
        self._door = EchoDoor()
        self._settings = settings

    def check_started(self):
        pass

    def views(self):
        return [self.view(None)]

    def view(self, _name):
        return ModelView(name=EchoDoor.name, state=ModelState.READY)

    def definition(self, _name):
        return ModelDefinition(name=EchoDoor.name, settings=self._settings)

    def door(self, _name):
        return self._door

    async def events(self):
        for event in ():
            yield event

    @contextlib.asynccontextmanager
    async def opened(self, _name, **_):
        yield self._door


def main():
    settings = Settings(
        server=ServerSettings(api_keys=tuple(sys.argv[1:])), model=ModelSettings(path=EchoDoor.name)
    )
    run(EchoModels(settings), settings)


def run(models, settings, prepare=lambda _app: None, *, characters=None):
    """Serve the page over `models`; `prepare` may add to the application."""
    app = create_app(models, settings, public_prefixes=PUBLIC_PREFIXES, characters=characters)
    prepare(app)
    mount(app, models, settings, characters=characters)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])


if __name__ == "__main__":
    main()
