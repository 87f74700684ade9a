"""Images are read on threads: others are served meanwhile."""

from __future__ import annotations

import asyncio
import base64

import pytest

from corral.api.media.loading import MediaLoading
from corral.core.errors import InvalidRequestError
from corral.core.settings import MediaAccess
from corral.prompt.gallery import MediaSource
from tests.unit.api.media.test_header import gif_of

N_BYTES = 4 * 1024 * 1024
# A picture made of blocks of one byte: the slowest to walk through.
SLOW_GIF = gif_of(1)[:-1] + b"\x2c" + b"\0" * 9 + b"\2" + b"\1\0" * (N_BYTES // 2)


async def turns_of_others(sources):
    """Return how often others had a turn while the images were loaded."""
    n_turns = 0
    loading = asyncio.ensure_future(MediaLoading(MediaAccess()).load(sources))
    while not loading.done():
        n_turns += 1
        await asyncio.sleep(0)
    await loading
    return n_turns


@pytest.mark.parametrize("head", ["data:image/gif;base64,", ""])
def test_others_have_their_turn_while_a_large_image_is_read(head):
    url = head + base64.b64encode(SLOW_GIF).decode()

    assert asyncio.run(turns_of_others([MediaSource(url, "image")])) > 10


def test_what_a_thread_finds_wrong_is_refused():
    with pytest.raises(InvalidRequestError, match="not valid base64"):
        asyncio.run(turns_of_others([MediaSource("data:image/png;base64,!", "image")]))
