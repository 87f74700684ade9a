"""A persona, its lore and a history become messages that fit."""

import datetime as dt

import pytest

from corral.prompt.builtin_templates import BUILTIN
from corral.prompt.characters.assembly import Draft, Room
from corral.prompt.characters.cuts import cuts
from corral.prompt.characters.opening import OPENING, wants_user_first
from corral.prompt.characters.staging import Staging
from corral.prompt.gallery import Gallery, MediaSource
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.messages import Message, ToolCall
from corral.prompt.persona import Persona, Speaker, Turn
from corral.prompt.templates import ChatTemplate

NOW = dt.datetime(2031, 3, 4, 15, 7, tzinfo=dt.UTC)
WIDE = Room(n_context=1_000_000)


def user(text):
    return Message("user", text)


def assistant(text):
    return Message("assistant", text)


def drafted(persona, *history, **staging):
    return Draft(Staging(persona=persona, now=NOW, **staging), history)


def assembled(persona, *history, room=WIDE, **staging):
    """Return the chat, one token for each character."""
    draft = drafted(persona, *history, **staging)
    return draft.assembled([len(text) for text in draft.texts], room)


def chat(persona, *history, **staging):
    return assembled(persona, *history, **staging).messages


def with_lore(*entries, **book):
    return Persona(name="Mira", system="", lorebook=Lorebook(entries=entries, **book))


def test_system_text_tells_who_the_model_is():
    persona = Persona(
        name="Mira",
        description="{{char}} mends clocks for {{user}}.",
        personality="dry",
        scenario="a workshop",
        lorebook=Lorebook(
            entries=(
                LoreEntry(content="It rains.", is_constant=True, place=Place.BEFORE),
                LoreEntry(content="{{char}} is late.", is_constant=True, place=Place.AFTER),
            )
        ),
        examples=(
            (Turn(Speaker.USER, "Well?"), Turn(Speaker.CHARACTER, "Tick, {{user}}.")),
            (Turn(Speaker.SYSTEM, "Night."), Turn(Speaker.CHARACTER, "Tock.")),
        ),
    )

    system, last = chat(persona, Message("system", "Be brief."), user("Hi"), user_name="Jo")

    assert system.role == "system"
    assert system.content.split("\n\n") == [
        "You are Mira, talking with Jo. Stay in character; write only what Mira says and does.",
        "It rains.",
        "Mira mends clocks for Jo.",
        "Personality: dry",
        "Scenario: a workshop",
        "Mira is late.",
        "How Mira talks, for example:\nJo: Well?\nMira: Tick, Jo.",
        "How Mira talks, for example:\nNight.\nMira: Tock.",
        "Be brief.",
    ]
    assert last == user("Hi")


def test_system_text_of_a_persona_takes_the_place_of_the_usual_one_and_may_hold_it():
    (own, _) = chat(Persona(name="Mira", system="Be {{char}}."), user("Hi"))
    (both, _) = chat(Persona(name="Mira", system="Rhyme. {{original}}"), user("Hi"))

    assert own.content == "Be Mira."
    assert both.content.startswith("Rhyme. You are Mira, talking with User.")


def test_persona_that_says_nothing_has_no_system_message():
    assert chat(Persona(name="Mira", system=""), user("Hi")) == [user("Hi")]


def test_greeting_begins_a_chat_that_has_none():
    persona = Persona(name="Mira", system="", greetings=("Hello, {{user}}.", "Go away."))

    assert chat(persona, user("Hi")) == [assistant("Hello, User."), user("Hi")]
    assert chat(persona) == [assistant("Hello, User.")]
    assert chat(persona, assistant("Go away."), user("Hi")) == [assistant("Go away."), user("Hi")]


def test_lore_stands_at_the_head_of_the_users_message_that_spoke_of_it():
    persona = with_lore(
        LoreEntry(content="Dragons sleep.", keys=("dragon",)),
        LoreEntry(content="{{char}} knows.", keys=("wake",)),
    )

    messages = chat(persona, user("Hi"), assistant("Ho"), user("A dragon! Does it wake?"))

    assert messages == [
        user("Hi"),
        assistant("Ho"),
        user("[Dragons sleep.\nMira knows.]\n\nA dragon! Does it wake?"),
    ]


