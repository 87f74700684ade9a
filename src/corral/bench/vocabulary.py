"""The token ids of which prompts are made, from the server's own tokenizer."""

from __future__ import annotations

import msgspec

from corral.bench.connection import post
from corral.bench.errors import BenchError, UnreachableError
from corral.bench.prompt import PROSE
from corral.bench.settings import LoadSettings
from corral.bench.target import Target


class _Tokens(msgspec.Struct):
    tokens: list[int]


async def fetch_vocabulary(target: Target, settings: LoadSettings) -> list[int] | None:
    """Return the token ids of which prompts are made, known to all models; None if prompts are texts.

    Raises:
        BenchError: the target cannot be reached, has no `/tokenize`, or the models have no token in common.
    """
    if settings.has_text_prompts or settings.dialect.has_text_prompts:
        return None
    try:
        found = [await _tokenize(target, model, settings.timeout_s) for model in settings.models or (None,)]
    except TimeoutError as error:
        raise _named(target, f"no answer to /tokenize within {settings.timeout_s:g} s") from error
    except UnreachableError:
        raise
    except (BenchError, msgspec.DecodeError) as error:
        raise _named(target, f"/tokenize failed ({error}); --text-prompts does without it") from error
    if not (common := set.intersection(*found)):
        raise _named(target, "its models have no tokens in common; --text-prompts does without them")
    return sorted(common)


async def _tokenize(target: Target, model: str | None, timeout_s: float) -> set[int]:
    fields: dict[str, object] = {"content": PROSE, "add_special": False}
    if model is not None:
        fields["model"] = model
    answer = await post(target, "/tokenize", msgspec.json.encode(fields), timeout_s=timeout_s)
    return set(msgspec.json.decode(answer, type=_Tokens).tokens)


def _named(target: Target, reason: str) -> BenchError:
    return BenchError(f"{target.name} at {target.url}: {reason}.")
