"""POST /chat with a character of the server's folder, through the chat template of its model."""

import msgspec
import pytest

from corral.core.settings import ChatSettings
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Persona, PersonaSampling
from tests.contract.conftest import PLAIN, THINKING, Client
from tests.fake_characters import FakeCharacters

MIRA = Persona(
    name="Mira",
    system="K.",
    description="{{char}} mends nets for {{user}}.",
    greetings=("Mind the hooks, {{user}}.", "Aye, {{user}}?"),
    stop=("THE END",),
    sampling=PersonaSampling(temperature=0.25),
    emotions=("calm", "cross"),
    lorebook=Lorebook(entries=(LoreEntry(content="A reef broke a boat.", keys=("reef",)),)),
)
SYSTEM = "<system>K.\n\nMira mends nets for Sam."
BODY = {"userName": "Sam", "genParams": {"max_new_tokens": 20}, "character": "mira"}
TURNS = [
    {"chatType": "character", "message": "Aye?"},
    {"chatType": "user", "message": "The reef {{char}}"},
]
ALTERNATING = (
    "{% for m in messages %}{% if m.role == 'user' and not loop.first and messages[loop.index0 - 1].role =="
    " 'user' %}{{ raise_exception('in turn, please') }}{% endif %}"
    "<{{ m.role }}>{{ m.content }}{% endfor %}<a>"
)


@pytest.fixture
def client(door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=PLAIN)
    return Client(door, characters=FakeCharacters(MIRA, Persona(name="Bo", system="B.")))


@pytest.fixture
def ask(client, door):
    """Post the body with changes and return the engine's request."""

    def send(**changes):
        reply = client.post("/chat", {**BODY, **changes})
        assert reply.status_code == 200, reply.text
        return door.requests[-1]

    return send


def use(door, template, **facts):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=template, **facts)


def test_the_history_becomes_turns_with_their_lore(ask):
    assert ask(chatHistory=TURNS).prompt == [
        f"{SYSTEM}<assistant>Aye?<user>[A reef broke a boat.]\n\nThe reef {{{{char}}}}<assistant>"
    ]


@pytest.mark.parametrize(("greeting", "text"), [(None, "Mind the hooks, Sam."), (1, "Aye, Sam?")])
def test_without_a_history_a_user_opens_the_chat_that_the_greeting_begins(ask, greeting, text):
    opened = f"{SYSTEM}<user>[The chat begins.]<assistant>{text}<assistant>"

    assert ask(greeting=greeting).prompt == [opened]


def test_without_a_history_and_a_greeting_a_user_opens_the_chat(ask):
    assert ask(character="bo").prompt == ["<system>B.<user>[The chat begins.]<assistant>"]


def test_a_history_that_begins_with_the_user_gets_no_greeting(ask):
    assert ask(chatHistory=TURNS[1:]).prompt[0].startswith(f"{SYSTEM}<user>")


def test_further_users_are_users_who_have_a_name(ask, door):
    use(door, "{% for m in messages %}<{{ m.role }} {{ m.name }}>{{ m.content }}{% endfor %}")
    history = [{"chatType": "system", "message": "Fog."}, {"chatType": "user2", "message": "Ahoy"}]

    (prompt,) = ask(chatHistory=history).prompt

    assert prompt == "<system >K.\n\nMira mends nets for Sam.\n\nFog.<user user2>Ahoy"


def test_the_answer_does_not_go_on_with_the_character_s_last_message(ask):
    assert ask(chatHistory=TURNS[:1]).prompt[0].endswith("<assistant>Aye?<assistant>")


def test_the_character_does_not_think(ask, door):
    use(door, THINKING)

    (prompt,) = ask(chatHistory=TURNS).prompt

    assert prompt.endswith("</think>\n\n")


def test_templates_of_the_body_go_before_the_model_s(ask):
    template = {"prompt": "@{persona}|${chat}", "character": "${message}", "user": "${message}"}

    assert ask(promptTemplate=template, chatHistory=TURNS[:1]).prompt == [
        "Mira mends nets for Sam.|Aye?\nMira:"
    ]


def test_a_character_of_the_body_s_own_is_plain_text(post, door):
    use(door, PLAIN)

    post()

    assert "<user>" not in door.requests[-1].prompt[0]


def test_a_template_that_the_server_was_started_with_counts(door):
    client = Client(door, chat=ChatSettings(template="chatml"), characters=FakeCharacters(MIRA))

    client.post("/chat", BODY)

    assert door.requests[-1].prompt[0].startswith("<|im_start|>system\nK.")


def test_a_chat_that_the_template_refuses_is_plain_text(ask, door):
    use(door, ALTERNATING)
    history = [TURNS[1], {"chatType": "user2", "message": "Aye, the reef!"}]

    assert ask(chatHistory=history[:1]).prompt[0].endswith("<a>")
    assert ask(chatHistory=history).prompt[0].endswith("Sam: The reef {{char}}\nuser2: Aye, the reef!\nMira:")


def test_options_and_stops_are_those_of_plain_text(ask, sampling_of):
    request = ask(genParams={"max_new_tokens": 20, "seed": 5, "top_k": 3, "stop": ["X"]})

    assert request.stop == ("X", "\nSam:", "THE END")
    assert (request.max_tokens, request.is_cache_wanted) == (20, False)
    sampling = sampling_of()
    assert [sampling[name] for name in ("temperature", "top_k", "seed")] == [0.25, 3, 5]


def test_the_answer_is_trimmed_as_in_plain_text(client, door):
    door.texts = [" Mira: Aye", ", lad. ", "Sam: Hm?"]

    assert client.post("/chat", BODY).json()["message"] == "Aye, lad."


def test_the_emotion_is_asked_for_behind_what_was_generated(client, door):
    use(door, "<s>" + PLAIN)
    door.likely = "cross"

    reply = client.post("/chat", {**BODY, "chatHistory": TURNS})

    assert reply.json()["emotion"] == "cross"
    request, (prompt, question, _, _, is_bos_wanted) = door.requests[-1], door.scores[-1]
    assert prompt[0] == request.prompt[0]
    assert (request.is_bos_wanted, is_bos_wanted) == (False, False)
    assert question[0].startswith("<user>")


def test_the_oldest_messages_are_left_out_until_the_whole_prompt_fits(ask, door):
    wide = PLAIN.replace("<{{ m.role }}>", "<{{ m.role }}>" + 60 * "~")
    use(door, wide, n_ctx=1000)
    history = [
        {"chatType": ("user", "character")[n % 2], "message": f"turn {n} {30 * 'x'}"} for n in range(21)
    ]

    (prompt,) = ask(chatHistory=history).prompt

    assert 400 < len(prompt) + 1 <= 980
    assert "turn 20 " in prompt
    assert "turn 0 " not in prompt


def test_a_character_without_room_is_refused_with_figures(client, door, refused):
    use(door, PLAIN, n_ctx=64)

    reply = client.post("/chat", {**BODY, "chatHistory": TURNS})

    refused(reply, "'Mira' and the newest message have 71 tokens", "max_new_tokens leaves 44")
    assert door.requests == []


def test_a_plain_character_without_room_is_refused_by_its_name(client, door, refused):
    use(door, None, n_ctx=50)

    reply = client.post("/chat", {**BODY, "chatHistory": TURNS})

    refused(reply, "Field 'character': it has 36 tokens without a message", "leaves 30")
