"""Images in chats: where they may come from, what is refused, and how they reach the engine."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest
from PIL import Image

from corral.core.request import Media
from corral.core.settings import MediaAccess, ServerSettings
from tests.model.projector_files import wav_bytes

TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"


def png(color, size=(8, 8)):
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


CAT, DOG = png((200, 100, 0)), png((90, 60, 30))


def data_url(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def text(words):
    return {"type": "text", "text": words}


def user(*parts):
    return {"messages": [{"role": "user", "content": list(parts)}]}


@pytest.fixture
def make_seeing(door, make_client):
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=True)
    return lambda **media: make_client(
        template=TEMPLATE, server=ServerSettings(media=MediaAccess(**media), is_slots=True)
    )


@pytest.fixture
def seeing(make_seeing):
    return make_seeing()


def prompt_of(door):
    return [piece.content if isinstance(piece, Media) else piece for piece in door.requests[-1].prompt]


def test_images_stand_where_their_parts_do(seeing, door):
    reply = seeing.post(
        "/v1/chat/completions",
        user(text("one"), text("two"), image(data_url(CAT)), text("three"), image(data_url(DOG))),
    )

    assert reply.status_code == 200
    assert prompt_of(door) == ["<user>one\ntwo", CAT, "three", DOG, "<assistant>"]


def test_images_of_several_messages_keep_their_places(seeing, door):
    messages = [
        {"role": "user", "content": [image(data_url(CAT)), text("this?")]},
        {"role": "assistant", "content": "a cat"},
        {"role": "user", "content": [text("and this?"), image(data_url(DOG))]},
    ]

    seeing.post("/v1/chat/completions", {"messages": messages})

    assert prompt_of(door) == [
        "<user>", CAT, "this?<assistant>a cat<user>and this?", DOG, "<assistant>",
    ]  # fmt: skip


def test_an_image_streams_too(seeing, door):
    seeing.events("/v1/chat/completions", user(image(data_url(CAT))))

    assert prompt_of(door) == ["<user>", CAT, "<assistant>"]


def test_text_cannot_forge_an_image(seeing, door):
    seeing.post("/v1/chat/completions", user(text("<__media__><__media_0__>[img-1]"), image(data_url(CAT))))

    assert prompt_of(door) == ["<user><__media__><__media_0__>[img-1]", CAT, "<assistant>"]


@pytest.mark.parametrize("url", [base64.b64encode(CAT).decode(), data_url(CAT).replace("png", "jpeg")])
def test_bare_base64_is_an_image_too(seeing, door, url):
    seeing.post("/v1/chat/completions", user(image(url)))

    assert prompt_of(door)[1] == CAT


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:image/png;base64,@@@@", "not valid base64"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png,abc", "must be base64 encoded"),
        ("data:image/png;base64", "Invalid uri-encoded base64"),
        ("data:text/plain;base64,aGk=", "Invalid uri format"),
        (data_url(b"not an image"), "not an image that can be read"),
        (data_url(png((0, 0, 0), size=(2000, 2000)) + b"\0" * 10), "2000 x 2000 pixels"),
        ("http://127.0.0.1/cat.png", "--media-remote"),
        ("https://cats.test/cat.png", "--media-remote"),
        ("file://cat.png", "--media-path"),
        ("", "expected a string"),
    ],
)
def test_a_bad_image_is_named(make_seeing, door, refused, url, words):
    client = make_seeing(max_pixels=1_000_000)

    reply = client.post("/v1/chat/completions", user(text("a"), image(url)))

    refused(reply, "messages[0].content[1].image_url", words)
    assert door.requests == []


def test_images_have_limits_together(make_seeing, refused):
    many = [image(data_url(CAT))] * 3

    refused(make_seeing(max_images=2).post("/v1/chat/completions", user(*many)), "2 images, not 3")
    refused(make_seeing(max_pixels=150).post("/v1/chat/completions", user(*many)), "192 pixels together")
    refused(make_seeing(max_bytes=20).post("/v1/chat/completions", user(*many)), "larger than 20 bytes")


def test_remote_images_are_fetched_from_public_addresses_only(make_seeing, refused):
    client = make_seeing(is_remote_allowed=True)

    for url in ("http://127.0.0.1:1/a.png", "http://localhost/a.png", "http://[::1]/a.png"):
        reply = client.post("/v1/chat/completions", user(image(url)))

        refused(reply, "messages[0].content[0].image_url", "no public address")


def test_files_of_the_media_folder_can_be_named(make_seeing, door, refused, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "cat.png").write_bytes(CAT)
    (tmp_path / "secret.png").write_bytes(DOG)
    client = make_seeing(dir=str(tmp_path / "media"))

    client.post("/v1/chat/completions", user(image("file://cat.png")))

    assert prompt_of(door)[1] == CAT
    refused(client.post("/v1/chat/completions", user(image("file://../secret.png"))), "not allowed")


@pytest.mark.parametrize("kind", ["input_audio", "input_video", "video_url"])
def test_other_media_are_not_supported(seeing, refused, kind):
    part = {"type": kind, kind: {"data": "aGk=", "format": "wav"}}

    refused(seeing.post("/v1/chat/completions", user(part)), "messages[0].content[0]", status=501)


@pytest.fixture
def hearing(door, make_client):
    door.model_facts = msgspec.structs.replace(door.model_facts, has_audio=True)
    return make_client(template=TEMPLATE)


def sound(content):
    part = {"data": base64.b64encode(content).decode(), "format": "wav"}
    return {"type": "input_audio", "input_audio": part}


def test_sound_stands_where_its_part_does(hearing, door):
    wav = wav_bytes(1)

    reply = hearing.post("/v1/chat/completions", user(text("hear"), sound(wav), text("what?")))

    assert reply.status_code == 200
    assert prompt_of(door) == ["<user>hear", wav, "what?<assistant>"]


def test_bad_sound_is_named(hearing, refused):
    for part, words in ((sound(b"ID3 an mp3"), "WAV"), (sound(b""), "expected a string")):
        reply = hearing.post("/v1/chat/completions", user(part))

        refused(reply, "messages[0].content[0].input_audio", words)


def test_a_model_that_only_hears_refuses_images(hearing, refused):
    refused(hearing.post("/v1/chat/completions", user(image(data_url(CAT)))), "image input", status=501)


def test_sound_in_the_place_of_an_image_is_told(seeing, refused):
    reply = seeing.post("/v1/chat/completions", user(image(base64.b64encode(wav_bytes(1)).decode())))

    refused(reply, "input_audio")


def test_a_model_of_text_says_what_it_lacks(client, door, refused):
    reply = client.post("/v1/chat/completions", user(text("a"), image(data_url(CAT))))

    error = refused(reply, "messages[0].content[1]", "--mmproj", status=501)
    assert error["type"] == "not_supported_error"
    assert door.requests == []


def test_a_template_that_drops_an_image_is_an_error(make_client, refused, make_seeing):
    make_seeing()
    client = make_client(template="{{ messages[-1].role }}:")

    refused(client.post("/v1/chat/completions", user(image(data_url(CAT)))), "leaves this image out")


def test_a_prompt_with_an_image_is_shown_with_one_mark(seeing):
    chat = user(text("see "), image(data_url(CAT)))

    shown = seeing.post("/apply-template", chat).json()

    assert shown == {"prompt": "<user>see <__media__><assistant>"}


def test_slots_show_no_bytes(seeing):
    seeing.post("/v1/chat/completions", user(text("see "), image(data_url(CAT))))

    assert seeing.get("/slots").json()[0]["prompt"] == "<user>see <__media__><assistant>"


def test_tokens_of_chats_with_images_are_not_counted(seeing, refused):
    reply = seeing.post("/v1/chat/completions/input_tokens", user(image(data_url(CAT))))

    refused(reply, "without images", status=501)


def test_models_tell_of_sound_in_both_of_ollamas_forms(make_seeing, door):
    client = make_seeing()
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=False, has_audio=True)

    listed = client.get("/v1/models").json()["models"][0]

    assert listed["capabilities"] == client.post("/api/show", {}).json()["capabilities"]
    assert "multimodal" in listed["capabilities"]


def test_models_tell_of_images(seeing):
    assert seeing.get("/v1/models").json()["models"][0]["capabilities"] == ["completion", "multimodal"]
