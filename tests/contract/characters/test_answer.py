"""POST /chat: the answer, whole and streamed, and its emotion."""

import asyncio

import msgspec
import pytest

from corral.core.errors import ContextExceededError, InternalError, ModelLoadingError, UnavailableError
from corral.core.outcome import FinishReason
from tests.contract.characters.conftest import BODY, PROMPT
from tests.contract.conftest import data_lines
from tests.contract.test_leaving import leave_after_the_body

EMOTIONS = BODY["character"]["emotions"]


@pytest.fixture
def say(door):
    def change(*texts, reason=FinishReason.EOS, stop_text=""):
        door.texts, door.reason, door.stop_text = list(texts), reason, stop_text

    return change


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([" I am", " fine."], "I am fine."),
        (["Fine. Sam: And you? Sam: x"], "Fine."),
        (["Wren: Fine.", "\nWren: Really."], "Fine.\n Really."),
        (["<s> Fine.", "</s>", "<END>\n"], "Fine."),
        (["Sam:"], ""),
        (["  "], ""),
    ],
)
def test_only_the_last_message_is_left(post, say, texts, message):
    say(*texts)

    assert post(character__emotions=[]).json() == {"message": message}


@pytest.mark.parametrize("emotions", [[], None, ...])
def test_without_emotions_there_is_a_message_and_no_second_pass(post, door, emotions):
    assert post(character__emotions=emotions).text == '{"message":"Hello!"}'
    assert door.scores == []


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_emotion_is_the_most_probable_of_the_list(post, door, emotion):
    door.likely = emotion

    assert post().text == f'{{"emotion":"{emotion}","message":"Hello!"}}'


def test_the_scores_are_told_when_asked_for(post, door):
    door.likely = "sad"

    answer = post(emotionScores=True).json()

    assert list(answer) == ["emotion", "message", "emotionScores"]
    assert list(answer["emotionScores"]) == EMOTIONS
    assert sum(answer["emotionScores"].values()) == pytest.approx(1)
    assert max(answer["emotionScores"], key=answer["emotionScores"].get) == answer["emotion"] == "sad"


@pytest.mark.parametrize(
    ("emotions", "emotion"),
    [
        (["calm"], "calm"),
        (["", " "], ""),
        (["calm", "Calm", "calm "], "calm"),
        (["", "calm"], "calm"),
    ],
)
def test_where_there_is_nothing_to_choose_nothing_is_scored(post, door, emotions, emotion):
    answer = post(character__emotions=emotions, emotionScores=True).json()

    assert (answer["emotion"], answer["emotionScores"]) == (emotion, {emotion: 1.0})
    assert door.scores == []


@pytest.mark.parametrize(
    "emotions", [["glücklich", "悲しい", "😠"], [f"mood {n}" for n in range(100)], ["a", "", "b", "A"]]
)
def test_the_emotion_is_one_of_any_list(post, door, emotions):
    for likely in emotions[-2:]:
        door.likely = likely
        assert post(character__emotions=emotions).json()["emotion"] in emotions


def test_a_list_without_end_is_refused(post, refused):
    refused(post(character__emotions=[str(n) for n in range(257)]), "Field 'character.emotions'")
    refused(post(character__emotions=["calm", "x" * 65]), "Field 'character.emotions[1]'")


def test_the_second_pass_goes_on_from_what_was_generated_token_for_token(post, door):
    post()

    ((prompt, question, words, _caller, is_bos_wanted),) = door.scores
    assert prompt == [PROMPT, [65, 66, 67]] == [*door.requests[-1].prompt, [65, 66, 67]]
    assert is_bos_wanted is door.requests[-1].is_bos_wanted
    assert len(question) == 1
    assert [word.strip() for word in words] == EMOTIONS


def test_the_question_tells_the_last_message_and_the_reply(post, door):
    post(chatHistory=[{"chatType": "user", "message": f"number {n}"} for n in range(9)])

    question = door.scores[-1][1][0]
    assert "Hello!" in question
    assert "number 8" in question
    assert "number 4" not in question


def test_the_tokens_of_a_stop_string_are_left_out_of_the_second_pass(post, door, say):
    say(" Fine", ".", "", "", reason=FinishReason.STOP, stop_text="\nSam:")
    pieces = {65: b" Fine", 66: b".\n", 67: b"Sam", 68: b":"}
    door._piece = lambda token: pieces.get(token, b"?")

    post()

    assert door.scores[-1][0] == [PROMPT, [65, 66]]


def test_the_tokens_behind_the_cut_are_left_out_of_the_second_pass(post, door, say):
    say("Fine. ", "Sam:", " And you?")
    pieces = {65: b"Fine. ", 66: b"Sam:", 67: b" And you?"}
    door._piece = lambda token: pieces.get(token, b"?")

    assert post().json()["message"] == "Fine."
    assert door.scores[-1][0] == [PROMPT, [65]]


def test_an_empty_reply_is_judged_by_the_conversation(post, door, say):
    say("")

    assert post().json()["emotion"] in EMOTIONS
    assert door.scores[-1][0] == [PROMPT]


