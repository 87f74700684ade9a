"""Threads for the part of a request that would hold up all the others: files, long chats, pictures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio.to_thread
from starlette.requests import Request

T = TypeVar("T")

# A body beyond this may keep a thread busy for milliseconds; below it, a thread costs more than the work.
LARGE_BYTES = 32 * 1024


def choose_n_threads(wanted: int | None, n_parallel: int | None) -> int:
    """Return `--threads-http`, by default as many as llama-server takes.

    That is max(slots + 2, cores - 1), from its README.
    """
    return wanted or max((n_parallel or 4) + 2, (os.cpu_count() or 1) - 1)


def limit_threads(n_threads: int) -> None:
    """Let no more than `n_threads` do blocking work for requests. To be called in the running loop."""
    executor = ThreadPoolExecutor(n_threads, thread_name_prefix="http")
    asyncio.get_running_loop().set_default_executor(executor)
    anyio.to_thread.current_default_thread_limiter().total_tokens = n_threads


async def in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns on one of these threads; wait for one if all are busy."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


async def by_weight(work: Callable[[], T], *, is_heavy: bool) -> T:
    """Return what `work` returns; only what takes milliseconds is worth a thread."""
    return await in_thread(work) if is_heavy else work()


async def by_size(request: Request, work: Callable[[], T]) -> T:
    """Return what `work` on the body of `request` returns; only a large one is worth a thread."""
    return await by_weight(work, is_heavy=is_large(request))


def is_large(request: Request) -> bool:
    """Tell whether the work on the body belongs on a thread. Its length may be announced, or not."""
    announced = request.headers.get("content-length", "")
    return not (announced.isascii() and announced.isdigit()) or int(announced) > LARGE_BYTES
