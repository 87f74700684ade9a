"""`--threads-http` bounds the threads that do blocking work for requests."""

import asyncio
import threading

import anyio.to_thread
import pytest
from starlette.requests import Request

from corral.api.threads import choose_n_threads, in_thread, is_large, limit_threads


async def most_at_once(n_threads, n_jobs):
    """Return how many of the jobs ran together, each waiting for the others where it can."""
    limit_threads(n_threads)
    barrier = threading.Barrier(n_threads)
    running, most = 0, 0
    lock = threading.Lock()

    def job():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(10)
        with lock:
            running -= 1

    await asyncio.gather(*(in_thread(job) for _ in range(n_jobs)))
    return most


@pytest.mark.parametrize("n_threads", [1, 3])
def test_no_more_threads_work_than_allowed(n_threads):
    assert asyncio.run(most_at_once(n_threads, 3 * n_threads)) == n_threads


def test_the_threads_of_file_responses_are_bounded_too():
    async def tokens():
        limit_threads(3)
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    assert asyncio.run(tokens()) == 3


def test_what_the_work_raises_is_raised():
    async def divide():
        return await in_thread(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(divide())


def test_the_default_is_llama_servers(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)

    assert choose_n_threads(None, 4) == 15
    assert choose_n_threads(None, 30) == 32
    assert choose_n_threads(2, 30) == 2


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"content-length", b"100")], False),
        ([(b"content-length", b"100000")], True),
        ([(b"content-length", b"much")], True),
        ([], True),
    ],
)
def test_a_body_of_unknown_length_counts_as_large(headers, expected):
    assert is_large(Request({"type": "http", "headers": headers})) is expected
