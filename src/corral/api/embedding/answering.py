"""From a body to the answer with its vectors, for the routes of both dialects."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
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


async def native(request: Request, serving: Serving) -> Response:
    """Answer on llama-server's own paths: as the key asks, or always as the newest llama-server."""
    facts = _facts(serving)
    wanted = await body.read(request, EmbeddingBody)
    # Only the newest shape holds a vector for each token.
    is_newest = _is_newest(serving) or facts.pooling == "none"
    answer = await _embed(request, serving, wanted)
    inputs = await _written(answer, wanted, serving)
    return json_reply(by_path(inputs) if is_newest else _by_key(inputs, wanted, answer, model=serving.model))


async def openai(request: Request, serving: Serving) -> Response:
    """Answer on OpenAI's path."""
    if _facts(serving).pooling == "none":
        raise InvalidRequestError(_NO_POOLING)
    wanted = await body.read(request, EmbeddingBody)
    answer = await _embed(request, serving, wanted)
    inputs = await _written(answer, wanted, serving)
    is_native = _is_newest(serving) and wanted.input is None
    return json_reply(by_path(inputs) if is_native else _by_key(inputs, wanted, answer, model=serving.model))


def _is_newest(serving: Serving) -> bool:
    return serving.settings.server.embedding_shape == "path"


def _facts(serving: Serving) -> ModelFacts:
    """Return the facts of a model that is run for vectors. Raises NotSupportedError for another."""
    facts = serving.door.facts()
    if facts.purpose != "embed":
        raise NotSupportedError(_RANKING if facts.purpose == "rank" else _OFF)
    return facts


def _by_key(inputs: list[Written], wanted: EmbeddingBody, answer: Embedded, *, model: str) -> object:
    if wanted.input is None:
        return by_content(inputs)
    return openai_list(inputs, wanted.model or model, sum(answer.n_tokens))


async def _embed(request: Request, serving: Serving, wanted: EmbeddingBody) -> Embedded:
    facts = serving.door.facts()
    _check(wanted, facts)
    given = wanted.content if wanted.input is None else wanted.input
    if given is None:
        raise InvalidRequestError('"input" or "content" must be provided')
    inputs = to_inputs(given, facts.n_vocab)
    return await while_connected(request.receive, serving.door.embed(inputs, caller=caller_of(request)))


async def _written(answer: Embedded, wanted: EmbeddingBody, serving: Serving) -> list[Written]:
    """Return the vectors as they are sent, without holding up others for long."""
    from corral.api.embedding.normalise import array, normalised  # noqa: PLC0415 - numpy is 10 MB

    norm = _norm(wanted, serving)
    is_base64 = wanted.encoding_format == "base64"

    def work() -> list[Written]:
        arrays = (array(raw, answer.n_embd) for raw in answer.vectors)
        return [written(normalised(vectors, norm), is_base64=is_base64) for vectors in arrays]

    n_numbers = answer.n_embd * sum(map(len, answer.vectors))
    return await in_thread(work) if n_numbers > NUMBERS_AT_ONCE else work()


def _norm(wanted: EmbeddingBody, serving: Serving) -> int:
    if serving.door.facts().pooling == "none":
        return NOT_NORMALISED
    if wanted.embd_normalize is None:
        return serving.settings.generation.embd_normalize
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
