"""Only plain files inside the folder are read, whatever the address says."""

from __future__ import annotations

import os

import pytest

from corral.api.media.files import read_file
from corral.core.errors import InvalidRequestError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    inside = tmp_path / "media"
    (inside / "deep").mkdir(parents=True)
    (inside / "cat.png").write_bytes(b"cat")
    (inside / "deep" / "my dog.png").write_bytes(b"dog")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "good link.png").symlink_to(inside / "cat.png")
    os.mkfifo(inside / "pipe")
    return str(inside)


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("file://cat.png", b"cat"),
        ("file://deep/my%20dog.png", b"dog"),
        ("file://deep/../cat.png", b"cat"),
        ("file://good link.png", b"cat"),
    ],
)
def test_files_inside_are_read(folder, url, content):
    assert read_file(folder, url, "image", 100) == content


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png",
        "%2e%2e/secret.png",
        "deep/../../secret.png",
        "link.png",
        "pipe",
        "deep",
        "",
        "none.png",
        "/etc/passwd",
        "//etc/passwd",
        "a\0b",
        "x" * 5000,
    ],
)
def test_everything_else_is_refused(folder, path):
    with pytest.raises(InvalidRequestError, match="Field 'image'"):
        read_file(folder, f"file://{path}", "image", 100)


def test_no_more_is_read_than_may_be_served(folder):
    assert len(read_file(folder, "file://cat.png", "image", 1)) == 2
