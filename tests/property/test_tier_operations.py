"""A thousand and more random operations on host memory and disk against a plain list of what was kept."""

from __future__ import annotations

import errno
import itertools
import random
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.engine import slot_file
from corral.engine.prefixes import Space
from corral.engine.radix import common_length
from corral.engine.slot_file import Taker
from corral.engine.tiers import tiers as tiers_module
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

N_OPERATIONS = 1200
N_CTX = 40
SEAL_BYTES = 400  # what a file has more than the state and the tokens, at most
SPACES = [
    Space(caller, loras, n_public)
    for caller, loras, n_public in itertools.product("xy", [(), ((0, 1.0),)], [0, 6])
]
WAYS = st.fixed_dictionaries({"is_trimmable": st.booleans(), "is_parking": st.booleans()})


class Fleet:
    """Host memory and disk, restarted now and then, and every prefix that was ever kept."""

    def __init__(self, folder, draw, *, host_bytes, disk_bytes, way):
        self.folder, self.draw = folder, draw
        self.host_bytes, self.disk_bytes = host_bytes, disk_bytes
        self.way, self.is_trimmable = way, way["is_trimmable"]
        self.kept = []
        self.is_failing = False
        self.start()

    def start(self):
        self.disk = DiskTier(
            str(self.folder),
            self.disk_bytes,
            Taker("f" * 32, 4, N_CTX),
            **self.way,
        )
        self.host = HostTier(self.host_bytes, is_trimmable=self.is_trimmable)
        self.tiers = Tiers(self.host, self.disk)
        self.waiting = set(self.disk._files) - self.indexed()
        for number in self.waiting:  # a spoiled count of tokens
            assert len(slot_file.read_tokens(str(self.disk._files[number].path))) > N_CTX

    def indexed(self):
        return {number for tree in self.disk._trees.values() for number in tree.holders()}

    def settle(self):
        self.disk.flush()
        self.disk._settle()
        self.disk.flush()  # what had to go

    def prefix(self):
        """Return somebody's prefix: often one that is known, longer or shorter by some."""
        space = self.draw.choice(SPACES)
        ids = [self.draw.randrange(3) for _ in range(self.draw.randint(1, N_CTX))]
        if self.kept and self.draw.random() < 0.7:
            known = self.draw.choice(self.kept)[1].tolist()
            ids = (known[: self.draw.randint(1, len(known))] + ids)[: self.draw.randint(1, N_CTX)]
            space = self.draw.choice([space, self.draw.choice(self.kept)[0]])
        return space, np.array(ids, np.int32)

    def keep(self, space, tokens):
        if self.tiers.is_wanted(space, tokens):
            self.tiers.keep(space, tokens, state_of(space, tokens))
            self.kept.append((space, tokens))

    def use(self, space, tokens):
        """Take what host memory has, as a request does; it must be what was kept, of who may have it."""
        match = self.tiers.match(space, tokens)
        assert match.n_tokens == longest(self.held(), space, tokens, is_trimmable=self.is_trimmable)
        if match.n_tokens:
            blob = self.tiers.take(match)
            self.tiers.taken(blob, match.n_tokens)
            check_blob(blob)
            assert (blob.tokens[: match.n_tokens] == tokens[: match.n_tokens]).all()
            assert match.n_tokens <= allowed(blob.space, len(blob.tokens), space)

    def fetch(self, space, tokens):
        arrived = []
        found = self.tiers.find(space, tokens, self.tiers.match(space, tokens).n_tokens)
        if found is not None:
            self.tiers.read(found, arrived.append)
            self.settle()
            (blob,) = arrived
            if blob is not None:
                assert blob.space.key == space.key
                check_blob(blob)
            self.tiers.arrived(blob)
            if self.way["is_parking"]:
                assert found.number not in self.disk._files  # host memory has it now

    def restart(self):
        if self.draw.random() < 0.7:  # else it was killed
            self.tiers.close()
        self.disk.close()
        self.start()

    def spoil(self):
        """Do to a file what disks and people do."""
        self.settle()
        paths = sorted(self.folder.rglob("*.kv"))
        if paths:
            path, octets = self.draw.choice(paths), bytearray(self.draw.choice(paths).read_bytes())
            kind = self.draw.randrange(3)
            if kind == 0:
                path.unlink()
            elif kind == 1 or not octets:  # it may have been cut to nothing before
                path.write_bytes(octets[: self.draw.randint(0, len(octets))])
            else:
                octets[self.draw.randrange(len(octets))] ^= 1 << self.draw.randrange(8)
                path.write_bytes(octets)

    def held(self):
        return [(blob.space, blob.tokens) for blob in self.host._blobs.values()]

    def check(self):
        self.host.check()
        files = self.disk._files.values()
        assert self.disk.n_bytes == sum(file.n_bytes for file in files) <= self.disk_bytes
        assert self.indexed() == set(self.disk._files) - self.waiting


