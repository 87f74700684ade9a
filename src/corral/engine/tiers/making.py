"""The tiers that settings ask for."""

from __future__ import annotations

from corral.core import log
from corral.core.engine_settings import EngineSettings
from corral.core.main_memory import prefix_share_bytes
from corral.engine.slot_file import Taker
from corral.engine.tiers.checkpoints import Checkpoints
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

_log = log.get("engine")


def make_tiers(engine: EngineSettings, taker: Taker, *, is_trimmable: bool) -> Tiers:
    """Return them. Self-extend moves positions, so that nothing that sequences hold is a prefix."""
    if engine.rope.group_n > 1:
        return Tiers(HostTier(0))
    host_bytes = engine.tiers.host_bytes
    host = HostTier(prefix_share_bytes() if host_bytes is None else host_bytes, is_trimmable=is_trimmable)
    checkpoints = Checkpoints(engine.tiers.n_checkpoints, engine.tiers.checkpoint_min_step)
    return Tiers(host, _disk(engine, taker, is_trimmable=is_trimmable), checkpoints)


def _disk(engine: EngineSettings, taker: Taker, *, is_trimmable: bool) -> DiskTier | None:
    """Return the disk tier; one whose folder cannot be used is left out, with a warning."""
    tiers = engine.tiers
    if tiers.disk_dir is None or not tiers.disk_bytes:
        return None
    try:
        return DiskTier(
            tiers.disk_dir,
            tiers.disk_bytes,
            taker,
            is_trimmable=is_trimmable,
            is_parking=tiers.is_parking,
        )
    except OSError as error:
        _log.warning("tier.disk_unusable", path=tiers.disk_dir, reason=error.strerror)
        return None
