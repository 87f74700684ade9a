"""From what a chat names as images to their bytes, within the limits of one request."""

from __future__ import annotations

from collections.abc import Sequence

from corral.api.media.files import SCHEME, read_file
from corral.api.media.inline import from_base64, from_data_url
from corral.api.media.limits import check_count, check_sizes, check_total
from corral.api.threads import in_thread
from corral.core.errors import InvalidRequestError
from corral.core.request import Media
from corral.core.settings import MediaAccess
from corral.prompt.gallery import MediaSource


class MediaLoading:
    """Loads images as `--media-path`, `--media-remote` and the limits allow."""

    def __init__(self, access: MediaAccess) -> None:
        self._access = access

    async def load(self, sources: Sequence[MediaSource]) -> list[Media]:
        """Return the images, one for each source. Raises InvalidRequestError."""
        check_count(len(sources), self._access)
        media: list[Media] = []
        for source in sources:
            media.append(Media(await self._content(source), source.name))
            _check_kind(media[-1], source)
            check_total(media)
        await in_thread(lambda: check_sizes(media, self._access))
        return media

    async def _content(self, source: MediaSource) -> bytes:
        url, name = source.url, source.name
        if url.startswith("data:"):
            kind = "audio" if source.is_sound else "image"
            return await in_thread(lambda: from_data_url(url, name, kind))
        if url.startswith(("http://", "https://")):
            return await self._remote(url, name)
        if url.startswith(SCHEME):
            return await self._file(url, name)
        return await in_thread(lambda: from_base64(url, name))

    async def _remote(self, url: str, name: str) -> bytes:
        if not self._access.is_remote_allowed:
            raise InvalidRequestError(
                f"Field '{name}': addresses of other servers are not followed; send the image itself as "
                "data:image/...;base64,... or start the server with --media-remote"
            )
        from corral.api.media.remote import RemoteImages  # noqa: PLC0415 - needs an HTTP client

        return await RemoteImages(self._access.max_bytes).fetch(url, name)

    async def _file(self, url: str, name: str) -> bytes:
        folder, max_bytes = self._access.dir, self._access.max_bytes
        if folder is None:
            raise InvalidRequestError(
                f"Field '{name}': file:// URLs are not allowed unless --media-path is specified"
            )
        return await in_thread(lambda: read_file(folder, url, name, max_bytes))


def _check_kind(media: Media, source: MediaSource) -> None:
    if source.is_sound and not media.is_sound:
        raise InvalidRequestError(f"Field '{source.name}': sound is read from WAV files; convert it to one")
    if media.is_sound and not source.is_sound:
        raise InvalidRequestError(f"Field '{source.name}': this is sound; send it as input_audio")
