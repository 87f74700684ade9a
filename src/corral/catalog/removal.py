"""Models off this machine: their files, what a download noted beside them, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corral.catalog.download import partial_path
from corral.catalog.parts import all_parts
from corral.catalog.quant import is_model
from corral.catalog.receipt import receipt_path
from corral.catalog.turn import check_idle, lock_path
from corral.core.errors import CorralError, InternalError, NotFoundError

if TYPE_CHECKING:
    from huggingface_hub import CachedFileInfo, CachedRepoInfo, HFCacheInfo


class Removed(NamedTuple):
    """What went. `n_bytes` are free now: a file that something else still links to is not counted."""

    paths: list[Path]
    n_bytes: int


def remove(path: Path) -> Removed:
    """Remove the model loaded from `path`: all parts of a file, a folder, or files of the hub's cache.

    A link goes, what it points to stays; only the hub's cache, which is made of links, loses what they
    point to, within the repository's own folder and if no other link is left.

    Raises:
        NotFoundError: there is nothing at `path`.
        ModelLoadError: it is being downloaded.
        InternalError: the system refuses.
    """
    if not (path.exists() or path.is_symlink()):
        raise NotFoundError(f"there is no model file {path}", path=str(path))
    repo = _repo_folder(path)
    try:
        if repo is not None:
            return _remove_from_hub(repo, path)
        return _remove_folder(path) if path.is_dir() and not path.is_symlink() else _remove_files(path)
    except OSError as error:
        raise InternalError(f"cannot remove {path}: {error.strerror or error}", path=str(path)) from error


def _remove_files(path: Path) -> Removed:
    parts = [path.with_name(name) for name in all_parts(path.name)]
    for part in parts:
        check_idle(lock_path(part))
    beside = (receipt_path, partial_path, lambda part: receipt_path(partial_path(part)), lock_path)
    return _unlinked([*parts, *(find(part) for part in parts for find in beside)])


def _unlinked(paths: Iterable[Path]) -> Removed:
    gone = [path for path in paths if path.is_file() or path.is_symlink()]
    n_bytes = sum(_freed_bytes(path) for path in gone)
    for path in gone:
        path.unlink()
    return Removed(gone, n_bytes)


def _freed_bytes(path: Path) -> int:
    """Return what unlinking frees: nothing for a link, symbolic or hard."""
    about = path.lstat()
    return about.st_size if not path.is_symlink() and about.st_nlink == 1 else 0


def _remove_folder(path: Path) -> Removed:
    n_bytes = sum(_freed_bytes(file) for file in path.rglob("*") if file.is_symlink() or file.is_file())
    shutil.rmtree(path)  # which follows no link
    return Removed([path], n_bytes)


def _repo_folder(path: Path) -> Path | None:
    """Return the repository's folder `models--owner--name` if `path` is in a snapshot of the hub's cache."""
    for folder in path.absolute().parents:
        if folder.name == "snapshots" and folder.parent.name.startswith("models--"):
            return folder.parent
    return None


def _remove_from_hub(folder: Path, path: Path) -> Removed:
    from huggingface_hub import scan_cache_dir  # noqa: PLC0415 - the library takes half a second to import

    cache = scan_cache_dir(folder.parent)
    repo = next((one for one in cache.repos if one.repo_path.name == folder.name), None)
    if repo is None:
        raise CorralError(f"the cache of {path} is damaged; remove the folder {folder}")
    files = _files_of(repo)
    wanted = set(all_parts(_name_in(repo, path)))
    chosen = {file for file, name in files.items() if name in wanted}
    for file in chosen:
        check_idle(folder.parent / ".locks" / folder.name / f"{file.blob_path.name}.lock")
    others = set(files) - chosen
    if all(file.file_name.endswith(".gguf") and not is_model(files[file]) for file in others):
        return _remove_repo(cache, repo)
    return _remove_entries(cache, repo, chosen)


def _files_of(repo: CachedRepoInfo) -> dict[CachedFileInfo, str]:
    """Return the files of all revisions, each with its name in the repository."""
    return {
        file: file.file_path.relative_to(revision.snapshot_path).as_posix()
        for revision in repo.revisions
        for file in revision.files
    }


def _name_in(repo: CachedRepoInfo, path: Path) -> str:
    """Return what the file is called in its repository: what follows snapshots/<commit>/."""
    parts = path.absolute().parts
    start = len(parts) - 1 - parts[::-1].index(repo.repo_path.name)
    return "/".join(parts[start + 3 :])


def _remove_repo(cache: HFCacheInfo, repo: CachedRepoInfo) -> Removed:
    """Remove the whole repository, of which nobody would use what is left (a projector, earlier versions)."""
    files = _files_of(repo)
    n_bytes = _owned_bytes(repo, files)
    cache.delete_revisions(*(revision.commit_hash for revision in repo.revisions)).execute()
    locks = repo.repo_path.parent / ".locks" / repo.repo_path.name
    if locks.is_dir() and not locks.is_symlink():
        shutil.rmtree(locks)
    return _checked(Removed([*sorted(file.file_path for file in files), repo.repo_path], n_bytes))


def _remove_entries(cache: HFCacheInfo, repo: CachedRepoInfo, chosen: set[CachedFileInfo]) -> Removed:
    """Remove these files, and the blobs that no other file links to."""
    owned = {file for file in chosen if _is_own(repo, file)}
    strategy = cache.delete_files(*owned)
    strategy.execute()
    strangers = [file.file_path for file in chosen - owned if _is_in(repo, file.file_path.parent)]
    unlinked = _unlinked(strangers)
    paths = sorted((*strategy.files, *strategy.blobs, *unlinked.paths))
    return _checked(Removed(paths, strategy.expected_freed_size))


def _owned_bytes(repo: CachedRepoInfo, files: Iterable[CachedFileInfo]) -> int:
    return sum({file.blob_path: file.size_on_disk for file in files if _is_own(repo, file)}.values())


def _is_own(repo: CachedRepoInfo, file: CachedFileInfo) -> bool:
    """Return whether the file and what it links to are in the repository's folder."""
    return _is_in(repo, file.file_path.parent) and _is_in(repo, file.blob_path.parent)


def _is_in(repo: CachedRepoInfo, folder: Path) -> bool:
    return folder.resolve().is_relative_to(repo.repo_path.resolve())


def _checked(removed: Removed) -> Removed:
    """Return it. The library logs what it could not remove, and goes on."""
    left = [path for path in removed.paths if path.exists() or path.is_symlink()]
    if left:
        raise InternalError(f"cannot remove {left[0]}: permission denied", path=str(left[0]))
    return removed
