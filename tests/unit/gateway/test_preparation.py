"""Work on a thread that outlives who waits for it."""

from __future__ import annotations

import asyncio
import threading

from corral.gateway.preparation import in_thread


def test_a_thread_ends_in_peace_after_who_waited_has_left(monkeypatch):
    complaints = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    begun, released, threads = threading.Event(), threading.Event(), []

    def work():
        threads.append(threading.current_thread())
        begun.set()
        released.wait()

    async def wait_and_leave():
        waiting = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(begun.wait)
        waiting.cancel()
        await asyncio.wait({waiting})

    asyncio.run(wait_and_leave())
    released.set()
    threads[0].join()

    assert complaints == []
