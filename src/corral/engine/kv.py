"""Who holds which KV cells. Both layouts, streams and unified, behind one owner.

Every seq_id is either idle, keeping the KV of an ended sequence for whoever shares its beginning, or leased
to a running one. A new sequence reuses the longest prefix that anybody of its caller has, idle or running:
in place when the idle one is used up whole, else by copying, so that the source keeps its history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

import numpy as np

from corral.engine.media import n_positions, whole_images
from corral.engine.ports import Memory
from corral.engine.prefixes import ANYBODY, NO_MATCH, PrefixIndex, Space
from corral.engine.radix import Match, Tokens, common_length
from corral.engine.tiers.copies import Copies
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import MIN_TOKENS, Tiers


@dataclass(frozen=True, slots=True)
class Placement:
    """Lease `seq_id`; its first `n_cached` tokens come from `source` (itself when in place).

    With a `blob` they come from host memory, whatever the sequence holds.
    """

    seq_id: int
    source: int
    n_cached: int
    blob: Match | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sequence asks of memory.

    `worth_copying` is the least number of tokens that pays for a copy; `similarity` the share of an idle
    sequence that a match too short for that must cover to take its place (0: never). What is public is
    reused even where nothing else is wanted from the cache. Who asks for a `slot` reuses what that one holds,
    as llama-server has it, and of the others only what is public. At most the first `n_reusable` tokens are
    reused. With `own` it takes the place of one of those or of nobody: they begin with the tokens that are
    reused, and are not missed unless somebody else was there since.
    """

    tokens: Tokens
    space: Space = ANYBODY
    slot: int | None = None
    is_cache_wanted: bool = True
    worth_copying: int = 1
    similarity: float = 0.0
    n_reusable: int | None = None
    own: Collection[int] | None = None


