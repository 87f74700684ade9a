"""Limits hold before a pixel is decoded: a few bytes may claim to be gigabytes."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from corral.api.media.header import n_pixels
from corral.core.errors import InvalidRequestError
from corral.core.settings import MediaAccess

ACCESS = MediaAccess(max_bytes=200_000, max_pixels=1_000_000, max_images=10)


def image_file(form, *, size=(40, 30), n_frames=1):
    file = io.BytesIO()
    frames = [Image.new("RGB", size, (number * 20, 255 - number * 20, 0)) for number in range(n_frames)]
    more = {"save_all": True, "append_images": frames[1:]} if n_frames > 1 else {}
    frames[0].save(file, form, **more)
    return file.getvalue()


def png_bomb(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def gif_of(n_frames):
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + frame * n_frames + b"\x3b"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_the_size_is_read_from_the_header(form):
    assert n_pixels(image_file(form), "image", ACCESS) == 40 * 30


@pytest.mark.parametrize("lossless", [True, False])
def test_every_kind_of_webp_tells_its_size(lossless):
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), (1, 2, 3, 4)).save(file, "WEBP", lossless=lossless)

    assert n_pixels(file.getvalue(), "image", ACCESS) == 40 * 30


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png_bomb(100_000, 100_000), "100000 x 100000 pixels"),
        (png_bomb(2**31 - 1, 2**31 - 1), "pixels"),
        (b"RIFF" + b"\0" * 4 + b"WEBPVP8X" + b"\x0a\0\0\0" + b"\0" * 4 + b"\xff" * 6, "16777216 x 16777216"),
        (image_file("PNG", size=(1000, 9)), "too narrow"),
        (b"\0" * 200_001, "larger than 200000 bytes"),
        (gif_of(10_000), "more than 10 frames"),
        (image_file("PNG", n_frames=11), "more than 10 frames"),
        (image_file("WEBP", n_frames=11), "more than 10 frames"),
        (b"not an image", "not an image that can be read"),
        (b"", "not an image that can be read"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "not an image that can be read"),
        (image_file("TIFF"), "not an image that can be read"),
        (image_file("PPM"), "not an image that can be read"),
    ],
)
def test_what_is_too_much_is_refused_by_name(content, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        n_pixels(content, "image_data[3]", ACCESS)

    assert caught.value.message.startswith("Field 'image_data[3]': ")


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_a_short_animation_is_taken(form):
    assert n_pixels(image_file(form, n_frames=10), "image", ACCESS) == 40 * 30


@pytest.mark.parametrize("n_cut", range(0, 100, 7))
def test_a_cut_off_animation_is_measured_or_refused(n_cut):
    content = gif_of(20)[: -n_cut or None]

    with pytest.raises(InvalidRequestError):
        n_pixels(content, "image", ACCESS)
