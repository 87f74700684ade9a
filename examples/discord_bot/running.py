"""The answers being made, by the message that asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class RunningAnswers:
    """Runs each answer as a task that can be cancelled by its message's id."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(self, message_id: int, answer: Coroutine[None, None, None]) -> None:
        """Wait for `answer`, whose errors are raised; return early, without error, where it is cancelled."""
        task = asyncio.ensure_future(answer)
        self._tasks[message_id] = task
        try:
            await asyncio.wait([task])
        finally:
            del self._tasks[message_id]
            task.cancel()  # where we are cancelled ourselves; nothing otherwise
        if not task.cancelled():
            task.result()

    def cancel(self, message_id: int) -> bool:
        """Cancel the answer to the message; say whether there was one."""
        task = self._tasks.get(message_id)
        return task is not None and task.cancel()
