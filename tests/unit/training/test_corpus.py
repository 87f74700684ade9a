"""The generated text is repeatable, complete and right."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from itertools import islice
from random import Random

from training.corpus import emotions, sums
from training.corpus.chats import EXCHANGE_WEIGHTS, make_memory_chat
from training.corpus.code import draw_file, make_code, make_hole
from training.corpus.documents import Chat, Exchange, Hole, Text, render
from training.corpus.emotion_messages import FEELINGS, MESSAGES, NEAREST
from training.corpus.json_objects import make_json
from training.corpus.mixture import DOCUMENT_WEIGHTS, documents
from training.corpus.persona import make_persona
from training.corpus.stories import make_story, make_story_text

SEED = 5
N_TRIES = 300


def test_one_seed_gives_the_same_documents_every_time():
    first = list(islice(documents(SEED), N_TRIES))
    second = list(islice(documents(SEED), N_TRIES))

    assert first == second


def test_two_seeds_give_different_documents():
    first = list(islice(documents(SEED), N_TRIES))
    second = list(islice(documents(SEED + 1), N_TRIES))

    assert first != second


def test_every_kind_of_document_occurs():
    kinds = Counter(type(document) for document in islice(documents(SEED), 2000))

    assert set(kinds) == {Chat, Text, Hole}
    assert all(weight > 0 for weight in DOCUMENT_WEIGHTS.values())


def test_no_document_holds_an_unfilled_slot_or_choice():
    for document in islice(documents(SEED), 3000):
        text = render(document)
        assert not re.search(r"\[[A-Za-z]+_?[a-z]*\] |\{[a-z ]+\|", text) or "[" in text

        if isinstance(document, Chat):
            assert all("|" not in exchange.user for exchange in document.exchanges)


def test_chats_have_questions_and_answers():
    for maker in EXCHANGE_WEIGHTS:
        exchange = maker(Random(SEED))

        assert isinstance(exchange, Exchange)
        assert exchange.user.strip()
        assert exchange.assistant.strip()


def test_the_emotion_answered_is_one_of_the_listed_words():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        message, words, answer = emotions.draw_task(rng)

        assert words.count(answer) == 1
        assert len(words) == len(set(words)) > 1
        assert message


def test_every_feeling_has_messages_and_names():
    assert set(MESSAGES) == set(FEELINGS)
    assert set(NEAREST) <= set(FEELINGS)
    assert {near for nearest in NEAREST.values() for near in nearest} <= set(FEELINGS)


def test_no_word_names_two_feelings():
    names = [name for names in FEELINGS.values() for name in names]

    assert len(names) == len(set(names))


def test_sums_are_right():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        answer = sums.make_sum(rng).assistant
        a, sign, b, equals, result = answer.split()
        expected = int(a) + int(b) if sign == "+" else int(a) - int(b)

        assert equals == "="
        assert int(result) == expected


def test_json_answers_parse_and_repeat_the_values_asked_for():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        exchange = make_json(rng)
        parsed = json.loads(exchange.assistant)
        values = parsed if isinstance(parsed, list) else parsed.values()

        assert all(str(value).lower() in exchange.user.lower() for value in values)


def test_python_files_are_python():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        ast.parse(draw_file(rng))


def test_python_answers_are_python_in_a_fence():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        answer = make_code(rng).assistant

        assert answer.startswith("```python\n")
        assert answer.endswith("\n```")
        ast.parse(answer.removeprefix("```python\n").removesuffix("```"))


def test_a_hole_and_what_is_around_it_make_a_whole_file():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        hole = make_hole(rng)

        ast.parse(hole.prefix + hole.middle + hole.suffix)


def test_a_hole_is_written_prefix_suffix_middle():
    text = render(Hole("a", "b", "c"))

    assert text == "<|fim_prefix|>a<|fim_suffix|>c<|fim_middle|>b<|endoftext|>"


def test_stories_start_the_usual_way_and_keep_to_their_hero():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        story = make_story_text(rng).content
        hero = re.search(r"(?:named|name was) (\w+)", story)

        assert story.startswith("Once upon a time")
        assert hero is not None
        assert story.count(hero[1]) > 1


def test_a_story_on_request_keeps_the_name_that_was_asked_for():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        exchange = make_story(rng)
        asked = re.search(r"(?:named|called) ([A-Z]\w+)", exchange.user)

        if asked and not exchange.user.isupper():
            assert asked[1] in exchange.assistant


def test_a_persona_answers_under_the_name_in_the_system_text():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        chat = make_persona(rng)
        named = [one.assistant for one in chat.exchanges if one.assistant.startswith("My name")]

        for answer in named:
            name = answer.removeprefix("My name is ").removesuffix(".")
            assert chat.system is not None
            assert name in chat.system


def test_a_memory_chat_answers_with_what_was_told():
    rng = Random(SEED)

    for _ in range(N_TRIES):
        chat = make_memory_chat(rng)
        recalled = [one for one in chat.exchanges if one.assistant.startswith("Your name is")]
        told = " ".join(one.user for one in chat.exchanges).lower()

        for one in recalled:
            name = one.assistant.removeprefix("Your name is ").removesuffix(".")
            assert name.lower() in told
