"""Image files into pixels, through Pillow. A file that is broken is the client's error, never ours."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from corral.core.errors import InvalidRequestError
from corral.core.image_formats import BROKEN_IMAGE, IMAGE_FORMATS
from corral.core.request import Media

Pixels = npt.NDArray[np.uint8]

# Who asks has checked the size in the file's header against limits of its own.
Image.MAX_IMAGE_PIXELS = None


def pixels(media: Media) -> Pixels:
    """Return the image as [height, width, RGB]; the first picture of an animation, without transparency.

    Raises `InvalidRequestError` with the name of `media`.
    """
    try:
        with Image.open(io.BytesIO(media.content), formats=IMAGE_FORMATS) as image:
            return _rgb(image)
    except BROKEN_IMAGE as error:
        raise InvalidRequestError(f"Field '{media.name}': the image cannot be decoded: {error}") from error


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow would cut off what is above 255
        grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8))
