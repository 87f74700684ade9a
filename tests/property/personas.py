"""Any persona, and any character card, for the properties of their files."""

from hypothesis import strategies as st

from corral.prompt.cards.wire import lines
from corral.prompt.emotions.words import MAX_LENGTH
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.persona import Credits, Persona, PersonaSampling, Speaker, Turn

# What the formats give a meaning to, among what they do not.
SNIPPETS = [
    "{{user}}: ",
    "{{char}}:",
    "<START>",
    "\n",
    "\r\n",
    "@@depth 3\n",
    "@@@role system\n",
    "@@position after_desc\n",
    " ",
    "\t",
    "\u2028",
    "\x85",
    "\ufeff",
    "# no comment",
    "- item: |",
    "yes",
    "null",
    "0x1f",
    "1e5",
    "2024-01-01",
    "&a *a !!b",
    "{% for x in y %}",
    "'\"",
    "/s.a/i",
    "🌊",
]
characters = st.characters(codec="utf-8")
texts = st.one_of(
    st.text(characters, max_size=12),
    st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(characters, max_size=4)), max_size=5).map("".join),
)
names = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).filter(str.strip)
several = st.lists(texts, max_size=3).map(tuple)
counts = st.one_of(st.none(), st.integers(0, 9_000))
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)
# Keys of other applications: none that the formats or we have a meaning for.
foreign = st.dictionaries(texts.map("x-{}".format), json_values, max_size=3)

# As models see them: a card's lines may end in another way, and are read so.
told = texts.map(lines)

turns = st.builds(Turn, st.sampled_from(Speaker), texts)
entries = st.builds(
    LoreEntry,
    content=texts,
    keys=several,
    secondary_keys=several,
    is_selective=st.booleans(),
    is_constant=st.booleans(),
    is_enabled=st.booleans(),
    place=st.sampled_from(Place),
    depth=counts,
    order=st.integers(-1000, 1000),
    priority=st.one_of(st.none(), st.integers(-1000, 1000)),
    probability=st.floats(0, 100),
    is_case_sensitive=st.booleans(),
    is_regex=st.booleans(),
    is_slashed=st.booleans(),
    is_whole_word=st.booleans(),
    scan_depth=counts,
    name=texts,
    comment=texts,
    id=st.one_of(st.none(), st.integers(-1000, 1000), texts),
    extra=foreign,
)
books = st.builds(
    Lorebook,
    entries=st.lists(entries, max_size=2).map(tuple),
    name=texts,
    description=texts,
    scan_depth=counts,
    token_budget=counts,
    is_recursive=st.booleans(),
    recursion_limit=st.integers(0, 9),
    extra=foreign,
)
samplings = st.builds(
    PersonaSampling,
    temperature=st.one_of(st.none(), st.floats(0, 2)),
    top_k=counts,
    top_p=st.one_of(st.none(), st.floats(0, 1)),
    repeat_last_n=st.one_of(st.none(), st.integers(-1, 99)),
)
personas = st.builds(
    Persona,
    name=names,
    nickname=st.one_of(st.just(""), names),
    description=told,
    personality=told,
    scenario=told,
    system=st.one_of(st.none(), texts),
    after_history=told,
    greetings=several,
    examples=st.lists(st.lists(turns, max_size=3).map(tuple), max_size=3).map(tuple),
    stop=several,
    sampling=samplings,
    emotions=st.lists(texts.map(lambda text: text[:MAX_LENGTH]), max_size=3).map(tuple),
    user_name=st.one_of(st.just("User"), names),
    user_prefix=st.one_of(st.none(), texts),
    character_prefix=st.one_of(st.none(), texts),
    lorebook=st.one_of(st.none(), books),
    credits=st.builds(Credits, creator=texts, version=texts, notes=texts, tags=several, sources=several),
    extensions=foreign,
)

_lists = st.lists(texts, max_size=3)
_NEVER_NULL = (
    "extensions",
    "character_book",
)  # null is not given back there: an empty object, or nothing, is


def objects(required, optional):
    """Return a strategy of JSON objects, which may say null for what they may leave out."""
    optional = {
        key: value if key in _NEVER_NULL else st.one_of(st.none(), value)
        for key, value in optional.items()
        if key not in required
    }
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda ours, others: others | ours, known, foreign)


silly_entry = objects(
    {},
    {
        "position": st.sampled_from([0, 1, 2, 4, "4"]),
        "depth": st.sampled_from([0, 4, 9, -1, "4", 10**9]),
        "probability": st.sampled_from([0, 50, 100, 33.5, 500, "50"]),
        "useProbability": st.booleans(),
        "selectiveLogic": st.integers(0, 3),
        "role": st.integers(0, 2),
        "scan_depth": st.sampled_from([2, 1.5, "x"]),
        "match_whole_words": st.booleans(),
        "case_sensitive": st.booleans(),
    },
)
card_entries = objects(
    {"keys": _lists, "content": texts, "enabled": st.booleans()},
    {
        "extensions": silly_entry,
        "insertion_order": st.one_of(st.integers(0, 99), st.floats(-9, 9)),
        "secondary_keys": _lists,
        "selective": st.booleans(),
        "constant": st.booleans(),
        "position": st.sampled_from(["before_char", "after_char", "elsewhere"]),
        "case_sensitive": st.booleans(),
        "use_regex": st.booleans(),
        "name": texts,
        "comment": texts,
        "priority": st.one_of(st.integers(-9, 9), st.floats(-9, 9)),
        "id": st.one_of(st.integers(), texts).filter(lambda i: isinstance(i, str) or abs(i) < 2**53),
    },
)
card_books = objects(
    {"entries": st.lists(card_entries, max_size=2)},
    {
        "name": texts,
        "description": texts,
        "scan_depth": st.integers(0, 99),
        "token_budget": st.integers(0, 999),
        "recursive_scanning": st.booleans(),
        "extensions": foreign,
    },
)
_optional = {
    "description": texts,
    "personality": texts,
    "scenario": texts,
    "first_mes": texts,
    "mes_example": texts,
}
_notes = objects(
    {"prompt": texts},
    {"depth": st.sampled_from([0, 4, -1, "4", 10**9, True]), "role": st.sampled_from(["system", 0])},
)
_v2 = {
    "creator_notes": texts,
    "system_prompt": texts,
    "post_history_instructions": texts,
    "alternate_greetings": _lists,
    "tags": _lists,
    "creator": texts,
    "character_version": texts,
    "extensions": st.one_of(
        foreign, st.builds(lambda note, more: {**more, "depth_prompt": note}, _notes, foreign)
    ),
    "character_book": card_books,
}
_v3 = {
    "nickname": names,
    "source": _lists,
    "assets": st.lists(foreign, max_size=2),
    "group_only_greetings": _lists,
    "creation_date": st.integers(0, 2**40),
    "modification_date": st.integers(0, 2**40),
    "creator_notes_multilingual": st.dictionaries(st.sampled_from(["en", "de"]), texts),
}
v1_cards = objects({"name": names, "description": texts}, _optional | {"tags": _lists, "spec_version": texts})
v2_cards = st.builds(
    lambda card, data: card | {"spec": "chara_card_v2", "data": data},
    objects({}, {"spec_version": st.sampled_from(["2.0", "2.1"]), "name": names, "description": texts}),
    objects({"name": names}, _optional | _v2 | _v3),
)
v3_cards = st.builds(
    lambda card, data: card | {"spec": "chara_card_v3", "data": data},
    objects({}, {"spec_version": st.sampled_from(["3.0", "3.1"])}),
    objects({"name": names}, _optional | _v2 | _v3),
)