def test_where_the_question_has_no_room_it_stands_alone(post, door):
    score = door.score

    async def full(prompt, *rest, **options):
        if prompt:
            raise ContextExceededError("too long")
        return await score(prompt, *rest, **options)

    door.score, door.likely = full, "angry"

    assert post().json() == {"emotion": "angry", "message": "Hello!"}
    assert [call[0] for call in door.scores] == [[]]


def test_words_that_no_question_has_room_for_are_named(post, door, refused):
    async def full(*_arguments, **_options):
        raise ContextExceededError("request (300 tokens) exceeds the available context size (256 tokens)")

    door.score = full

    refused(post(), "Field 'character.emotions'", "300 tokens")


def test_a_stream_brings_the_message_in_pieces_and_then_the_whole_answer(client, door):
    door.likely = "happy"

    events = client.events("/chat", BODY)

    assert events == [
        {"message": "Hel"},
        {"message": "lo"},
        {"message": "!"},
        {"emotion": "happy", "message": "Hello!", "stopReason": "eos"},
        "[DONE]",
    ]


def test_a_stream_shows_nothing_that_the_message_does_not_hold(client, say, make_body):
    say(" Fi", "ne", ". ", "S", "a", "d", " Wr", "en", ":", " x ", "<", "/s>", "Sa", "m", ":", " no")

    *deltas, last, done = client.events("/chat", make_body(character__emotions=[]))

    assert "".join(event["message"] for event in deltas) == last["message"] == "Fine. Sad  x"
    assert (done, "emotion" in last) == ("[DONE]", False)


@pytest.mark.parametrize(
    ("reason", "word"),
    [(FinishReason.EOS, "eos"), (FinishReason.STOP, "stop"), (FinishReason.LENGTH, "length")],
)
def test_a_stream_tells_why_it_ended(client, door, reason, word):
    door.reason = reason

    assert client.events("/chat", BODY)[-2]["stopReason"] == word


def test_a_stream_brings_the_scores_when_asked_for(client, make_body):
    assert list(client.events("/chat", make_body(emotionScores=True))[-2]["emotionScores"]) == EMOTIONS


def test_a_refused_stream_is_a_plain_error(door, post, refused):
    door.refusal = UnavailableError("Not now")

    refused(post(stream=True), "Not now", status=503)


def test_a_stream_that_breaks_off_ends_with_an_error(door, post):
    door.failure = InternalError("fault")

    lines = data_lines(post(stream=True).text)

    assert lines[0] == {"message": "Hel"}
    assert lines[-2]["error"]["message"] == "fault"
    assert lines[-1] == "[DONE]"


def test_a_second_pass_that_fails_is_told_in_the_stream(door, post):
    async def fail(*_arguments, **_options):
        raise UnavailableError("gone")

    door.score = fail

    lines = data_lines(post(stream=True).text)

    assert [line.get("message") for line in lines[:3]] == ["Hel", "lo", "!"]
    assert lines[-2]["error"]["message"] == "gone"


@pytest.mark.parametrize("is_stream", [False, True])
def test_leaving_cancels(client, door, make_body, is_stream):
    door.is_endless = True

    asyncio.run(leave_after_the_body(client.app, "/chat", make_body(stream=is_stream)))

    assert door.cancelled == [door.requests[-1].request_id]


@pytest.mark.parametrize("is_stream", [False, True])
def test_leaving_during_the_second_pass_ends_it(client, door, make_body, is_stream):
    ended = []

    async def endless(*_arguments, **_options):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    door.score = endless

    asyncio.run(leave_after_the_body(client.app, "/chat", make_body(stream=is_stream)))

    assert ended == [True]


def test_a_model_that_is_being_loaded_is_503(door, post, refused):
    door.loading = ModelLoadingError("Loading model")

    refused(post(), "Loading model", status=503)


def test_a_model_that_makes_vectors_is_501(post, run_for, refused):
    run_for("embed")

    refused(post(), "--embeddings", status=501)


def test_a_named_model_answers_and_an_unknown_one_is_404(many, make_body, refused):
    assert many.post("/chat", make_body(model="other")).json()["message"] == "Goodbye"
    assert many.post("/chat", make_body()).json()["message"] == "Hello!"
    refused(many.post("/chat", make_body(model="nope")), "tiny, other", status=404)


def test_without_a_model_that_can_be_loaded_it_is_a_clear_error(many, make_body, refused):
    many.models.refusals["tiny"] = UnavailableError("No memory is free")

    refused(many.post("/chat", make_body()), "No memory is free", status=503)


def test_it_needs_a_key(locked_client, make_body, refused):
    refused(locked_client.post("/chat", make_body()), "Invalid API Key", status=401)


def test_a_model_with_a_chat_template_is_asked_in_it(post, door):
    door.model_facts = msgspec.structs.replace(
        door.model_facts,
        chat_template="{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>",
    )
    post()

    assert door.scores[-1][1][0].startswith("<user>")
    assert door.scores[-1][1][0].endswith("<assistant>")


def test_where_the_list_has_no_room_either_the_words_are_scored_without_it(post, door):
    score = door.score

    async def full(prompt, question, *rest, **options):
        if "angry" in question[0]:
            raise ContextExceededError("too long")
        return await score(prompt, question, *rest, **options)

    door.score, door.likely = full, "angry"

    assert post().json()["emotion"] == "angry"
    assert [(call[0], len(call[2])) for call in door.scores] == [([], 3)]
