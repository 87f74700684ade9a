"""From a body to the answer with its vectors, for the routes of both dialects."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.connection import while_connected
from corral.api.embedding.inputs import to_inputs
from corral.api.embedding.shapes import Written, by_content, by_path, openai_list, written
from corral.api.embedding.types import NOT_NORMALISED, EmbeddingBody
from corral.api.generation.numbers import INT32_MAX, whole
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.threads import in_thread
from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import Embedded, ModelFacts

NUMBERS_AT_ONCE = 65536  # more are written as JSON on a thread

_OFF = "This server does not support embeddings. Start it with `--embeddings`"
_RANKING = f"{_OFF} and without `--reranking`"
_BAD_FORMAT = "The format to return the embeddings in. Can be either float or base64"
_NO_POOLING = "Pooling type 'none' is not OAI compatible. Please use a different pooling type"


class Embeddings:
    """The routes that give vectors."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def native(self, request: Request) -> Response:
        """Answer on llama-server's own paths: as the key asks, or always as the newest llama-server."""
        facts = self._facts()
        wanted = await body.read(request, EmbeddingBody)
        # Only the newest shape holds a vector for each token.
        is_newest = self._is_newest or facts.pooling == "none"
        answer = await self._embed(request, wanted, facts)
        inputs = await self._written(answer, wanted, facts)
        return json_reply(by_path(inputs) if is_newest else self._by_key(inputs, wanted, answer))

    async def openai(self, request: Request) -> Response:
        """Answer on OpenAI's path."""
        facts = self._facts()
        if facts.pooling == "none":
            raise InvalidRequestError(_NO_POOLING)
        wanted = await body.read(request, EmbeddingBody)
        answer = await self._embed(request, wanted, facts)
        inputs = await self._written(answer, wanted, facts)
        is_native = self._is_newest and wanted.input is None
        return json_reply(by_path(inputs) if is_native else self._by_key(inputs, wanted, answer))

    @property
    def _is_newest(self) -> bool:
        return self._serving.settings.server.embedding_shape == "path"

    def _facts(self) -> ModelFacts:
        """Return the facts of a model that is run for vectors. Raises NotSupportedError for another."""
        facts = self._serving.door.facts()
        if facts.purpose != "embed":
            raise NotSupportedError(_RANKING if facts.purpose == "rank" else _OFF)
        return facts

    def _by_key(self, inputs: list[Written], wanted: EmbeddingBody, answer: Embedded) -> object:
        if wanted.input is None:
            return by_content(inputs)
        return openai_list(inputs, wanted.model or self._serving.model, sum(answer.n_tokens))

    async def _embed(self, request: Request, wanted: EmbeddingBody, facts: ModelFacts) -> Embedded:
        _check(wanted, facts)
        given = wanted.content if wanted.input is None else wanted.input
        if given is None:
            raise InvalidRequestError('"input" or "content" must be provided')
        inputs = to_inputs(given, facts.n_vocab)
        return await while_connected(request.receive, self._serving.door.embed(inputs))

    async def _written(self, answer: Embedded, wanted: EmbeddingBody, facts: ModelFacts) -> list[Written]:
        """Return the vectors as they are sent, without holding up others for long."""
        from corral.api.embedding.normalise import array, normalised  # noqa: PLC0415 - numpy is 10 MB

        norm = NOT_NORMALISED if facts.pooling == "none" else self._norm(wanted)
        is_base64 = wanted.encoding_format == "base64"

        def work() -> list[Written]:
            arrays = (array(raw, answer.n_embd) for raw in answer.vectors)
            return [written(normalised(vectors, norm), is_base64=is_base64) for vectors in arrays]

        n_numbers = answer.n_embd * sum(map(len, answer.vectors))
        return await in_thread(work) if n_numbers > NUMBERS_AT_ONCE else work()

    def _norm(self, wanted: EmbeddingBody) -> int:
        if wanted.embd_normalize is None:
            return self._serving.settings.generation.embd_normalize
        return whole("embd_normalize", wanted.embd_normalize)


def _check(wanted: EmbeddingBody, facts: ModelFacts) -> None:
    """Raise InvalidRequestError for options that cannot be honoured."""
    if wanted.encoding_format not in (None, "float", "base64"):
        raise InvalidRequestError(_BAD_FORMAT)
    if wanted.dimensions is not None and whole("dimensions", wanted.dimensions) != facts.n_embd:
        raise InvalidRequestError(
            f"Field 'dimensions': this model's vectors have {facts.n_embd} numbers and are not shortened"
        )
    norm = wanted.embd_normalize
    if norm is not None and not NOT_NORMALISED <= whole("embd_normalize", norm) <= INT32_MAX:
        raise InvalidRequestError("Field 'embd_normalize': must be -1 or greater")
