"""`--path`: the files of a folder, looked up before the routes."""

from __future__ import annotations

import mimetypes
import stat
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from corral.api.threads import in_thread
from corral.core.errors import SettingsError

# The types that pages need, the same on every machine: `mimetypes` asks the machine.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}


class Folder:
    """A folder whose files may be read by everybody; nothing outside it may, whatever links lie in it.

    Raises SettingsError if there is no such folder.
    """

    def __init__(self, path: str) -> None:
        self._root = Path(path).resolve()
        if not self._root.is_dir():
            raise SettingsError(f"static assets path not found: {path}")

    def find(self, path: str) -> Path | None:
        """Return the file at the URL path `path`, None if there is none; `.../` means `.../index.html`."""
        parts = path.removeprefix("/").split("/")
        if parts[-1] == "":
            parts[-1] = "index.html"
        if any(part in ("", ".", "..") or "\\" in part for part in parts):
            return None
        try:
            found = self._root.joinpath(*parts).resolve(strict=True)
            is_file = stat.S_ISREG(found.stat().st_mode)
        except (OSError, ValueError):  # ValueError: a NUL in the path
            return None
        return found if is_file and found.is_relative_to(self._root) else None


class FolderFirst:
    """ASGI middleware: answer GET and HEAD from `folder` where it has the file, without asking for a key."""

    def __init__(self, app: ASGIApp, folder: Folder) -> None:
        self._app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, else what stands behind."""
        found = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            found = await in_thread(lambda: self._folder.find(scope["path"]))
        if found is None:
            await self._app(scope, receive, send)
            return
        headers = {"content-type": content_type(found), "cache-control": "no-cache"}
        await FileResponse(found, headers=headers)(scope, receive, send)


def content_type(path: Path) -> str:
    """Return the type of a file, by its name."""
    known = _TYPES.get(path.suffix.lower())
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
