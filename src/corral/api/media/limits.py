"""How many images a request may have and how large they may be, checked before a pixel is decoded."""

from __future__ import annotations

from collections.abc import Sequence

from corral.api.media.header import n_pixels
from corral.core.errors import InvalidRequestError
from corral.core.request import Media
from corral.core.settings import MediaAccess

MAX_TOTAL_BYTES = 64 * 1024 * 1024  # of all images of a request: as much as a body may hold


def check_count(n_images: int, access: MediaAccess) -> None:
    """Raise InvalidRequestError for more images than one request may have."""
    if n_images > access.max_images:
        raise InvalidRequestError(f"A request may hold {access.max_images} images, not {n_images}")


def check_sizes(media: Sequence[Media], access: MediaAccess) -> None:
    """Raise InvalidRequestError for an image, or images together, that may not be decoded."""
    n_total = sum(n_pixels(image.content, image.name, access) for image in media)
    if n_total > access.max_pixels:
        raise InvalidRequestError(
            f"The images of the request have {n_total} pixels together; {access.max_pixels} are served"
        )


def check_total(media: Sequence[Media]) -> None:
    """Raise InvalidRequestError for images that are too many bytes together."""
    if sum(len(image.content) for image in media) > MAX_TOTAL_BYTES:
        raise InvalidRequestError(
            f"The images of the request are larger than {MAX_TOTAL_BYTES} bytes together"
        )
