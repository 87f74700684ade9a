"""Options about images that need more than a value of the right kind."""

from __future__ import annotations

import pytest

from corral.core.errors import SettingsError
from corral.core.settings import MediaAccess


def test_the_media_folder_must_exist(parse, tmp_path):
    path = str(tmp_path / "none")

    with pytest.raises(SettingsError, match=f"not a directory: {path}"):
        parse("--media-path", path)


def test_images_come_with_the_request_unless_more_is_allowed(parse):
    access = parse().settings.server.media

    assert access == MediaAccess()
    assert (access.is_remote_allowed, access.dir) == (False, None)


@pytest.mark.parametrize(
    "words",
    [
        ("--image-min-tokens", "0"),
        ("--image-max-tokens", "-1"),
        ("--media-max-bytes", "0"),
        ("--media-max-pixels", "0"),
        ("--media-max-images", "1025"),
    ],
)
def test_sizes_have_bounds(parse, words):
    with pytest.raises(SettingsError, match="invalid value"):
        parse(*words)


def test_a_projector_that_is_not_wanted_is_remarked(parse):
    assert "warn: --mmproj has no effect with --no-mmproj" in parse("-mm", "a.gguf", "--no-mmproj").warnings
