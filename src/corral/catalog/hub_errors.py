"""What went wrong at the hub, in one sentence."""

from __future__ import annotations

from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
)


def reason(error: Exception, *, has_token: bool) -> str:
    """Return why `error` ended a look-up or download, without anything of what was sent."""
    if isinstance(error, GatedRepoError):
        return _gated(has_token=has_token)
    if isinstance(error, RepositoryNotFoundError):
        hidden = "your token may not read it" if has_token else "it is private: name a token with --hf-token"
        return f"the hub has no such repository, or {hidden}"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return _refusal(error, status, has_token=has_token)
    return _broken(error)


def _gated(*, has_token: bool) -> str:
    if has_token:
        return "it is gated, and your token has no access: accept its conditions on its page at the hub"
    return "it is gated: accept its conditions on its page at the hub, and name a token with --hf-token"


def _refusal(error: Exception, status: int, *, has_token: bool) -> str:
    if isinstance(error, EntryNotFoundError):
        return "the repository has no such file"
    if status in {401, 403}:
        token = "the token is wrong or may not read it" if has_token else "name a token with --hf-token"
        return f"the hub refuses it ({status}): {token}"
    if status == 429:
        return "the hub has had too many requests from here (429); wait some minutes"
    return f"the hub answered {status}"


def _broken(error: Exception) -> str:
    # By name: the library has changed its HTTP client between versions, and our own is another one.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "ConnectTimeout" in kinds or "ReadTimeout" in kinds:
        return "the hub did not answer in time"
    if "ConnectError" in kinds:
        return f"the hub cannot be reached: {_text(error)}"
    if "TransportError" in kinds:
        return f"the connection to the hub broke off: {_text(error)}"
    if isinstance(error, HFValidationError):
        return "this is no owner/name of a repository"
    if "JSONDecodeError" in kinds:
        return "the server does not answer as a hub does"
    return _text(error)


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