def test_lore_of_which_the_character_spoke_stands_in_the_users_next_message():
    persona = with_lore(LoreEntry(content="Dragons sleep.", keys=("dragon",)))

    waiting = chat(persona, user("Hi"), assistant("A dragon"))
    answered = chat(persona, user("Hi"), assistant("A dragon"), user("Where?"))

    assert waiting == [user("Hi"), assistant("A dragon")]
    assert answered == [*waiting, user("[Dragons sleep.]\n\nWhere?")]


def test_keys_may_name_who_talks():
    persona = with_lore(LoreEntry(content="Yes.", keys=("{{user}}'s hat",)))

    assert chat(persona, user("jo's hat"), user_name="Jo") == [user("[Yes.]\n\njo's hat")]


def test_words_beside_expressions_may_name_who_talks():
    entry = LoreEntry(content="Yes.", keys=("/cap{1}/", "{{user}}'s hat"), is_regex=True, is_slashed=True)

    assert chat(with_lore(entry), user("jo's hat"), user_name="Jo") == [user("[Yes.]\n\njo's hat")]


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (0, ["a", "b", "c\n\n[D]"]),
        (1, ["a", "b", "[D]\n\nc"]),
        (2, ["a\n\n[D]", "b", "c"]),
        (3, ["[D]\n\na", "b", "c"]),
        (9, ["[D]\n\na", "b", "c"]),
    ],
)
def test_entry_at_a_depth_stands_so_many_messages_before_the_end(depth, expected):
    persona = with_lore(LoreEntry(content="D", is_constant=True, place=Place.DEPTH, depth=depth))

    messages = chat(persona, user("a"), assistant("b"), user("c"))

    assert [each.content for each in messages] == expected


def test_entry_at_a_depth_stands_in_the_system_text_where_the_user_has_said_nothing():
    persona = with_lore(LoreEntry(content="D", is_constant=True, place=Place.DEPTH))

    assert chat(persona, assistant("b")) == [Message("system", "[D]"), assistant("b")]


def test_text_after_the_history_stands_behind_what_the_user_said_last():
    persona = Persona(name="Mira", system="", after_history="{{original}} Answer as {{char}}.")

    assert chat(persona, user("a"), assistant("b")) == [user("a\n\n[Answer as Mira.]"), assistant("b")]
    assert chat(persona, user("a")) == [user("a\n\n[Answer as Mira.]")]


def test_calls_and_their_results_pass_through_untouched():
    persona = with_lore(LoreEntry(content="Sunny.", keys=("sun",)))
    call = Message("assistant", "", tool_calls=(ToolCall("1", "sun", '{"sun": 1}'),))
    result = Message("tool", "sun", tool_call_id="1", name="sun")
    middle = Message("system", "sun")

    assert chat(persona, user("x"), call, result, middle, assistant("y")) == [
        user("x"), call, result, middle, assistant("y")
    ]  # fmt: skip


def test_marks_of_images_speak_of_nothing():
    mark = Gallery().hang(MediaSource("data:", "messages[0]"))
    persona = with_lore(LoreEntry(content="No.", keys=("media", *"0123456789abcdef")))

    assert chat(persona, user(f"{mark}\n?")) == [user(f"{mark}\n?")]


def test_each_text_is_asked_to_be_counted_once_and_lore_only_if_it_could_be_told():
    persona = Persona(
        name="Mira",
        lorebook=Lorebook(
            entries=(LoreEntry(content="yes", keys=("hi",)), LoreEntry(content="no", keys=("dragon",)))
        ),
    )

    texts = drafted(persona, user("hi"), assistant("hi"), user("hi")).texts

    assert len(texts) == len(set(texts))
    assert {"yes", "hi"} < set(texts)
    assert "no" not in texts


def test_old_messages_go_in_hunks():
    history = [user("x" * 10) if i % 2 == 0 else assistant("y" * 10) for i in range(21)]
    room = Room(n_context=150, n_per_message=0)

    dropped = [assembled(Persona(name="M", system=""), *history[:n], room=room) for n in range(1, 22)]

    assert [each.n_dropped for each in dropped] == [0] * 15 + [8] * 6
    assert dropped[-1].messages == history[8:]
    assert all(each.n_tokens <= 150 for each in dropped)


