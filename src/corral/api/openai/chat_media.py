"""Images among the parts of chat messages -> marks in their text."""

from __future__ import annotations

from typing import Any

from corral.api.chat import media
from corral.api.openai.types import MessageBody
from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import ModelFacts
from corral.prompt.content import Part, to_text
from corral.prompt.gallery import Gallery, MediaSource

_VIDEOS = ("input_video", "video_url")
_MEDIA = ("image_url", "input_audio", *_VIDEOS)


def hang_images(messages: list[MessageBody], facts: ModelFacts) -> Gallery:
    """Put a mark in place of every image; modifies the contents of `messages`.

    Raises InvalidRequestError, and NotSupportedError for what the model does not take.
    """
    gallery = Gallery()
    for number, message in enumerate(messages):
        parts = message.content
        if isinstance(parts, list) and any(part.get("type") in _MEDIA for part in parts):
            message.content = _hung(parts, f"messages[{number}]", facts, gallery)
    return gallery


def _hung(parts: list[dict[str, Any]], where: str, facts: ModelFacts, gallery: Gallery) -> str:
    names = [f"{where}.content[{number}]" for number in range(len(parts))]
    return media.hung([_part(part, name, facts) for part, name in zip(parts, names, strict=True)], gallery)


def _part(part: Part, name: str, facts: ModelFacts) -> str | MediaSource:
    return _source(part, name, facts) if part.get("type") in _MEDIA else to_text([part], name)


def _source(part: Part, name: str, facts: ModelFacts) -> MediaSource:
    match part["type"]:
        case "image_url" if facts.has_vision:
            return MediaSource(_address(part, "image_url", ("url",), name), f"{name}.image_url")
        case "input_audio" if facts.has_audio:
            url = _address(part, "input_audio", ("data", "url"), name)
            return MediaSource(url, f"{name}.input_audio", is_sound=True)
        case kind if kind in _VIDEOS:
            raise NotSupportedError(
                f"Field '{name}': video input is not supported; send its frames as images"
            )
    kind = "image" if part["type"] == "image_url" else "audio"
    raise NotSupportedError(
        f"Field '{name}': {kind} input is not supported by this model; start the server with a projector "
        "that belongs to it and takes it (--mmproj)"
    )


def _address(part: Part, key: str, names: tuple[str, ...], where: str) -> str:
    """Return the first of `names` in the object `key`, or what stands in its place if that is text."""
    given = part.get(key)
    found = given if isinstance(given, str) else None
    if isinstance(given, dict):
        found = next((given[name] for name in names if given.get(name)), None)
    if not isinstance(found, str) or not found:
        raise InvalidRequestError(f"Field '{where}.{key}.{names[0]}': expected a string")
    return found
