"""Which entries are told, and where they stand."""

import pytest

from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.lorebook.lore import DEFAULT_DEPTH, Lore
from corral.prompt.lorebook.telling import tell


def entry(content, *keys, **more):
    return LoreEntry(content=content, keys=keys, **more)


def told(texts, *entries, budget=None, start=0, seed=0, **book):
    lore = Lore(Lorebook(entries=entries, **book), texts)
    counts = {each.content: len(each.content) for each in lore.candidates()}
    return tell(lore, counts, budget, start=start, seed=seed)


def anchors(result):
    return {at: [each.content for each in entries] for at, entries in result.anchored.items()}


def contents(entries):
    return [each.content for each in entries]


def test_entry_stands_before_the_message_that_first_spoke_of_it():
    result = told(["hi", "a dragon", "a keep", "the dragon again"], entry("D", "dragon"), entry("K", "keep"))

    assert anchors(result) == {1: ["D"], 2: ["K"]}


def test_entry_that_is_off_or_empty_or_not_spoken_of_is_not_told():
    result = told(["a b c"], entry("A", "a", is_enabled=False), entry(" ", "b"), entry("C", "x"), entry("D"))

    assert result.entries == []


def test_constant_entries_stand_around_the_description():
    result = told(
        [],
        entry("first", is_constant=True, place=Place.BEFORE, order=2),
        entry("zeroth", is_constant=True, place=Place.BEFORE, order=1),
        entry("behind", is_constant=True, place=Place.AFTER),
        entry("anywhere", is_constant=True),
    )

    assert contents(result.before) == ["zeroth", "first"]
    assert contents(result.after) == ["behind", "anywhere"]


@pytest.mark.parametrize("place", [Place.BEFORE, Place.AFTER, Place.ANCHORED])
def test_entry_with_keys_stands_in_the_history_wherever_it_would_like_to(place):
    assert anchors(told(["x", "a"], entry("A", "a", place=place))) == {1: ["A"]}


def test_entries_of_one_message_stand_in_their_order():
    result = told(["a b c"], entry("A", "a", order=3), entry("B", "b", order=1), entry("C", "c", order=1))

    assert anchors(result) == {0: ["B", "C", "A"]}


def test_selective_entry_waits_for_a_secondary_key_within_its_depth():
    dragon = entry("D", "dragon", is_selective=True, secondary_keys=("fire", "smoke"), scan_depth=2)

    assert anchors(told(["dragon", "x", "fire", "dragon"], dragon)) == {3: ["D"]}
    assert anchors(told(["dragon", "x", "fire", "x"], dragon)) == {}
    assert anchors(told(["smoke and a dragon"], dragon)) == {0: ["D"]}


def test_depth_of_the_book_holds_where_the_entry_has_none():
    dragon = entry("D", "dragon", is_selective=True, secondary_keys=("fire",))

    assert anchors(told(["dragon", "x", "fire"], dragon, scan_depth=2)) == {}
    assert anchors(told(["dragon", "x", "fire"], dragon, scan_depth=3)) == {2: ["D"]}


def test_entry_that_looks_at_no_message_is_told_by_other_entries_only():
    hoard = entry("H", "hoard", scan_depth=0)

    assert told(["hoard"], hoard).entries == []
    assert anchors(told(["dragon"], hoard, entry("its hoard", "dragon"), is_recursive=True)) == {
        0: ["H", "its hoard"]
    }


def test_entry_at_a_depth_is_told_while_the_last_messages_speak_of_it():
    dragon = entry("D", "dragon", place=Place.DEPTH, depth=2, scan_depth=2)

    assert {at: contents(each) for at, each in told(["dragon", "x"], dragon).deep.items()} == {2: ["D"]}
    assert told(["dragon", "x", "y"], dragon).entries == []


def test_constant_entry_at_a_depth_is_always_told():
    result = told(["x"], entry("D", place=Place.DEPTH, is_constant=True))

    assert contents(result.deep[DEFAULT_DEPTH]) == ["D"]


def test_what_an_entry_says_tells_others_at_the_same_message_round_by_round():
    chain = [entry("about b", "a"), entry("about c", "b"), entry("about d", "c"), entry("E", "d")]

    assert anchors(told(["x", "a"], *chain)) == {1: ["about b"]}
    assert anchors(told(["x", "a"], *chain, is_recursive=True, recursion_limit=1)) == {
        1: ["about b", "about c"]
    }
    assert len(told(["x", "a"], *chain, is_recursive=True, recursion_limit=3).anchored[1]) == 4


def test_entries_that_speak_of_each_other_end():
    result = told(["a"], entry("b a", "a"), entry("a b", "b"), is_recursive=True, recursion_limit=1000)

    assert anchors(result) == {0: ["b a", "a b"]}


def test_what_constant_entries_speak_of_is_constant():
    result = told(
        ["x"], entry("about b", is_constant=True), entry("B", "b", place=Place.BEFORE), is_recursive=True
    )

    assert contents(result.before) == ["B"]


