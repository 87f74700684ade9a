"""Several downloads at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

N_THREADS = 4  # parts of one model that come at the same time

T = TypeVar("T")


def each(work: Callable[[T], None], items: Iterable[T], n_threads: int = N_THREADS) -> None:
    """Call `work` with every item, on up to `n_threads` threads; raise the first error once all have ended.

    After an error no further item is begun. The threads do not hold up the end of the process, as those of
    a ThreadPoolExecutor would: Ctrl-C would wait for the end of the downloads.
    """
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    errors: list[BaseException] = []

    def run() -> None:
        while not errors:
            try:
                work(waiting.get_nowait())
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 (not ended here: raised in who waits)
                errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(n_threads, waiting.qsize()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
