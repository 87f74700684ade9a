"""What is said about models."""

import pytest

from corral.core.memory import Memory
from corral.core.model_view import ModelEvent, ModelState, ModelView
from corral.ui import model_words


def view(state=ModelState.READY, **fields):
    return ModelView(name="a", state=state, **fields)


def trouble(state, *, purpose="generate", is_autoloaded=True):
    return model_words.trouble(view(state, reason="no reason"), purpose=purpose, is_autoloaded=is_autoloaded)


def test_a_model_that_is_not_loaded_says_when_it_will_be():
    said = model_words.about_unloaded(view(ModelState.UNLOADED, n_ctx_train=32768))

    assert said == "up to 32,768 tokens of context · loaded by the first message"


@pytest.mark.parametrize("state", ModelState)
def test_every_state_has_words(state):
    assert model_words.state(view(state))


def test_reasons_of_several_lines_become_one():
    assert model_words.state(view(ModelState.UNUSABLE, reason="a\nb")) == "Cannot be used: a; b"


@pytest.mark.parametrize(
    "state", [ModelState.READY, ModelState.UNLOADED, ModelState.FAILED, ModelState.WAITING]
)
def test_a_model_that_may_come_can_be_chosen(state):
    assert trouble(state) == ""


@pytest.mark.parametrize("state", [ModelState.UNUSABLE, ModelState.QUARANTINED, ModelState.REMOTE])
def test_a_model_that_cannot_come_is_in_trouble(state):
    assert trouble(state)


def test_a_model_for_vectors_is_in_trouble():
    assert trouble(ModelState.READY, purpose="embed") == model_words.VECTORS


@pytest.mark.parametrize(
    ("state", "said"), [(ModelState.UNLOADED, model_words.NOT_AUTOLOADED), (ModelState.READY, "")]
)
def test_without_loading_by_requests_only_what_is_loaded_answers(state, said):
    assert trouble(state, is_autoloaded=False) == said


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        (ModelState.UNLOADED, {}, "Loading a …"),
        (ModelState.LOADING, {"progress": 0.43}, "Loading a … 43%"),
        (ModelState.DOWNLOADING, {"progress": 0.07}, "Downloading a … 7%"),
        (ModelState.WAITING, {"reason": "waits until another is idle"}, "Waits until another is idle"),
        (ModelState.WAITING, {}, "Waits for room"),
        (ModelState.RESTARTING, {}, "Restarting a …"),
        (ModelState.READY, {}, ""),
    ],
)
def test_an_answer_tells_what_it_waits_for(state, fields, said):
    event = ModelEvent(n=1, model="a", state=state, **fields)

    assert model_words.waiting("a", view(state, **fields)) == said
    assert model_words.waiting("a", event) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rss_bytes": 1_234_000_000}, "Ready · 1.2 GB of memory · idle"),
        ({"need": Memory(5_000_000)}, "Ready · needs 5.0 MB · idle"),
        ({"n_open": 1, "is_pinned": True}, "Ready · 1 request · pinned"),
        ({"n_open": 2}, "Ready · 2 requests"),
        ({"expires_in_s": 240.0}, "Ready · idle · goes in 4 min"),
    ],
)
def test_a_model_in_memory_tells_what_it_takes_and_how_long_it_stays(fields, said):
    assert model_words.resident(view(**fields)) == said


@pytest.mark.parametrize(
    ("n_bytes", "said"), [(12, "12 B"), (4_287_872, "4.3 MB"), (491_000_000, "491 MB"), (52e9, "52 GB")]
)
def test_sizes_are_short(n_bytes, said):
    assert model_words.size(int(n_bytes)) == said
