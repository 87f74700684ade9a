"""A runner without a model that gives vectors: for tests, and to measure the cost of everything else.

A vector is made of nothing but the tokens of its own input, so one that was mixed up with another differs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from collections.abc import Sequence as Items

import numpy as np

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.core.messages import ModelFacts
from corral.engine.affinity import bind_threads, usable_cpus
from corral.engine.embedding_ports import Vectors
from corral.engine.fake import BOS, EOS, N_VOCAB, FakeBehaviour, FakeVocabulary
from corral.engine.pairs import PairLayout
from corral.engine.ports import DecodeError
from corral.engine.radix import Tokens

WIDTH = 4


class FakeEmbeddingRunner:
    """Counts: a vector holds the length of its input, the sum of its tokens, the first and the last."""

    width = WIDTH

    def __init__(
        self,
        settings: EngineSettings,
        behaviour: FakeBehaviour | None = None,
        bind: Callable[[frozenset[int]], None] = lambda _cpus: None,
    ) -> None:
        self.behaviour = behaviour or FakeBehaviour()
        self.leases: list[tuple[tuple[int, ...], int | None]] = []
        self._bind, self._usable = bind, usable_cpus()
        n_ctx = settings.n_ctx or 1024
        self.n_rows = self.n_input = min(settings.n_ubatch, settings.n_batch, n_ctx)
        self.n_inputs = settings.n_parallel or 4
        self.pairs = PairLayout(head=(BOS,), between=(EOS,), tail=(EOS,))
        self.vocabulary = FakeVocabulary()
        self.n_decoded = 0
        self.batches: list[list[int]] = []  # the lengths of the inputs of each batch
        self.facts = ModelFacts(
            name="fake",
            architecture="fake",
            n_vocab=N_VOCAB,
            n_ctx=n_ctx,
            n_ctx_train=4096,
            n_threads=settings.cpu.n_threads or None,
            n_embd=WIDTH,
            n_slots=self.n_inputs,
            purpose=settings.purpose,
            pooling="rank" if settings.purpose == "rank" else settings.pooling or "mean",
            is_bos_added=True,
            n_batch=self.n_rows,
            n_ubatch=min(settings.n_ubatch, settings.n_batch),
        )

    def embed(self, inputs: Items[Tokens]) -> list[Vectors]:
        """Return the counts, as strict about sizes as llama.cpp is."""
        self.n_decoded += 1
        self.batches.append([len(tokens) for tokens in inputs])
        self._misbehave()
        if len(inputs) > self.n_inputs or sum(map(len, inputs)) > self.n_rows:
            raise DecodeError(f"{self.batches[-1]} do not fit")
        return [self._vectors(tokens) for tokens in inputs]

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None = None) -> None:
        """Bind the threads of the process, as a real engine does, and note it."""
        self.leases.append((cpus, n_threads))
        self._bind(frozenset(cpus) or self._usable)

    def leave(self) -> None:
        """Nothing to say."""

    def close(self) -> None:
        """Nothing to free."""

    def _vectors(self, tokens: Tokens) -> Vectors:
        vector = [len(tokens), int(tokens.sum()), int(tokens[0]), int(tokens[-1])]
        n_vectors = len(tokens) if self.facts.pooling == "none" else 1
        return np.array([vector] * n_vectors, np.float32)

    def _misbehave(self) -> None:
        time.sleep(self.behaviour.step_ms / 1000)
        if self.n_decoded == self.behaviour.crash_after:
            os._exit(139)
        if self.n_decoded == self.behaviour.fail_after:
            raise DecodeError("asked to fail")


def load(path: str, settings: EngineSettings) -> FakeEmbeddingRunner:
    """Return a fake that behaves as `path` asks. Raises `ModelLoadError`."""
    behaviour = FakeBehaviour.parse(path)
    if behaviour.load_fails:
        raise ModelLoadError("asked to fail to load")
    return FakeEmbeddingRunner(settings, behaviour, bind_threads)
