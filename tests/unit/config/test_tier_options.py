"""Where prefixes go that leave the KV cache."""

from __future__ import annotations

import pytest

from corral.core.engine_settings import TierSettings
from corral.core.errors import SettingsError


def tiers(parse, *words):
    return parse(*words).settings.engine.tiers


def test_nothing_said_leaves_it_to_the_machine(parse):
    assert tiers(parse) == TierSettings(host_bytes=None, disk_bytes=0, disk_dir=None)


@pytest.mark.parametrize(("text", "n_bytes"), [("0", 0), ("1", 2**20), ("8192", 2**33), ("-1", 2**60)])
def test_host_memory_is_given_in_mebibytes(parse, text, n_bytes):
    assert tiers(parse, "-cram", text).host_bytes == n_bytes
    assert tiers(parse, "--cache-ram", text).host_bytes == n_bytes


def test_a_disk_has_a_folder_whether_named_or_not(parse):
    assert tiers(parse, "--cache-disk", "10G", "--cache-disk-path", "kv").disk_bytes == 10 * 2**30
    assert tiers(parse, "--cache-disk", "10G", "--cache-disk-path", "kv").disk_dir == "kv"
    assert tiers(parse, "--cache-disk", "10G").disk_dir.endswith("prefixes")


def test_a_disk_needs_host_memory(parse):
    with pytest.raises(SettingsError, match="needs host memory"):
        parse("--cache-disk", "1G", "--cache-disk-path", "kv", "-cram", "0")


def test_a_folder_alone_is_warned_of(parse):
    assert (
        "warn: --cache-disk-path has no effect without --cache-disk"
        in parse("--cache-disk-path", "kv").warnings
    )


def test_states_of_models_that_cannot_be_cut_are_kept_as_llama_server_does(parse):
    assert (tiers(parse).n_checkpoints, tiers(parse).checkpoint_min_step) == (32, 8192)
    assert tiers(parse, "-ctxcp", "4").n_checkpoints == 4
    assert tiers(parse, "--swa-checkpoints", "0").n_checkpoints == 0
    assert tiers(parse, "-cms", "256").checkpoint_min_step == 256
    with pytest.raises(SettingsError, match="-ctxcp"):
        parse("-ctxcp", "-1")
