"""What the clients of one scenario ask in one run, repeatable by seed and without I/O.

Everything that can be drawn and encoded before the run is: while it lasts the generator only sends. What must
wait are the later turns of a chat, which hold the answers to the earlier ones.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from corral.bench.answer import said_in
from corral.bench.arrival import arrival_times
from corral.bench.dialect import Ask, n_ids
from corral.bench.prompt import Prompt, PromptSource
from corral.bench.recorder import Trace
from corral.bench.scenario import Scenario
from corral.bench.settings import LoadSettings
from corral.bench.structure import RECORDS

Which: TypeAlias = tuple[int, int]
"""A request of a run: its client, and which of the client's requests; both counted from 0."""


class Line(msgspec.Struct, frozen=True):
    """One request, ready to be sent: the JSON of its body, and what the outcome is judged by."""

    body: bytes
    n_predict: int
    n_sent: int = 0
    n_history: int = 0


class _Chat(msgspec.Struct):
    """What was said so far: the user's words and the answers in turn. `n_tokens` is the server's count."""

    said: list[Prompt]
    n_tokens: int = 0


class Script:
    """The requests of one run.

    In open loop every arrival is a client of its own: `due_s` has its seconds after the start, in order.
    """

    def __init__(self, scenario: Scenario, source: PromptSource, settings: LoadSettings, seed: str) -> None:
        self._scenario = scenario
        self._source = source
        self._settings = settings
        self._seed = seed
        self._chats: dict[Which, _Chat] = {}
        self._systems: dict[int, Prompt] = {}
        self.due_s: Sequence[float] = arrival_times(scenario.arrivals, seed) if scenario.arrivals else ()
        self.n_clients = len(self.due_s) or scenario.n_streams
        self.n_repeats = 1 if self.due_s else scenario.n_repeats
        names = [(client, repeat) for repeat in range(self.n_repeats) for client in range(self.n_clients)]
        self._prompts = {name: self._draw(*name) for name in names}
        self._lines = {} if scenario.n_chats else {name: self._word(*name) for name in names}

    @property
    def is_kept(self) -> bool:
        """Whether answers are needed for the requests that follow."""
        return self._scenario.n_chats > 0

    def line(self, which: Which) -> Line:
        """Return the request; a background client may ask for more of them than were prepared."""
        return self._lines.pop(which, None) or self._word(*which)

    def hear(self, which: Which, trace: Trace) -> None:
        """Take note of the answer."""
        if not self.is_kept:
            return
        chat = self._chat(*which)
        answer = said_in(trace.body, is_in_ids=self._has_ids)
        chat.said += [self._prompts[which], answer]
        chat.n_tokens = trace.count.n_prompt + trace.count.n_predicted

    @property
    def _has_ids(self) -> bool:
        return self._settings.dialect.has_token_ids and not self._source.is_in_words

    def _word(self, client: int, repeat: int) -> Line:
        scenario, settings = self._scenario, self._settings
        chat = self._chat(client, repeat) if scenario.n_chats else _Chat([])
        n_predict = self._length(
            scenario.predict_from, scenario.n_predict, f"{self._seed} {client} {repeat} answer"
        )
        ask = Ask(
            prompt=self._prompts.get((client, repeat)) or self._draw(client, repeat),
            n_predict=n_predict,
            is_greedy=settings.is_greedy,
            model=self._model(client, repeat),
            schema=RECORDS if scenario.is_json else None,
            system=self._system(repeat),
            said=tuple(chat.said),
            is_cached=scenario.is_cached,
            is_drafted=scenario.is_drafted,
        )
        body = msgspec.json.encode(settings.dialect.word(ask))
        return Line(body, n_predict, n_sent=n_ids(ask), n_history=chat.n_tokens)

    def _draw(self, client: int, repeat: int) -> Prompt:
        seed = f"{self._seed} {client} {repeat}"
        n_tokens = self._length(self._scenario.prompt_from, self._scenario.n_prompt, seed)
        if self._scenario.is_quoting:
            return self._source.draw_quote(n_tokens, seed)
        return self._piece(n_tokens, seed)

    def _chat(self, client: int, repeat: int) -> _Chat:
        return self._chats.setdefault((client, repeat % self._scenario.n_chats), _Chat([]))

    def _model(self, client: int, repeat: int) -> str | None:
        """Return the model to ask: requests take them in turn, and a chat keeps to one."""
        models = self._settings.models[: self._scenario.n_models] or (None,)
        place = repeat % self._scenario.n_chats if self.is_kept else repeat
        return models[(client + place * self.n_clients) % len(models)]

    def _system(self, repeat: int) -> Prompt | None:
        if self._scenario.n_shared == 0:
            return None
        if repeat not in self._systems:
            self._systems[repeat] = self._piece(self._scenario.n_shared, f"{self._seed} system {repeat}")
        return self._systems[repeat]

    def _piece(self, n_tokens: int, seed: str) -> Prompt:
        """Return a prompt of the kind that answers have, where they are to be joined with it."""
        is_in_words = self.is_kept and not self._has_ids
        return self._source.draw_words(n_tokens, seed) if is_in_words else self._source.draw(n_tokens, seed)

    def _length(self, least: int | None, most: int, seed: str) -> int:
        """Return `most`, or a length from `least` to `most` whose logarithm is evenly spread."""
        if least is None:
            return most
        # Repeatable by design: these numbers hide nothing.
        share = random.Random(seed).random()  # noqa: S311
        return round(least * math.pow(most / least, share))
