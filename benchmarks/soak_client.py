"""What the soak asks of the server under test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx

ADMIN_KEY = "soak"
_TIMEOUT_S = 120.0  # a request that takes longer hangs


class Client:
    """One connection pool to one server. Threads may share it."""

    def __init__(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def names(self) -> list[str]:
        """Return the models, in order."""
        return sorted(model["id"] for model in self._http.get("/v1/models").json()["data"])

    def view(self, model: str) -> dict[str, Any]:
        """Return what the server knows of a model."""
        view: dict[str, Any] = self._http.get(f"/admin/models/{model}").raise_for_status().json()
        return view

    def load(self, model: str) -> dict[str, Any]:
        """Load a model and return the same."""
        answer = self._http.post(f"/admin/models/{model}/load", json={}).raise_for_status()
        view: dict[str, Any] = answer.json()
        return view

    def unload(self, model: str) -> None:
        """Return when its memory is free."""
        self._http.post(f"/admin/models/{model}/unload", json={}).raise_for_status()

    def complete(self, model: str, prompt: str, n_tokens: int) -> str:
        """Return the most probable continuation. Raises httpx.HTTPStatusError."""
        answer = self._http.post("/v1/completions", json=_body(model, prompt, n_tokens))
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        text: str = answer.json()["choices"][0]["text"]
        return text

    @contextlib.contextmanager
    def stream(self, model: str, prompt: str, n_tokens: int) -> Iterator[Iterator[str]]:
        """Yield the lines of a streamed answer; leaving early cancels it. Raises httpx.HTTPError."""
        body = {**_body(model, prompt, n_tokens), "stream": True}
        with self._http.stream("POST", "/v1/completions", json=body) as answer:
            if answer.is_error:
                answer.read()
                raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
            yield (line for line in answer.iter_lines() if line)


def _body(model: str, prompt: str, n_tokens: int) -> dict[str, Any]:
    fields = {"model": model, "prompt": prompt, "max_tokens": n_tokens}
    return {**fields, "temperature": 0, "ignore_eos": True}
