"""Models from Docker Hub, whose images of type "model" hold a GGUF file as a layer.

The protocol is the registry API of the OCI distribution specification 1.1: a token, the manifest of a tag,
the blob that it names by its digest. The token is for reading one public repository and lives in memory only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from corral.catalog.download import Remote, check_here, fetch
from corral.catalog.progress import Progress, silent
from corral.catalog.receipt import read_receipt, receipt_path
from corral.core.errors import ModelLoadError

REGISTRY = "https://registry-1.docker.io"
AUTH = "https://auth.docker.io"
_OCI = "application/vnd.oci.image.manifest.v1+json"
_OLDER = "application/vnd.docker.distribution.manifest.v2+json"
_TIMEOUT_S = 10.0
_NAME = re.compile(
    r"(?:(?P<owner>[a-z0-9][a-z0-9._-]*)/)?(?P<name>[a-z0-9][a-z0-9._-]*)(?::(?P<tag>[A-Za-z0-9_][\w.-]{0,127}))?"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Layer(msgspec.Struct, rename="camel"):
    """One file of an image."""

    media_type: str = ""
    digest: str = ""


class Manifest(msgspec.Struct):
    """What an image is made of."""

    layers: list[Layer] = []


class DockerHub:
    """A registry and the service that gives out its tokens."""

    def __init__(self, *, registry: str = REGISTRY, auth: str = AUTH) -> None:
        self._registry = registry
        self._auth = auth

    def fetch(
        self, name: str, folder: Path, *, is_offline: bool = False, progress: Progress = silent
    ) -> Path:
        """Return the file of `[owner/]name[:tag]` in `folder`, downloaded if need be.

        Raises:
            ModelLoadError: no such image, no GGUF in it, no connection, or a file that is not what the
                manifest says.
        """
        repo, tag = _parsed(name)
        target = folder / f"{repo.replace('/', '_')}_{tag}.gguf"
        if is_offline:
            check_here(target)
            return target
        try:
            self._fetch(repo, tag, target, progress)
        except (httpx.HTTPError, OSError, msgspec.DecodeError) as error:
            raise ModelLoadError(f"cannot get {repo}:{tag} from the registry: {_reason(error)}") from error
        return target

    def _fetch(self, repo: str, tag: str, target: Path, progress: Progress) -> None:
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
            headers = {"Authorization": f"Bearer {self._token(client, repo)}"}
            digest = _gguf(self._manifest(client, repo, tag, headers), f"{repo}:{tag}")
        url = f"{self._registry}/v2/{repo}/blobs/{digest}"
        _forget_older(target, url)
        fetch(Remote(url, headers, digest.removeprefix("sha256:")), target, progress=progress)

    def _token(self, client: httpx.Client, repo: str) -> str:
        wanted = {"service": "registry.docker.io", "scope": f"repository:{repo}:pull"}
        answer: dict[str, Any] = _json(client.get(f"{self._auth}/token", params=wanted), dict[str, Any])
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise ModelLoadError(f"cannot get {repo}: the registry gave no token")
        return token

    def _manifest(self, client: httpx.Client, repo: str, tag: str, headers: dict[str, str]) -> Manifest:
        url = f"{self._registry}/v2/{repo}/manifests/{tag}"
        found: Manifest = _json(client.get(url, headers={**headers, "Accept": f"{_OCI}, {_OLDER}"}), Manifest)
        return found


def _parsed(name: str) -> tuple[str, str]:
    """Return (repository, tag)."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ModelLoadError(f"{name!r} is no [owner/]name[:tag] of a Docker repository")
    return f"{found['owner'] or 'ai'}/{found['name']}", found["tag"] or "latest"


def _gguf(manifest: Manifest, name: str) -> str:
    """Return the digest of the first GGUF layer."""
    digest = next((layer.digest for layer in manifest.layers if "gguf" in layer.media_type), None)
    if digest is None:
        raise ModelLoadError(f"the image {name} holds no GGUF file")
    if not _DIGEST.fullmatch(digest.lower()):
        raise ModelLoadError(f"the image {name} names its GGUF file by {digest!r}, which is no sha256 digest")
    return digest.lower()


def _forget_older(target: Path, url: str) -> None:
    """Let go of what the tag meant before."""
    known = read_receipt(target)
    if known is not None and known.url != url:
        target.unlink(missing_ok=True)
        receipt_path(target).unlink(missing_ok=True)


def _json(response: httpx.Response, kind: Any) -> Any:  # noqa: ANN401 - a type, and one of that type
    response.raise_for_status()
    return msgspec.json.decode(response.content, type=kind)


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__
