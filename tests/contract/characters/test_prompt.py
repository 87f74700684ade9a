"""POST /chat: the template language and the budget, as the engine sees them."""

import threading

import msgspec
import pytest

from corral.prompt.characters import plain_prompt
from corral.prompt.characters.plain_template import Expansion
from tests.contract.characters.conftest import BODY, PROMPT


def messages(*texts, kind="user"):
    return [{"chatType": kind, "message": text} for text in texts]


def prompt_of(request):
    (text,) = request.prompt
    return text


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("@{charName} &{userName} ", "Wren Sam Wren:"),
        ("@{likes} ", "[gulls,fog] Wren:"),
        ("@{persona} ", "Wren keeps the lighthouse and likes [gulls,fog]. Wren:"),
        ("@{userName}&{charName}@{x}${y} ", " Wren:"),
        ("&{mood} ", "grumpy Wren Wren:"),
        ("@{me} ", " Wren:"),
        ("${chatExample}|", "Sam: Is it lonely here?\nWren: Never.|Wren:"),
        ("@{greeting}\n${chat}", "Hi!\nWren: Come in, mind the stairs!\nSam: Hello, how are you?\nWren:"),
    ],
)
def test_templates_are_filled_in(ask, template, prompt):
    request = ask(
        promptTemplate__prompt=template,
        mood="grumpy @{charName}",
        character__me="@{me}",
        character__greeting="Hi!",
    )

    assert prompt_of(request) == prompt


def test_a_message_is_inserted_last_and_never_expanded(ask):
    request = ask(chatHistory=messages("@{persona} &{userName} ${chat} ${message}"))

    assert prompt_of(request).endswith("\nSam: @{persona} &{userName} ${chat} ${message}\nWren:")


def test_further_kinds_of_messages_have_their_templates(ask):
    request = ask(
        promptTemplate__user1="Kim says ${message}",
        chatHistory=[*messages("Fog.", kind="system"), *messages("Ahoy!", kind="user1")],
    )

    assert prompt_of(request).endswith("<START>\n[Fog.]\nKim says Ahoy!\nWren:")


def test_empty_blocks_leave_nothing(ask):
    request = ask(
        chatHistory=[], character__chatExample=[], promptTemplate__prompt="<${chatExample}>\n${chat}"
    )

    assert prompt_of(request) == "<>\nWren:"


def test_everything_is_counted_in_one_call_and_the_whole_once_more(ask, door):
    ask(chatHistory=messages(*map(str, range(500))))

    parts, whole = door.counts
    assert len(parts) == 1 + 1 + len(BODY["character"]["chatExample"]) + 500
    assert len(whole) == 1


def test_the_newest_messages_are_told_old_to_new(ask):
    history = [f"message {n:03}" for n in range(400)]

    text = prompt_of(ask(chatHistory=messages(*history)))

    shown = text.split("<START>\n")[2].split("\n")[:-1]
    assert shown == [f"Sam: {each}" for each in history[-len(shown) :]]
    n_line = len("Sam: message 000\n")
    assert 2048 - 100 - n_line < len(text) + 1 <= 2048 - 100


def test_examples_come_before_the_history(ask):
    request = ask(
        character__chatExample=messages(*["example " * 40] * 9), chatHistory=messages("history " * 40)
    )

    assert "history" not in prompt_of(request)
    assert prompt_of(request).count("Sam: example") == 5


def test_a_long_message_ends_its_block(ask):
    request = ask(chatHistory=messages("old", "x" * 5000, "new"))

    assert prompt_of(request).endswith("<START>\nSam: new\nWren:")


def test_the_systems_prompt_takes_its_part_of_the_budget(ask, door):
    full = prompt_of(ask(chatHistory=messages(*["0123456789"] * 300)))
    door.model_facts = msgspec.structs.replace(door.model_facts, system_prompt="s" * 160)

    text = prompt_of(ask(chatHistory=messages(*["0123456789"] * 300)))

    assert len(full) - len(text) == 160


def test_a_whole_with_more_tokens_than_its_parts_still_fits(ask, door):
    count = door.count

    async def counted(texts, *, has_special):
        """Each border between two lines costs a token more."""
        plain = await count(texts, has_special=has_special)
        return [n + text.count("\n") for n, text in zip(plain, texts, strict=True)]

    async def parts_without_borders(texts, *, has_special):
        is_whole = len(texts) == 1
        return await (counted if is_whole else count)(texts, has_special=has_special)

    door.count = parts_without_borders

    text = prompt_of(ask(chatHistory=messages(*["0123456789"] * 300)))

    assert 1948 - 20 < len(text) + text.count("\n") + 1 <= 1948
    assert len(door.counts) > 2


def test_a_bare_prompt_whose_whole_is_too_long_is_refused(client, door, make_body, refused):
    async def counted(texts, *, has_special):
        assert has_special
        return [3000] if len(texts) == 1 else [int(bool(text)) for text in texts]

    door.count = counted

    refused(client.post("/chat", make_body()), "'promptTemplate.prompt': it has 3001 tokens", "leaves 1948")


def test_the_prompt_ends_with_the_characters_name(ask):
    assert prompt_of(ask()) == PROMPT


@pytest.mark.parametrize(
    ("prompt", "field"),
    [
        ("@{a}" * 5500 + "@" * 15 + "{z}" * 15, "character.a"),
        ("@{a}" * 500 + "@" * 15 + "{z}" * 15, "character.z"),
        ("${chat}" * 600, "promptTemplate.prompt"),
    ],
)
def test_a_template_makes_no_more_text_than_the_context_can_take(post, door, refused, prompt, field):
    changes = {"character__a": "@" * 700, "chatHistory": messages("x" * 1000)}

    reply = post(promptTemplate__prompt=prompt, **changes)

    refused(reply, f"Field '{field}'", f"more than {256 * 1948} characters")
    assert all(len(text) < 2000 for texts in door.counts for text in texts)


def test_texts_are_made_on_threads_as_a_small_body_may_make_long_ones(ask, monkeypatch):
    threads = []

    def watched(work):
        def noting(*given):
            threads.append(threading.current_thread())
            return work(*given)

        return noting

    monkeypatch.setattr(Expansion, "of", watched(Expansion.of))
    monkeypatch.setattr(plain_prompt, "filled", watched(plain_prompt.filled))
    ask()

    assert len(threads) > 5
    assert threading.main_thread() not in threads