class KvLedger:
    """The owner of all seq_ids. Invariants are stated by `check`."""

    def __init__(
        self, memory: Memory, n_slots: int, *, is_trimmable: bool, tiers: Tiers | None = None
    ) -> None:
        self._memory = memory
        self._tiers = tiers or Tiers(HostTier(0))
        self._copies = Copies(memory, self._tiers, is_trimmable=is_trimmable)
        self._is_trimmable = is_trimmable
        self._idle: dict[int, None] = dict.fromkeys(range(n_slots))  # least recently used first
        self._leased: set[int] = set()
        self._index = PrefixIndex()
        self._n_resident: dict[int, int] = dict.fromkeys(range(n_slots), 0)

    @property
    def tiers(self) -> Tiers:
        """Where prefixes go that leave the cells."""
        return self._tiers

    @property
    def n_idle(self) -> int:
        """How many sequences could be admitted."""
        return len(self._idle)

    @property
    def n_cells_used(self) -> int:
        """Tokens known to be in memory."""
        return sum(self._n_resident.values())

    def is_idle(self, seq_id: int) -> bool:
        """Whether `seq_id` could be leased."""
        return seq_id in self._idle

    def has_place(self, own: Collection[int]) -> bool:
        """Whether one of `own` could be leased, or one that holds nothing."""
        return any(self._is_free(seq_id, own) for seq_id in self._idle)

    def lease(self, wish: Wish) -> Placement:
        """Lease a seq_id for `wish.tokens`; at least one of them stays to be evaluated.

        Modifies memory: afterwards the leased sequence holds exactly the first `n_cached` tokens.
        """
        assert self._idle
        placement = self._place(wish)
        seq_id, n_cached = placement.seq_id, placement.n_cached
        # Taken before the rescue, which may need its place in host memory.
        blob = None if placement.blob is None else self._tiers.take(placement.blob)
        is_in_place = placement.source == seq_id and blob is None
        if not self._is_own(seq_id, wish):
            self._rescue(seq_id, n_kept=n_cached if is_in_place else 0)
        if blob is not None:
            n_cached *= self._copies.restore(seq_id, blob)
        elif not is_in_place:
            self._memory.copy(placement.source, seq_id)
        n_cached = self._trimmed(seq_id, wish.tokens[:n_cached])
        if blob is not None:
            self._tiers.taken(blob, n_cached)
        del self._idle[seq_id]
        self._leased.add(seq_id)
        self.record(seq_id, wish.space, wish.tokens[:n_cached])
        return Placement(seq_id, placement.source, n_cached)

    def record(self, seq_id: int, space: Space, tokens: Tokens) -> None:
        """Note that `seq_id` holds the KV of `tokens`, for `space` to share."""
        self._n_resident[seq_id] = len(tokens)
        self._index.put(seq_id, space, tokens)

    def release(self, seq_id: int, space: Space, tokens: Tokens) -> None:
        """Take `seq_id` back; it keeps `tokens` until the space is needed."""
        self._leased.remove(seq_id)
        self._idle[seq_id] = None
        self.record(seq_id, space, tokens)

    def discard(self, seq_id: int) -> None:
        """Take `seq_id` back with nothing in it: its memory is in doubt."""
        self._leased.remove(seq_id)
        self._idle[seq_id] = None
        self.erase(seq_id)

    def erase(self, seq_id: int) -> int:
        """Forget what the idle `seq_id` holds; return how many tokens that were. It is the next to go."""
        n_erased = self._n_resident[seq_id]
        self._memory.clear(seq_id)
        self._index.remove(seq_id)
        self._n_resident[seq_id] = 0
        del self._idle[seq_id]
        self._idle = {seq_id: None, **self._idle}
        return n_erased

    def shorten(self, seq_id: int, space: Space, tokens: Tokens, *, n_kept: int) -> None:
        """Forget all but the first `n_kept` tokens of what begins with `tokens` in `space`.

        Nothing happens where `seq_id` is leased or holds something else by now.
        """
        if not self.is_idle(seq_id) or self._index.space(seq_id) != space:
            return
        held = self._index.tokens(seq_id)
        if common_length(held, tokens) < min(len(tokens), len(held)):
            return
        if n_kept and n_kept < len(held) and self._is_trimmable:
            self.record(seq_id, space, held[: self._trimmed(seq_id, held[:n_kept])])
        elif not n_kept:
            self.erase(seq_id)

    def space(self, seq_id: int) -> Space | None:
        """Return for whom `seq_id` holds what it does, None where it holds nothing."""
        return self._index.space(seq_id)

    def content(self, seq_id: int) -> tuple[Space, Tokens]:
        """Return what the idle `seq_id` holds, and for whom; memory holds just that afterwards."""
        assert self.is_idle(seq_id)
        space = self._index.space(seq_id)
        if space is None:
            self._memory.clear(seq_id)
            return ANYBODY, np.empty(0, np.int32)
        if self._is_trimmable:
            self._memory.trim(seq_id, n_positions(self._index.tokens(seq_id)))
        return space, self._index.tokens(seq_id)

    def fill(self, seq_id: int, space: Space, tokens: Tokens) -> None:
        """Note that the idle `seq_id` was given the KV of `tokens` from outside; it was used just now."""
        del self._idle[seq_id]
        self._idle[seq_id] = None
        self.record(seq_id, space, tokens)

    def check(self) -> None:
        """Assert the invariants: each seq_id idle or leased, each indexed under as much as it holds."""
        assert not self._leased & self._idle.keys()
        assert self._leased | self._idle.keys() == self._n_resident.keys()
        self._index.check()
        for seq_id, n_resident in self._n_resident.items():
            n_indexed = len(self._index.tokens(seq_id)) if self._index.space(seq_id) else 0
            assert n_indexed == n_resident

    def rescue_idle(self) -> None:
        """Bring what idle sequences hold to disk, if there is one: cells and host memory are about to go."""
        for seq_id in sorted(self._idle, key=self._n_resident.__getitem__, reverse=True):
            space = self._index.space(seq_id)
            if space is not None:
                self._copies.leave(seq_id, space, self._index.tokens(seq_id))

    def rescue(self, seq_id: int) -> None:
        """Bring what the idle `seq_id` holds to the tiers, whoever else holds it too."""
        space = self._index.space(seq_id)
        if space is not None:
            self._copies.save(seq_id, space, self._index.tokens(seq_id))

    def n_held(self, space: Space, tokens: Tokens) -> int:
        """Return how many first tokens of a prompt are in cells or in host memory, ready to be used."""
        in_cells = self._usable(self._index.match(space, tokens)).n_tokens
        return max(in_cells, self._tiers.match(space, tokens).n_tokens)

    @property
    def has_checkpoints(self) -> bool:
        """Whether states are kept on the way, of memory that cannot be cut."""
        return self._copies.has_checkpoints

    def is_checkpoint_due(self, space: Space, tokens: Tokens) -> bool:
        """Whether a sequence should stop where it holds just `tokens` of its prompt, to have them kept."""
        return self._copies.is_checkpoint_due(space, tokens)

    def checkpoint(self, seq_id: int, space: Space, tokens: Tokens, *, is_inside: bool) -> None:
        """Keep the state of the leased `seq_id`, which holds just `tokens`, if that is due.

        `is_inside`: more of its prompt than the last token is to come.
        """
        self._copies.checkpoint(seq_id, space, tokens, is_inside=is_inside)

    def _rescue(self, seq_id: int, *, n_kept: int) -> None:
        """Have the tiers keep what an idle sequence holds, of which only `n_kept` tokens stay."""
        space = self._index.space(seq_id)
        if space is None:
            return
        tokens = self._index.tokens(seq_id)
        if n_kept and not self._is_trimmable:
            self._copies.checkpoint(seq_id, space, tokens)  # it goes on, and cannot be cut back to this
        elif len(tokens) - n_kept >= MIN_TOKENS and not self._twins(seq_id, space, tokens):
            self._copies.save(seq_id, space, tokens)

    def _is_own(self, seq_id: int, wish: Wish) -> bool:
        """Whether an idle sequence holds what one of `wish.own` left, of which nothing is missed.

        All that they share is reused, or computed again, by whoever takes the place.
        """
        space = self._index.space(seq_id)
        if wish.own is None or space is None or space.key != wish.space.key:
            return False
        held = self._index.tokens(seq_id)
        n_shared = len(wish.tokens) if wish.n_reusable is None else wish.n_reusable
        return common_length(held, wish.tokens) >= min(len(held), n_shared)

    def _twins(self, seq_id: int, space: Space, tokens: Tokens) -> frozenset[int]:
        """Return who else holds all of `tokens`, for others to use."""
        match = self._index.match(space, tokens)
        return self._usable(Match(match.n_tokens, match.holders - {seq_id})).holders

    def _place(self, wish: Wish) -> Placement:
        match = self._match(wish)
        blob = self._blob(wish, match)
        if blob is not None:
            target = self._target(wish, NO_MATCH)
            return Placement(target, target, blob.n_tokens, blob)
        target = self._target(wish, match)
        if target in match.holders:
            return Placement(target, target, match.n_tokens)
        if match.n_tokens >= wish.worth_copying:
            return Placement(target, min(match.holders), match.n_tokens)
        return Placement(target, target, 0)

    def _blob(self, wish: Wish, match: Match) -> Match | None:
        """Return what host memory has, if that is longer than `match` by what pays."""
        if wish.slot is not None:
            return None
        found = self._tiers.match(wish.space, self._reusable(wish))
        n_tokens = whole_images(wish.tokens, found.n_tokens)
        if n_tokens < match.n_tokens + MIN_TOKENS or (n_tokens < found.n_tokens and not self._is_trimmable):
            return None
        return Match(n_tokens, found.holders)

    @staticmethod
    def _reusable(wish: Wish) -> Tokens:
        """Return the tokens that may come from a cache: one is always left to evaluate."""
        n_wanted = len(wish.tokens) if wish.is_cache_wanted else wish.space.n_public
        if wish.n_reusable is not None:
            n_wanted = min(n_wanted, wish.n_reusable)
        return wish.tokens[:-1][:n_wanted]

    def _match(self, wish: Wish) -> Match:
        """Return the longest usable prefix: it leaves a token to evaluate and ends where it can be cut."""
        found = self._index.match(wish.space, self._reusable(wish), only=wish.slot)
        return self._usable(Match(whole_images(wish.tokens, found.n_tokens), found.holders))

    def _usable(self, match: Match) -> Match:
        """Return a match as memory allows it: what cannot be cut must end there, and stay as it is."""
        if not match.n_tokens or self._is_trimmable:
            return match
        whole = frozenset(
            h for h in match.holders & self._idle.keys() if self._n_resident[h] == match.n_tokens
        )
        return Match(match.n_tokens, whole) if whole else NO_MATCH

    def _target(self, wish: Wish, match: Match) -> int:
        """Return the idle seq_id to lease: the one asked for, one used up whole, else the least missed."""
        if wish.slot is not None:
            return wish.slot
        if wish.own is not None:
            free = [seq_id for seq_id in self._idle if self._is_free(seq_id, wish.own)]
            return next((seq_id for seq_id in free if seq_id in match.holders), free[0])
        n_spared = self._n_spared(wish, match)
        whole = (
            seq_id
            for seq_id in self._idle
            if seq_id in match.holders and self._n_resident[seq_id] <= n_spared
        )
        empty = (seq_id for seq_id in self._idle if not self._n_resident[seq_id])
        other = (seq_id for seq_id in self._idle if seq_id not in match.holders)
        return next(chain(whole, empty, other, self._idle))

    def _is_free(self, seq_id: int, own: Collection[int]) -> bool:
        return seq_id in own or not self._n_resident[seq_id]

    @staticmethod
    def _n_spared(wish: Wish, match: Match) -> int:
        """Return how much an idle sequence may hold and still be reused in place.

        Nothing of it beyond the match and the one token that is evaluated again; when the match is too short
        to be copied, also a tail that `slot_prompt_similarity` calls small.
        """
        if match.n_tokens < wish.worth_copying and wish.similarity > 0:
            return int(match.n_tokens / wish.similarity)
        return match.n_tokens + 1

    def _trimmed(self, seq_id: int, kept: Tokens) -> int:
        """Cut the sequence to the tokens `kept`; return how many there really are (0 if it cannot be cut)."""
        if len(kept) and (not self._is_trimmable or self._memory.trim(seq_id, n_positions(kept))):
            return len(kept)
        self._memory.clear(seq_id)
        return 0
