"""Images of native requests: `image_data` with `[img-N]` in the prompt, and `multimodal_data` beside it.

Pure: both bring their images along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from corral.api.generation.prompts import WirePrompt
from corral.api.media.inline import from_base64
from corral.api.media.limits import check_count, check_sizes
from corral.core import log
from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import ModelFacts
from corral.core.request import Media, Piece
from corral.core.settings import MediaAccess
from corral.prompt.gallery import SHOWN_MARK

_log = log.get("api.generation")

_NUMBERED = re.compile(r"\[img-([0-9]{1,9})\]")


class MediaTerms(msgspec.Struct, frozen=True):
    """What holds for the images of every request. `mark` stands for an image beside `SHOWN_MARK`.

    It is drawn at random, so that a prompt with foreign text in it can be sure of its own images.
    """

    access: MediaAccess = MediaAccess()
    mark: str = SHOWN_MARK


def with_images(
    prompts: list[WirePrompt], image_data: list[Any] | None, facts: ModelFacts, media: MediaTerms
) -> list[WirePrompt]:
    """Return the prompts with their images in place. Raises InvalidRequestError, NotSupportedError."""
    found = [_with_own(prompt, number, facts, media) for number, prompt in enumerate(prompts)]
    if not image_data:
        return found
    if not facts.has_vision:
        # llama-server ignored it on text models, and its old web page always sends it.
        _log.warning("request.images_ignored", n_images=len(image_data))
        return found
    images = _numbered(image_data, media.access)
    cut = [_with_numbered(prompt, images, media.access) for prompt in found]
    used = {id(piece) for prompt in cut for piece in prompt.pieces}
    for image_id, image in images.items():
        if id(image) not in used:
            raise InvalidRequestError(f"Field '{image.name}': the prompt has no [img-{image_id}]")
    return cut


def _with_own(prompt: WirePrompt, number: int, facts: ModelFacts, terms: MediaTerms) -> WirePrompt:
    """Return a prompt of the form {"prompt_string", "multimodal_data"} with its images."""
    match prompt.supplied:
        case {"prompt_string": str(text), "multimodal_data": data} if data:
            pass
        case _:
            return prompt
    if not (facts.has_vision or facts.has_audio):
        raise NotSupportedError(
            "Multimodal data provided, but model does not support multimodal requests; start the server with "
            "the projector that belongs to it (--mmproj)"
        )
    if not isinstance(data, list):
        raise InvalidRequestError(f"Field 'prompt[{number}].multimodal_data': expected an array")
    check_count(len(data), terms.access)
    names = [f"prompt[{number}].multimodal_data[{i}]" for i in range(len(data))]
    media = [_media(image, name) for image, name in zip(data, names, strict=True)]
    check_sizes(media, terms.access)
    mark = terms.mark if terms.mark in text else SHOWN_MARK
    n_marks = text.count(mark)
    if n_marks != len(media):
        raise InvalidRequestError(
            f"Field 'prompt': it has {n_marks} times {mark} for {len(media)} images in "
            "multimodal_data; give one for each"
        )
    return WirePrompt(text.replace(mark, SHOWN_MARK), _woven(text.split(mark), media))


def _numbered(entries: list[Any], access: MediaAccess) -> Mapping[int, Media]:
    """Return the images of `image_data` by their ids."""
    check_count(len(entries), access)
    images: dict[int, Media] = {}
    for number, entry in enumerate(entries):
        name = f"image_data[{number}]"
        match entry:
            case {"data": str(data), "id": int(image_id)}:
                images[image_id] = _media(data, name)
            case _:
                raise InvalidRequestError(f"Field '{name}': expected an object with 'data' (base64) and 'id'")
    return images


def _with_numbered(prompt: WirePrompt, images: Mapping[int, Media], access: MediaAccess) -> WirePrompt:
    pieces: list[Piece] = []
    for piece in prompt.pieces:
        pieces += _cut(piece, images, access) if isinstance(piece, str) else [piece]
    media = [piece for piece in pieces if isinstance(piece, Media)]
    check_count(len(media), access)
    check_sizes(media, access)
    return msgspec.structs.replace(prompt, pieces=pieces)


def _cut(text: str, images: Mapping[int, Media], access: MediaAccess) -> list[Piece]:
    """Return a text cut at its `[img-N]`. Raises InvalidRequestError where there is no image N."""
    check_count(sum(1 for _ in _NUMBERED.finditer(text)), access)
    parts = _NUMBERED.split(text)
    texts, ids = parts[::2], [int(found) for found in parts[1::2]]
    unknown = [image_id for image_id in ids if image_id not in images]
    if unknown:
        raise InvalidRequestError(f"Field 'image_data': Image with id: {unknown[0]}, not found")
    return _woven(texts, [images[image_id] for image_id in ids])


def _woven(texts: list[str], media: Iterable[Media]) -> list[Piece]:
    """Return texts with an image between each two; empty texts are left out."""
    pieces: list[Piece] = [texts[0]]
    for text, image in zip(texts[1:], media, strict=True):
        pieces += [image, text]
    return [piece for piece in pieces if piece != ""]


def _media(data: object, name: str) -> Media:
    if not isinstance(data, str):
        raise InvalidRequestError(f"Field '{name}': expected base64")
    return Media(from_base64(data, name), name)