def state_of(space, tokens):
    """Return a state that no other caller, adapters or tokens have."""
    mark = zlib.crc32(repr((space.key, tokens.tolist())).encode())
    return np.random.default_rng(mark).integers(0, 256, 20 + 4 * len(tokens)).astype(np.uint8)


def check_blob(blob):
    assert (blob.state == state_of(blob.space, blob.tokens)).all()


def allowed(held, n_tokens, space):
    """Return how much of what `held` has `space` may use."""
    if held.key == space.key:
        return n_tokens
    return min(n_tokens, held.n_public, space.n_public) if held.loras == space.loras else 0


def longest(kept, space, wanted, *, is_trimmable):
    best = 0
    for held, tokens in kept:
        n = common_length(tokens, wanted)
        if not is_trimmable:
            n = n if n == len(tokens) and held.key == space.key else 0
        best = max(best, min(n, allowed(held, n, space)))
    return best


@pytest.fixture(autouse=True)
def short_prefixes(monkeypatch):
    monkeypatch.setattr(tiers_module, "MIN_TOKENS", 2)


OPERATIONS = ("keep",) * 5 + ("use",) * 4 + ("fetch",) * 3 + ("reject", "thin", "restart", "spoil", "fail")


def operate(fleet, name):
    space, tokens = fleet.prefix()
    match name:
        case "reject":
            match_ = fleet.tiers.match(space, tokens)
            if match_.n_tokens:
                fleet.tiers.reject(fleet.tiers.take(match_))
        case "thin":
            fleet.tiers.thin(space, tokens, fleet.draw.randint(0, 2))
        case "restart" | "spoil":
            getattr(fleet, name)()
        case "fail":
            fleet.is_failing = not fleet.is_failing
        case _:
            getattr(fleet, name)(space, tokens)


@settings(deadline=None, max_examples=8)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([300, 2000, None]),
    st.sampled_from([600, 20_000]),
    WAYS,
)
def test_a_thousand_operations_lose_and_mix_up_nothing(tmp_path_factory, draw, host_bytes, disk_bytes, way):
    fleet = Fleet(
        tmp_path_factory.mktemp("disk"),
        random.Random(draw.getrandbits(64)),
        host_bytes=host_bytes,
        disk_bytes=disk_bytes,
        way=way,
    )
    true_write = slot_file.write

    def write(*args):
        if fleet.is_failing:
            raise OSError(errno.ENOSPC, "the disk is full")
        return true_write(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot_file, "write", write)
        for _ in range(N_OPERATIONS):
            operate(fleet, fleet.draw.choice(OPERATIONS))
            fleet.check()
        fleet.settle()

    on_disk = sum(path.stat().st_size for path in fleet.folder.rglob("*.kv"))
    assert on_disk <= disk_bytes + SEAL_BYTES * len(fleet.disk)
    fleet.disk.close()


@settings(deadline=None, max_examples=8)
@given(st.randoms(use_true_random=False), WAYS)
def test_with_room_for_all_everything_kept_is_found_whatever_happened(tmp_path_factory, draw, way):
    fleet = Fleet(
        tmp_path_factory.mktemp("disk"),
        random.Random(draw.getrandbits(64)),
        host_bytes=None if way["is_parking"] else 3000,  # what it has no room for is not parked
        disk_bytes=2**30,
        way=way,
    )

    for _ in range(300):
        name = fleet.draw.choice(("keep", "keep", "use", "fetch", "shut down"))
        if name == "shut down":
            fleet.tiers.close()
            fleet.start()
        else:
            operate(fleet, name)
        space, tokens = fleet.prefix()
        in_host = fleet.host.match(space, tokens).n_tokens
        on_disk = fleet.disk.match(space, tokens).n_tokens
        own = [known for known in fleet.kept if known[0].key == space.key]
        assert max(in_host, on_disk) >= longest(own, space, tokens, is_trimmable=way["is_trimmable"])
    fleet.tiers.close()