def test_newest_message_and_the_system_text_stay_however_long_they_are():
    persona = Persona(name="Mira", system="s" * 100)
    history = [user("x"), assistant("y"), user("z" * 100)]

    result = assembled(persona, *history, room=Room(n_context=10))

    assert result.messages == [Message("system", "s" * 100), history[-1]]
    assert result.n_dropped == 2
    assert result.n_tokens > 10


def test_lore_that_has_no_room_is_left_out_before_the_newest_message():
    persona = with_lore(LoreEntry(content="D" * 50, keys=("z",)), token_budget=1000)

    result = assembled(persona, user("z" * 100), room=Room(n_context=120))

    assert result.messages == [user("z" * 100)]


def test_lore_takes_a_quarter_of_the_context_where_the_book_does_not_say():
    entries = [LoreEntry(content=f"{number:020}", keys=("z",)) for number in range(20)]

    (message,) = chat(with_lore(*entries), user("z"), room=Room(n_context=400))

    assert message.content.count("\n0") + 1 == 4  # 100 tokens for texts of 20 and what is around them


def test_complaints_about_the_book_come_with_the_chat():
    result = assembled(with_lore(LoreEntry(content="x", keys=("(",), is_regex=True)), user("("))

    assert result.complaints == ("Lore entry 'x': key '(': unclosed group",)


def test_choices_repeat_from_turn_to_turn_and_follow_the_seed():
    persona = Persona(name="M", system="{{random:" + ",".join(map(str, range(999))) + "}}")
    history = [user("a"), assistant("b"), user("c")]

    assert chat(persona, *history)[0] == chat(persona, *history[:1])[0]
    assert len({chat(persona, *history, seed=seed)[0].content for seed in range(10)}) > 5


def test_cut_leaves_no_result_without_its_call():
    tool = Message("tool", "r")
    messages = [user("u")] * 7 + [assistant("call"), tool, tool, user("u"), user("u")]

    assert list(cuts(messages)) == [0, 10, 11]
    assert list(cuts([])) == [0]
    assert list(cuts([user("u")])) == [0]


def test_last_cut_keeps_the_calls_that_the_newest_results_answer():
    tool = Message("tool", "r")

    assert list(cuts([user("u"), assistant("call"), tool])) == [0, 1]
    assert list(cuts([user("u")] * 9 + [assistant("call"), tool, tool])) == [0, 8, 9]
    assert list(cuts([tool, tool])) == [0]


def test_result_of_a_function_stays_with_its_call_and_takes_the_place_of_lore():
    call = Message("assistant", "", tool_calls=(ToolCall("1", "f", "{}" + " " * 40),))
    result = Message("tool", "r" * 40, tool_call_id="1", name="f")
    persona = with_lore(LoreEntry(content="D" * 30, is_constant=True, place=Place.BEFORE), token_budget=1000)

    tight = assembled(persona, user("x" * 50), call, result, room=Room(n_context=110, n_per_message=0))

    assert tight.messages == [call, result]
    assert tight.n_dropped == 1


def test_template_that_wants_the_user_to_begin_is_known_and_gets_an_opening():
    strict = ChatTemplate(
        "{% for m in messages %}{% if loop.index0 == 0 and m.role == 'assistant' %}"
        "{{ raise_exception('user first') }}{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    )
    refusing = ChatTemplate(
        "{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}{{ messages }}"
    )
    persona = Persona(name="Mira", greetings=("Hello.",))

    messages = chat(persona, user("Hi"), is_user_first=True)

    assert not wants_user_first(ChatTemplate(BUILTIN["chatml"]))
    assert not wants_user_first(strict)
    assert wants_user_first(refusing)
    assert messages[1:] == [user(OPENING), assistant("Hello."), user("Hi")]
    assert "Hello." in refusing.render(messages).text
    assert chat(Persona(name="Mira"), user("Hi"), is_user_first=True)[1:] == [user("Hi")]
