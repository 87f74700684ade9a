"""Which kinds of image files are read, by Pillow's names: every format opened is code that strangers feed."""

from __future__ import annotations

import struct
import zlib

IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")

# What Pillow's readers raise on files that lie about themselves.
BROKEN_IMAGE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    NotImplementedError,
    struct.error,
    zlib.error,
)
