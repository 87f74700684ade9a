"""Images in native requests: `image_data` with `[img-N]`, and `multimodal_data`."""

from __future__ import annotations

import base64

import msgspec
import pytest

from corral.core.request import Media
from corral.core.settings import MediaAccess, ServerSettings
from tests.contract.openai.test_images import CAT, DOG, png

CAT64, DOG64 = (base64.b64encode(content).decode() for content in (CAT, DOG))


@pytest.fixture
def seeing(door, make_client):
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=True)
    access = MediaAccess(max_images=3, max_pixels=1000)
    return make_client(server=ServerSettings(media=access))


def prompts_of(door):
    return [
        [piece.content if isinstance(piece, Media) else piece for piece in request.prompt]
        for request in door.requests
    ]


@pytest.mark.parametrize("path", ["/completion", "/v1/completions"])
def test_numbered_images_stand_where_their_numbers_do(seeing, door, path):
    images = [{"data": CAT64, "id": 10}, {"data": DOG64, "id": 7}]

    reply = seeing.post(path, {"prompt": "USER:[img-7]and[img-10] or [img-7]?", "image_data": images})

    assert reply.status_code == 200
    assert prompts_of(door) == [["USER:", DOG, "and", CAT, " or ", DOG, "?"]]
    assert reply.json()["prompt"] == "USER:[img-7]and[img-10] or [img-7]?"


def test_several_prompts_may_share_numbered_images(seeing, door):
    seeing.post("/completion", {"prompt": ["a[img-1]", "no image"], "image_data": [{"data": CAT64, "id": 1}]})

    assert prompts_of(door) == [["a", CAT], ["no image"]]


def test_multimodal_data_fill_the_marks_in_order(seeing, door):
    prompt = {"prompt_string": "one <__media__> two <__media__>", "multimodal_data": [CAT64, DOG64]}

    reply = seeing.post("/completion", {"prompt": prompt}).json()

    assert prompts_of(door) == [["one ", CAT, " two ", DOG]]
    assert reply["prompt"] == "one <__media__> two <__media__>"


def test_the_servers_own_mark_cannot_be_forged(seeing, door):
    mark = seeing.get("/props").json()["media_marker"]
    prompt = {"prompt_string": f"he said <__media__>: {mark}", "multimodal_data": [CAT64]}

    seeing.post("/completion", {"prompt": prompt})

    assert mark != "<__media__>"
    assert prompts_of(door) == [["he said <__media__>: ", CAT]]


def test_prompts_with_and_without_images_mix(seeing, door):
    prompts = ["plain", {"prompt_string": "<__media__>", "multimodal_data": [CAT64]}]

    seeing.post("/completion", {"prompt": prompts})

    assert prompts_of(door) == [["plain"], [CAT]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": "[img-1]", "image_data": [{"data": CAT64, "id": 2}]}, ["id: 1", "not found"]),
        ({"prompt": "a", "image_data": [{"data": CAT64, "id": 2}]}, ["image_data[0]", "[img-2]"]),
        ({"prompt": "[img-1]", "image_data": [{"id": 1}]}, ["image_data[0]", "'data'"]),
        ({"prompt": "[img-1]", "image_data": [{"data": "@", "id": 1}]}, ["image_data[0]", "base64"]),
        ({"prompt": "[img-1]", "image_data": [{"data": "aGk=", "id": 1}]}, ["image_data[0]", "not an image"]),
        ({"prompt": "[img-1]" * 4, "image_data": [{"data": CAT64, "id": 1}]}, ["3 images, not 4"]),
        (
            {"prompt": {"prompt_string": "a", "multimodal_data": [CAT64]}},
            ["0 times <__media__> for 1 images"],
        ),
        ({"prompt": {"prompt_string": "<__media__>", "multimodal_data": [1]}}, ["multimodal_data[0]"]),
        ({"prompt": {"prompt_string": "<__media__>", "multimodal_data": CAT64}}, ["expected an array"]),
        (
            {
                "prompt": {
                    "prompt_string": "<__media__>",
                    "multimodal_data": [base64.b64encode(b"x").decode()],
                }
            },
            ["prompt[0].multimodal_data[0]", "not an image"],
        ),
        (
            {
                "prompt": {
                    "prompt_string": "<__media__>",
                    "multimodal_data": [base64.b64encode(png((0, 0, 0), (40, 40))).decode()],
                }
            },
            ["40 x 40 pixels"],
        ),
    ],
)
def test_bad_images_are_named(seeing, door, refused, body, words):
    refused(seeing.post("/completion", body), *words)

    assert door.requests == []


def test_a_model_of_text_ignores_image_data_and_refuses_multimodal_data(client, door, refused):
    ignored = client.post("/completion", {"prompt": "[img-1]", "image_data": [{"data": CAT64, "id": 1}]})
    prompt = {"prompt_string": "<__media__>", "multimodal_data": [CAT64]}

    assert ignored.status_code == 200
    assert prompts_of(door) == [["[img-1]"]]
    refused(client.post("/completion", {"prompt": prompt}), "--mmproj", status=501)
    refused(
        client.post("/completion", {"prompt": {**prompt, "multimodal_data": CAT64}}), "--mmproj", status=501
    )


def test_props_tell_of_images(seeing):
    assert seeing.get("/props").json()["modalities"] == {"vision": True, "video": False, "audio": False}
