"""Marks carry images through a chat template, and nobody can forge one."""

from __future__ import annotations

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.request import Media
from corral.prompt.gallery import SHOWN_MARK, Gallery, MediaSource
from corral.prompt.messages import Message

CAT, DOG = Media(b"cat"), Media(b"dog")


@pytest.fixture
def gallery():
    return Gallery()


def hang(gallery, name):
    return gallery.hang(MediaSource("data:", name))


def test_images_take_the_place_of_their_marks(gallery):
    cat, dog = hang(gallery, "cat"), hang(gallery, "dog")

    assert gallery.filled([f"a {cat}{dog} b", [1, 2], dog], [CAT, DOG]) == ["a ", CAT, DOG, " b", [1, 2], DOG]


def test_text_that_looks_like_a_mark_stays_text(gallery):
    mark = hang(gallery, "cat")
    forged = [SHOWN_MARK, "<__media_0__>", mark[:-6] + "1__>".rjust(6), hang(Gallery(), "other")]

    for text in forged:
        assert gallery.filled([text], [CAT]) == [text]


def test_an_image_that_the_template_drops_is_named(gallery):
    cat, dog = hang(gallery, "cat"), hang(gallery, "dog")

    with pytest.raises(InvalidRequestError, match="Field 'dog': the chat template leaves this image out"):
        gallery.check(f"only {cat}", [Message("user", f"{cat} and {dog}")])


def test_an_image_of_a_message_that_was_left_out_is_not_missed(gallery):
    cat, _ = hang(gallery, "cat"), hang(gallery, "dog")

    gallery.check(f"only {cat}", [Message("user", cat)])


def test_clients_see_one_mark_for_all(gallery):
    assert gallery.shown(f"a {hang(gallery, 'cat')} b") == f"a {SHOWN_MARK} b"
