"""Many clients at once, of several models: some leave early, and now and then an engine is killed."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
from soak_client import Client

N_CLIENTS = 6
_LONGEST = 48  # tokens of an answer
_LEAVES = 0.25  # of the streams: at a random line
# An engine that breaks down again and again is restarted ever later: more kills test the pause, nothing else.
_MAX_KILLS = 15
_KILL_EVERY_S = 2.0
_LOOK_EVERY_S = 0.05  # models are ready for moments only while others wait for their room
_NOTICED_S = 1.0  # by then the gateway knows, and what comes waits for the restart


class Kill(NamedTuple):
    """An engine was killed then."""

    model: str
    at_s: float


class Outcome(NamedTuple):
    """How a request ended: `error` is empty if it went well, or left when it wanted."""

    model: str
    began_s: float
    ended_s: float
    has_left: bool = False
    error: str = ""


class Storm:
    """Runs for a while; `kills` and `outcomes` say what happened."""

    def __init__(self, url: str, models: Sequence[str], seed: int) -> None:
        self.kills: list[Kill] = []
        self.outcomes: list[Outcome] = []
        self._url = url
        self._models = models
        self._seed = seed
        self._numbers = itertools.count()
        self._over = threading.Event()

    def run(self, seconds: float) -> None:
        """Return when all requests have ended."""
        with ThreadPoolExecutor(N_CLIENTS + 1) as pool:
            workers = [pool.submit(self._ask_on, self._seed + n) for n in range(N_CLIENTS)]
            workers.append(pool.submit(self._kill_on, max(_KILL_EVERY_S, seconds / _MAX_KILLS)))
            self._over.wait(seconds)
            self._over.set()
        for worker in workers:
            worker.result()

    def unexplained(self) -> list[Outcome]:
        """Return the failures in whose time no engine of their model was killed."""
        failed = [outcome for outcome in self.outcomes if outcome.error]
        return [one for one in failed if not any(_explains(kill, one) for kill in self.kills)]

    def _ask_on(self, seed: int) -> None:
        random_ = random.Random(seed)  # noqa: S311 - a fixed mix, not a secret
        with contextlib.closing(Client(self._url)) as client:
            while not self._over.is_set():
                self.outcomes.append(self._ask(client, random_))

    def _ask(self, client: Client, random_: random.Random) -> Outcome:
        model = random_.choice(self._models)
        # No prompt twice: a request that was there at two crashes is refused, and rightly.
        prompt = f"{next(self._numbers)} {random_.random()}"
        n_tokens = random_.randint(1, _LONGEST)
        n_read = random_.randint(0, n_tokens) if random_.random() < _LEAVES else None
        began_s = time.monotonic()
        error = ""
        try:
            with client.stream(model, prompt, n_tokens) as lines:
                for line in itertools.islice(lines, n_read):
                    error = line if '"error"' in line else error
        except httpx.HTTPError as failure:
            error = str(failure) or repr(failure)
        return Outcome(model, began_s, time.monotonic(), has_left=n_read is not None, error=error)

    def _kill_on(self, every_s: float) -> None:
        with contextlib.closing(Client(self._url)) as client:
            due_s = time.monotonic() + every_s
            while not self._over.wait(_LOOK_EVERY_S):
                views = [client.view(model) for model in self._models]
                busy = [view for view in views if view["state"] == "ready" and view["n_open"]]
                if busy and time.monotonic() > due_s:
                    self._kill(min(busy, key=self._n_kills))
                    due_s = time.monotonic() + every_s

    def _n_kills(self, view: dict[str, Any]) -> int:
        return sum(kill.model == view["name"] for kill in self.kills)

    def _kill(self, view: dict[str, Any]) -> None:
        self.kills.append(Kill(view["name"], time.monotonic()))
        with contextlib.suppress(ProcessLookupError):  # unloaded since
            os.kill(view["pid"], signal.SIGKILL)


def _explains(kill: Kill, outcome: Outcome) -> bool:
    from_s = outcome.began_s - _NOTICED_S
    return kill.model == outcome.model and from_s <= kill.at_s <= outcome.ended_s
