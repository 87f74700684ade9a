"""How a caller's quota stands, told on every answer in the headers that OpenAI's clients read."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corral.gateway.callers import Callers

HeaderList = list[tuple[bytes, bytes]]


class QuotaHeaders:
    """ASGI middleware around the key check and errors: `x-ratelimit-*` for callers with a quota.

    Source of the names and of the form of times: OpenAI's API reference, "Rate limits in headers".
    """

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with the headers added when the answer begins."""
        if scope["type"] != "http" or not self._callers.has_quotas:
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})  # where the key check leaves the caller's name

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = headers_of(self._callers, state.get("caller", ""))
                message["headers"] = _with(message.get("headers", []), told)
            await send(message)

        await self._app(scope, receive, with_headers)


def headers_of(callers: Callers, caller: str) -> HeaderList:
    """Return the headers of an answer to `caller` that begins now."""
    return [
        (f"x-ratelimit-{word}-{kind}".encode(), text.encode())
        for kind, standing in callers.standing(caller).items()
        for word, text in (
            ("limit", str(standing.limit)),
            ("remaining", str(standing.n_left)),
            ("reset", as_duration(standing.reset_s)),
        )
    ]


def _with(headers: HeaderList, told: HeaderList) -> HeaderList:
    """Return the headers with what is told in place of what another server says of our quota there."""
    names = {name for name, _ in told}
    return [*(header for header in headers if header[0].lower() not in names), *told]


def as_duration(seconds: float) -> str:
    """Return a time as OpenAI writes it: 12ms, 1s, 6m0s, 23h0m5s."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{rest}s"
