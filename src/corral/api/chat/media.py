"""Images of a chat: hung as marks in its text, and put into the request in their place."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from corral.api.generation.request import Ask
from corral.api.media.loading import MediaLoading
from corral.core.errors import NotSupportedError
from corral.core.messages import ModelFacts
from corral.core.request import Media
from corral.prompt.gallery import Gallery, MediaSource


def image(url: str, name: str, facts: ModelFacts) -> MediaSource:
    """Return the image at `url`, which the field `name` gave. Raises NotSupportedError."""
    if not facts.has_vision:
        raise NotSupportedError(
            f"Field '{name}': image input is not supported by this model; start the server with the "
            "projector that belongs to it (--mmproj)"
        )
    return MediaSource(url, name)


def hung(parts: Iterable[str | MediaSource], gallery: Gallery) -> str:
    """Return the parts as one text: a newline between two texts and none beside an image, as llama-server."""
    text = ""
    was_text = False
    for part in parts:
        is_text = isinstance(part, str)
        text += "\n" if is_text and was_text else ""
        text += part if isinstance(part, str) else gallery.hang(part)
        was_text = is_text
    return text


async def filled(asks: list[Ask], gallery: Gallery, loading: MediaLoading) -> list[Ask]:
    """Return the asks of a chat with the images of `gallery`, loaded, in place of its marks."""
    media = await loading.load(gallery.sources)
    return [_filled(ask, gallery, media) for ask in asks]


def _filled(ask: Ask, gallery: Gallery, media: list[Media]) -> Ask:
    request = msgspec.structs.replace(ask.request, prompt=gallery.filled(ask.request.prompt, media))
    return msgspec.structs.replace(ask, supplied=gallery.shown(str(ask.supplied)), request=request)
