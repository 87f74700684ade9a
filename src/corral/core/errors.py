"""The tree of errors. Each has a stable code; the HTTP status is decided in `api.errors` alone."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec

_MAX_WAIT_S = 600  # nobody believes an estimate of more


class ErrorReport(msgspec.Struct, frozen=True):
    """An error as it crosses the pipe: its stable code, its sentence and its facts."""

    code: str
    message: str
    facts: dict[str, str | int | float] = {}


class CorralError(Exception):
    """Something the user should read. `facts` are machine-readable details that dialects may show."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, **facts: str | float) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, str | int | float] = facts

    def report(self) -> ErrorReport:
        """Return what crosses the pipe."""
        return ErrorReport(code=self.code, message=self.message, facts=self.facts)


class InternalError(CorralError):
    """A fault of ours: the client did nothing wrong."""


class InvalidRequestError(CorralError):
    """The client sent something that cannot be served; the message names the field."""

    code = "invalid_request"


class ContextExceededError(InvalidRequestError):
    """The prompt does not fit. Facts: `n_prompt_tokens`, `n_ctx`."""

    code = "context_exceeded"


class InputTooLargeError(CorralError):
    """An input does not fit into the physical batch. Facts: `n_prompt_tokens`, `n_ubatch`.

    No `InvalidRequestError`: llama-server counts it among its own errors.
    """

    code = "input_too_large"


class AuthenticationError(CorralError):
    """No key, or a wrong one."""

    code = "authentication"


class QuotaExceededError(CorralError):
    """The caller has used up what its key is given. Fact `retry_after_s`."""

    code = "quota_exceeded"


class NotFoundError(CorralError):
    """No such path, model or object."""

    code = "not_found"


class NotSupportedError(CorralError):
    """The server was started without what this needs, or the model cannot do it."""

    code = "not_supported"


class UnavailableError(CorralError):
    """Not now; the same call may work later. Fact `retry_after_s` when a time is known."""

    code = "unavailable"


class ModelLoadingError(UnavailableError):
    """The model is still being loaded."""

    code = "loading"


class QueueFullError(UnavailableError):
    """More requests or prompt tokens wait than the bounded queue takes."""

    code = "queue_full"

    @classmethod
    def expecting(cls, reason: str, wait_ms: float) -> QueueFullError:
        """Return the error that tells how long another request would wait: a second to ten minutes."""
        wait_s = min(_MAX_WAIT_S, max(1, math.ceil(wait_ms / 1000)))
        message = f"{reason}; the first token of another request would come in about {wait_s} s"
        return cls(message, retry_after_s=wait_s)


class EngineCrashedError(UnavailableError):
    """The model's process ended while this request ran."""

    code = "engine_crashed"


class BadGatewayError(CorralError):
    """The server that runs the model cannot be reached, or its answer is none that can be passed on."""

    code = "bad_gateway"


class GatewayTimeoutError(CorralError):
    """The server that runs the model keeps silent for too long."""

    code = "gateway_timeout"


class LoopError(CorralError):
    """The request was handed on from server to server too often."""

    code = "loop_detected"


class ModelLoadError(CorralError):
    """The model could not be loaded; the message says why."""

    code = "model_load"


class ModelSourceError(ModelLoadError):
    """What names no model was asked to be downloaded: nothing was tried."""

    code = "model_source"


class CharacterFileError(CorralError):
    """A character's file cannot be read, or a character not be written; the message names the field."""

    code = "character_file"


class SettingsError(CorralError):
    """A flag, environment variable or file entry is wrong; the message names it."""

    code = "settings"


def _tree(root: type[CorralError]) -> list[type[CorralError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


_BY_CODE = {error.code: error for error in reversed(_tree(CorralError))}


def from_report(report: ErrorReport) -> CorralError:
    """Return the error that `report` describes; an unknown code becomes `InternalError`."""
    return _BY_CODE.get(report.code, InternalError)(report.message, **report.facts)
