"""Blocking work whose waiter leaves."""

import asyncio
import contextlib
import threading

from corral.gateway.preparation import in_thread


def test_work_that_nobody_waits_for_any_more_ends_without_a_fault(monkeypatch):
    faults, release = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", faults.append)

    async def leave():
        waiting = asyncio.create_task(in_thread(lambda: release.wait(10)))
        await asyncio.sleep(0)
        (thread,) = (one for one in threading.enumerate() if one.name.endswith("(settle)"))
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        release.set()
        thread.join(10)

    asyncio.run(leave())

    assert faults == []
