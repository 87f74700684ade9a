"""A request on its way to the server that runs its model, and the answer on its way back."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from corral.api import body
from corral.api.connection import ClientGoneError, while_connected
from corral.api.proxy import headers
from corral.api.proxy.headers import HeaderList
from corral.api.proxy.question import onward_query, with_model
from corral.api.proxy.whole_events import WholeEvents
from corral.api.sse import error_frame
from corral.core.errors import CorralError, NotSupportedError
from corral.gateway.remote.answer import Answer
from corral.gateway.remote.failures import refusal
from corral.gateway.remote.remotes import Question, Remotes
from corral.gateway.remote.target import Target


async def passage(request: Request, path: str | None, target: Target, remotes: Remotes) -> Response:
    """Return the answer of the server that runs the model to `request`, for which it is asked at `path`.

    Raises NotSupportedError for None, a route that others may not have; InvalidRequestError, LoopError.
    """
    if path is None:
        raise NotSupportedError(
            f"The model '{target.name}' is run by another server, which is asked for OpenAI's routes only; "
            f"{request.url.path} is none of them"
        )
    question = Question(
        path=path,
        query=onward_query(request.scope["query_string"]),
        headers=headers.asked(request.headers, target.name),
        body=with_model(await body.read_bytes(request), target.model),
    )
    return Passage(target, question, remotes)


class Passage(Response):
    """Asks the other server and passes its answer on, piece by piece as it comes: nothing is held back.

    Status, body and content type stay as they are. An error before the first piece is a plain one of ours; a
    stream of events that breaks off ends with an event that says so, any other body by its broken connection.
    A client that leaves closes the connection to the other server.
    """

    def __init__(self, target: Target, question: Question, remotes: Remotes) -> None:
        super().__init__()
        self._target = target
        self._question = question
        self._remotes = remotes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Serve. Raises CorralError, in the midst only of a body that is no stream and breaks off."""
        await while_connected(receive, self._run(send))

    async def _run(self, send: Send) -> None:
        async with self._remotes.asked(self._target, self._question) as answer:
            refused = refusal(self._target, answer.status)
            if refused is not None:
                raise refused
            shown = headers.answered(answer.headers)
            if answer.status >= 400:
                await _pass_error(answer, shown, send)
            elif headers.is_events(shown) and not headers.is_encoded(shown):
                await _pass_events(answer, shown, send)
            else:
                await _pass_body(answer, shown, send)


async def _pass_error(answer: Answer, shown: HeaderList, send: Send) -> None:
    content = await answer.error_body()
    await _begin(send, answer.status, headers.with_length(shown, len(content)))
    await _write(send, content, is_last=True)


async def _pass_body(answer: Answer, shown: HeaderList, send: Send) -> None:
    """Begin with the first piece: what fails before it is still an error with a status."""
    pieces = aiter(answer)
    first = await anext(pieces, b"")
    await _begin(send, answer.status, shown)
    await _write(send, first)
    async for piece in pieces:
        await _write(send, piece)
    await _write(send, b"", is_last=True)


async def _pass_events(answer: Answer, shown: HeaderList, send: Send) -> None:
    await _begin(send, answer.status, headers.as_events(headers.without_length(shown)))
    events = WholeEvents()
    try:
        async for piece in answer:
            await _write(send, events.feed(piece))
        last = events.rest()
    except CorralError as error:
        last = error_frame(error)
    await _write(send, last, is_last=True)


async def _begin(send: Send, status: int, shown: HeaderList) -> None:
    await _send(send, {"type": "http.response.start", "status": status, "headers": shown})


async def _write(send: Send, data: bytes, *, is_last: bool = False) -> None:
    if data or is_last:
        await _send(send, {"type": "http.response.body", "body": data, "more_body": not is_last})


async def _send(send: Send, message: Message) -> None:
    try:
        await send(message)
    except OSError:  # the server's way of saying that the client is gone
        raise ClientGoneError from None
