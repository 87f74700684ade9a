"""Images in prompts: what their ids tell, and how the scheduler gives them their turn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from corral.core.errors import ContextExceededError, InvalidRequestError, NotSupportedError
from corral.core.messages import Failed
from corral.core.outcome import FinishReason
from corral.core.request import Media
from corral.core.structure import Structure, StructureKind
from corral.engine.fake import FakeBehaviour
from corral.engine.media import n_positions, placeholders, text_only, whole_images

CAT, DOG = Media(b"4:cat"), Media(b"4:dog")


@pytest.fixture
def seeing(make_bench):
    return make_bench(FakeBehaviour(media=1))


def prompt(*parts):
    return np.concatenate([np.array(part, np.int32) for part in parts])


def test_the_ids_of_an_image_are_its_own_and_no_tokens():
    cat, again, dog = placeholders(b"cat", 5, 5), placeholders(b"cat", 5, 5), placeholders(b"dog", 5, 5)

    assert cat.tolist() == again.tolist()
    assert not set(cat.tolist()) & set(dog.tolist())
    assert (cat < 0).all()


def test_an_image_may_take_fewer_positions_than_rows():
    tokens = prompt([1, 2], placeholders(b"cat", 6, 3), [3])

    assert [n_positions(tokens[:n]) for n in (0, 2, 8, 9)] == [0, 2, 5, 6]


def test_a_cut_inside_an_image_moves_to_its_beginning():
    tokens = prompt([1, 2], placeholders(b"cat", 3, 3), placeholders(b"dog", 3, 3), [4, 5])

    assert [whole_images(tokens, n) for n in range(11)] == [0, 1, 2, 2, 2, 5, 5, 5, 8, 9, 10]


def test_samplers_are_told_of_text_only():
    assert text_only(prompt([1], placeholders(b"cat", 3, 3), [2])).tolist() == [1, 2]


def test_an_answer_about_an_image_depends_on_it_and_cached_ones_too(seeing):
    for number, image in enumerate((CAT, DOG, CAT)):
        seeing.submit(request_id=str(number), prompt=["see ", image, " now"], max_tokens=8)
        seeing.run()

    assert seeing.text("0") == seeing.text("2") != seeing.text("1")
    assert [start.n_cached for start in seeing.starts()] == [0, len("see "), len("see  now") + 4 - 1]


def test_images_let_others_go_on_between_them(seeing):
    seeing.submit(request_id="text", prompt=["hello"], max_tokens=20)
    seeing.step()
    seeing.submit(request_id="images", prompt=[CAT, DOG, CAT, DOG], max_tokens=1)

    gaps = [len(seeing.outputs("text"))]
    while not seeing.outputs("images"):
        seeing.step()
        gaps.append(len(seeing.outputs("text")))

    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(gaps))
    assert gaps[-1] - gaps[0] >= 3


def test_an_image_is_freed_when_all_answers_have_it_in_memory(seeing):
    seeing.submit(prompt=["see ", CAT], n=2, max_tokens=9)
    (held,) = seeing.runner.projector.prompts

    while len(seeing.outputs(index=1)) == 0:
        assert not held.is_closed
        seeing.step()

    assert held.is_closed
    assert seeing.run().text(index=0) == seeing.text(index=1)


@pytest.mark.parametrize("n_steps", [0, 1, 2])
def test_an_image_is_freed_when_its_request_is_cancelled(seeing, n_steps):
    seeing.submit(prompt=["see ", CAT, " and ", DOG], max_tokens=9)
    for _ in range(n_steps):
        seeing.step()

    seeing.events += seeing.scheduler.cancel("a")

    assert seeing.end().reason is FinishReason.CANCELLED
    assert seeing.runner.projector.prompts[0].is_closed


def test_an_image_that_cannot_be_encoded_fails_its_own_request(seeing):
    seeing.submit(request_id="good", prompt=["hello"], max_tokens=5)
    seeing.submit(request_id="bad", prompt=["see ", Media(b"4:unencodable")], n=2, max_tokens=5)
    seeing.run()

    (failed,) = [event for event in seeing.events if isinstance(event, Failed)]
    assert (failed.request_id, failed.error.message) == ("bad", "an image could not be encoded")
    assert seeing.end("good").n_predicted == 5
    assert seeing.runner.projector.prompts[0].is_closed


def test_a_request_whose_id_is_in_use_leaves_no_image_behind(seeing):
    seeing.submit(prompt=["hello"], max_tokens=5)
    seeing.submit(prompt=[CAT], max_tokens=5)

    assert seeing.runner.projector.prompts[0].is_closed


def test_a_request_with_a_bad_rule_leaves_no_image_behind(seeing):
    with pytest.raises(InvalidRequestError):
        seeing.prepare(prompt=[CAT], structure=Structure(StructureKind.REGEX, "("))

    assert seeing.runner.projector.prompts[0].is_closed


def test_an_image_that_leaves_no_room_is_freed(seeing):
    with pytest.raises(ContextExceededError):
        seeing.prepare(prompt=["x" * 124, CAT])

    assert seeing.runner.projector.prompts[0].is_closed


def test_an_image_behind_a_system_prompt_is_found(make_bench):
    plain = make_bench(FakeBehaviour(media=1))
    plain.submit(prompt=["be kind", CAT, "hello"], is_bos_wanted=True, max_tokens=8)
    bench = make_bench(FakeBehaviour(media=1), system_prompt="be kind")
    bench.submit(prompt=[CAT, "hello"], is_bos_wanted=True, max_tokens=8)

    assert bench.run().text() == plain.run().text()


def test_a_full_context_ends_the_answer_instead_of_shifting(seeing):
    seeing.submit(prompt=["x" * 100, CAT], max_tokens=None)
    seeing.run()

    assert (seeing.end().reason, seeing.end().is_truncated) == (FinishReason.LENGTH, True)
    assert seeing.end().n_prompt_tokens + seeing.end().n_predicted == seeing.runner.facts.n_ctx


def test_a_model_of_text_refuses_images(bench):
    with pytest.raises(NotSupportedError, match="--mmproj"):
        bench.submit(prompt=[CAT])


def test_what_is_no_image_is_named(seeing):
    with pytest.raises(InvalidRequestError, match=r"image_data\[0\]"):
        seeing.submit(prompt=[Media(b"cat", "image_data[0]")])