def test_what_an_entry_at_a_depth_speaks_of_stands_at_a_depth():
    deep = entry("about b", "a", place=Place.DEPTH, depth=1)

    result = told(["a"], deep, entry("B", "b"), is_recursive=True)

    assert {at: contents(each) for at, each in result.deep.items()} == {1: ["about b"], DEFAULT_DEPTH: ["B"]}


def test_what_the_rounds_do_not_reach_is_not_told_at_a_depth_instead():
    chain = [entry("b", "a"), entry("c", "b"), entry("d", "c")]

    result = told(["a"], *chain, is_recursive=True, recursion_limit=1)

    assert (anchors(result), result.deep) == ({0: ["b", "c"]}, {})


def test_selective_entry_takes_one_key_of_an_entry_and_one_of_the_messages():
    secret = entry("S", "crown", is_selective=True, secondary_keys=("king",))

    assert anchors(told(["a king", "gold"], entry("a crown", "gold"), secret, is_recursive=True)) == {
        1: ["a crown", "S"]
    }
    assert anchors(told(["gold"], entry("a crown", "gold"), secret, is_recursive=True)) == {0: ["a crown"]}


def test_text_that_two_entries_have_is_told_once():
    result = told(["a", "b"], entry("same", "a"), entry("same", "b"))

    assert anchors(result) == {0: ["same"]}


def test_least_important_of_one_message_go_first_where_the_budget_is_small():
    result = told(
        ["a b c"],
        entry("aaaa", "a"),
        entry("bbbb", "b", priority=5),
        entry("cccc", "c", priority=-1),
        budget=8,
    )

    assert anchors(result) == {0: ["aaaa", "bbbb"]}


def test_constant_entries_take_the_budget_first():
    result = told(["a"], entry("aaaa", "a", priority=9), entry("cccc", is_constant=True), budget=7)

    assert contents(result.entries) == ["cccc"]


def test_entry_that_stands_is_not_pushed_out_by_a_more_important_one():
    result = told(["a", "b"], entry("aaaa", "a"), entry("bbbb", "b", priority=9), budget=4)

    assert anchors(result) == {0: ["aaaa"]}


def test_smaller_entry_is_told_where_a_greater_one_does_not_fit():
    result = told(["a b"], entry("a" * 9, "a", priority=1), entry("b", "b"), budget=4)

    assert anchors(result) == {0: ["b"]}


def test_entry_whose_message_was_dropped_stands_where_it_is_spoken_of_next():
    texts = ["a", "x", "a", "x"]

    assert anchors(told(texts, entry("A", "a"))) == {0: ["A"]}
    assert anchors(told(texts, entry("A", "a"), start=1)) == {2: ["A"]}
    assert anchors(told(texts, entry("A", "a"), start=3)) == {}


def test_secondary_key_in_a_dropped_message_is_not_seen():
    dragon = entry("D", "dragon", is_selective=True, secondary_keys=("fire",))

    assert anchors(told(["fire", "dragon"], dragon)) == {1: ["D"]}
    assert anchors(told(["fire", "dragon"], dragon, start=1)) == {}


def test_chance_is_drawn_at_each_message_and_repeats():
    texts = ["a"] * 400
    first = [min(told(texts, entry(f"{n}", "a", probability=10)).anchored) for n in range(50)]

    assert first == [min(told(texts, entry(f"{n}", "a", probability=10)).anchored) for n in range(50)]
    assert 3 < sum(first) / len(first) < 27  # 9 on average
    assert first != [min(told(texts, entry(f"{n}", "a", probability=10), seed=1).anchored) for n in range(50)]


def test_impossible_entry_is_never_told():
    result = told(["a"] * 50, entry("A", "a", probability=0), entry("C", is_constant=True, probability=0))

    assert result.entries == []


def test_candidates_are_those_that_could_be_told_and_no_more():
    lore = Lore(
        Lorebook(
            entries=(entry("about b", "a"), entry("B", "b"), entry("C", "c"), entry("K", is_constant=True)),
            is_recursive=True,
        ),
        ["a"],
    )

    assert contents(lore.candidates()) == ["about b", "B", "K"]


def test_great_book_finds_what_a_small_one_finds():
    texts = ["The word42 and WORD7", "日本 word", "ß 42"]
    entries = [entry(f"{n}", f"word{n}", f"日{n}", is_whole_word=True) for n in range(600)]
    entries += [entry("ss", "SS"), entry("42!", "42"), entry("re", "w.rd7", is_regex=True)]

    many, few = (
        Lore(Lorebook(entries=tuple(entries)), texts),
        Lore(Lorebook(entries=tuple(entries[600:])), texts),
    )

    assert {many.entries[n].content for n in many.mentions} == {"42", "7", "ss", "42!", "re"}
    assert {few.entries[n].content for n in few.mentions} == {"ss", "42!", "re"}


def test_refused_pattern_is_told_and_the_rest_of_the_book_goes_on():
    lore = Lore(Lorebook(entries=(entry("A", "(", is_regex=True, name="bad"), entry("B", "b"))), ["( b"])

    assert [each.content for each in lore.candidates()] == ["B"]
    assert lore.complaints == ("Lore entry 'bad': key '(': unclosed group",)
