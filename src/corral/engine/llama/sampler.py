"""A sampler chain for one sequence, of llama.cpp's links and ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Items
from itertools import groupby
from typing import Any

import llama_cpp
import numpy as np

from corral.core.sampler_names import MUSE, PENALTIES
from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates
from corral.engine.llama.links import CLink, Links, Step, dry, links_of, selection, temperature
from corral.engine.llama.muse import Muse
from corral.engine.llama.penalty import Penalty, penalty_of
from corral.engine.llama.sampled_model import SampledModel
from corral.engine.radix import Tokens
from corral.engine.structure.constraint import Constraint, Ids


class LlamaSampler:
    """Logit bias, penalties, the samplers in their order, then the choice. Owns its C links.

    Bias and penalties change the row of logits itself, in numpy. Then stands, in the plainest case, the
    largest logit (`is_argmax`); else one chain in C; else a mix of chains in C and steps in Python over a
    copy. A request pays for what it asks.

    `sample` chooses and remembers what it chose; `draw` only chooses, `accept` only remembers.
    """

    def __init__(
        self, model: SampledModel, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]
    ) -> None:
        bias = [*bias, *model.suppressed]
        self.n_probs = params.n_probs
        self.constraint: Constraint | None = None
        self.is_greedy = params.temperature <= 0
        self._bias_ids = np.array([token for token, _ in bias], np.int64)
        self._bias = np.array([offset for _, offset in bias], np.float32)
        self._penalties = penalty_of(model, params)
        self._muse = Muse(params.muse) if params.muse else None
        links = _links(model, params, seed, self._penalties, self._muse)
        self._n_first_penalties = _n_leading(links, self._penalties)
        del links[: self._n_first_penalties]
        self._n_remembered_in_c = _n_remembered_in_c(model, params)
        self._stages = list(_stages(links))
        self._chains = [stage for stage in self._stages if not callable(stage)]
        self.is_argmax = not links
        self._is_one_chain = len(self._stages) == len(self._chains) == 1

    def sample(self, context: Any, row: int, logits: Logits) -> int:  # noqa: ANN401 - a ctypes pointer
        """Choose the next token and remember it. `logits` [n_vocab] are those of `row`, and are changed."""
        if not self._is_one_chain and not self.is_argmax:
            token = self.draw(logits)
            self.accept(np.array([token], np.int32))
            return token
        self._weigh(logits)
        if self.is_argmax:
            token = int(logits.argmax())
        else:
            token = llama_cpp.llama_sampler_sample(self._chains[0], context, row)
        if self._penalties is not None:
            self._penalties.remember(np.array([token], np.int32))
        return token

    def draw(self, logits: Logits, ids: Ids | None = None) -> int:
        """Choose a token from a row of logits [n_vocab], which stays as it is, and do not remember it.

        Where `ids` are given, from those alone. It takes one draw of the chain's chance. `accept` whichever
        token is kept in the end.
        """
        if not self.is_argmax:
            return self.survivors(logits, ids).token
        if len(self._bias) or self._penalties is not None:
            logits = logits.copy()
            self._weigh(logits)
        return int(logits.argmax() if ids is None else ids[logits[ids].argmax()])

    def survivors(self, logits: Logits, ids: Ids | None = None) -> Candidates:
        """Do as `draw`, among `ids` if given; return the candidates that the chain left and selected from."""
        weighed = logits.copy()
        self._weigh(weighed)
        candidates = Candidates(weighed, ids)
        for stage in self._stages:
            if callable(stage):
                stage(candidates)
            else:
                candidates.apply(stage)
        if self.is_argmax:
            candidates.select_best()
        return candidates

    def accept(self, tokens: Tokens) -> None:
        """Remember tokens, oldest first, that came before or that `draw` chose."""
        if self._penalties is not None:
            self._penalties.remember(tokens)
        if self._muse is not None:
            self._muse.remember(len(tokens))
        if self._n_remembered_in_c:
            for token in tokens[-self._n_remembered_in_c :]:
                for chain in self._chains:
                    llama_cpp.llama_sampler_accept(chain, int(token))

    def close(self) -> None:
        """Free the chains with their links."""
        for chain in self._chains:
            llama_cpp.llama_sampler_free(chain)
        self._chains.clear()

    def _weigh(self, logits: Logits) -> None:
        """Add bias and penalties in place."""
        if len(self._bias):
            logits[self._bias_ids] += self._bias
        if self._penalties is not None:
            for _ in range(self._n_first_penalties):
                self._penalties.apply_to_row(logits)


def _links(
    model: SampledModel, params: SamplingParams, seed: int, penalties: Penalty | None, muse: Muse | None
) -> Links:
    """Return the links in order, behind the bias; none where nothing but the largest logit counts."""
    own: dict[str, Links] = {
        PENALTIES: [penalties.apply] if penalties else [],
        MUSE: [muse.apply] if muse else [],
    }
    if params.temperature <= 0:
        dried = dry(model, params, seed) if "dry" in params.samplers else []
        changed = [*own[PENALTIES], *own[MUSE], *dried]
        return [*changed, *([selection(model, params, seed)] if own[MUSE] or dried else [])]
    if params.mirostat:
        front = [*own[PENALTIES], *own[MUSE]]
        return [*front, *temperature(model, params, seed), selection(model, params, seed)]
    links: Links = []
    for name in _with_own(params.samplers):
        links += own[name] if name in own else links_of(name, model, params, seed)
    return [*links, selection(model, params, seed)]


def _with_own(samplers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chain with penalties first and Muse behind them, unless it names a place for them."""
    chain = samplers if PENALTIES in samplers else (PENALTIES, *samplers)
    behind = chain.index(PENALTIES) + 1
    return chain if MUSE in chain else (*chain[:behind], MUSE, *chain[behind:])


def _n_leading(links: Links, penalties: Penalty | None) -> int:
    """Return how often penalties stand in front of all else, where they can change the row itself."""
    n = 0
    while penalties and n < len(links) and links[n] == penalties.apply:
        n += 1
    return n


def _n_remembered_in_c(model: SampledModel, params: SamplingParams) -> int:
    """Return how many last tokens links in C want to know: DRY its window, adaptive-p its own choice."""
    has_dry = params.dry_multiplier > 0 and "dry" in params.samplers
    n_dry = model.window(params.dry_penalty_last_n) if has_dry else 0
    return max(n_dry, int("adaptive_p" in params.samplers))


def _stages(links: Links) -> Iterator[CLink | Step]:
    """Yield the links, neighbours in C joined to one chain."""
    for is_step, group in groupby(links, callable):
        if is_step:
            yield from group
        else:
            yield _chain(group)


def _chain(links: Iterable[CLink]) -> CLink:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in links:
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain
