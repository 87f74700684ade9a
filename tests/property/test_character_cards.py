"""Character cards and Corral's own files: what was read is written again, whatever it says."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.prompt.cards.card import read_card, write_card
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.yaml import read_yaml, write_yaml
from tests.property.personas import personas, v1_cards, v2_cards, v3_cards

BOTH = pytest.mark.parametrize("version", [CardVersion.V2, CardVersion.V3])
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def holds(whole, part):
    """Tell whether `whole` says all that `part` says, and may say more in objects."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(holds, whole, part))
    return whole == part


def lore(persona):
    """Return what its lorebook says, without what is kept for others."""
    entries = persona.lorebook.entries if persona.lorebook else ()
    return [msgspec.structs.replace(entry, extra={}) for entry in entries]


@BOTH
@many
@given(persona=personas)
def test_persona_comes_back_from_its_card(version, persona):
    assert read_card(write_card(persona, version)) == persona


@many
@given(persona=personas)
def test_persona_comes_back_from_its_picture(persona):
    assert read_card(write_png(persona)) == persona


@many
@given(persona=personas)
def test_persona_comes_back_from_its_yaml(persona):
    assert read_yaml(write_yaml(persona)) == persona


@many
@given(data=st.data(), version=st.sampled_from(CardVersion))
def test_card_comes_back_from_its_persona_with_every_key_it_had(data, version):
    card = data.draw({1: v1_cards, 2: v2_cards, 3: v3_cards}[version])

    written = json.loads(write_card(read_card(json.dumps(card).encode()), version))

    assert holds(written, card)


@many
@given(
    card=st.one_of(v1_cards, v2_cards, v3_cards), version=st.sampled_from([CardVersion.V2, CardVersion.V3])
)
def test_card_means_the_same_in_another_version(card, version):
    persona = read_card(json.dumps(card).encode())

    again = read_card(write_card(persona, version))

    assert json.loads(write_card(again, version)) == json.loads(write_card(persona, version))
    for field in ("name", "nickname", "greetings", "examples", "system", "credits"):
        assert getattr(again, field) == getattr(persona, field)
    assert lore(again) == lore(persona)


@many
@given(card=st.one_of(v1_cards, v2_cards, v3_cards))
def test_persona_of_a_card_comes_back_from_its_yaml(card):
    persona = read_card(json.dumps(card).encode())

    assert read_yaml(write_yaml(persona)) == persona
