"""What callers may, and what requests take of their quotas."""

import msgspec
import pytest

from corral.core.caller import CallerTerms, Quota
from corral.core.errors import InvalidRequestError, QueueFullError, QuotaExceededError
from corral.core.messages import Score
from corral.core.request import Media
from corral.gateway.callers import Callers, estimated_tokens
from corral.gateway.generation import Generation


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self):
        self.time_s = 0.0

    def now_s(self):
        return self.time_s


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def make(clock):
    """Make callers of which `a` has a quota."""
    return lambda **quota: Callers({"a": CallerTerms(quota=Quota(**quota))}, clock)


@pytest.fixture
def begin(words):
    """Begin the generation of a request that is charged."""

    def begin_one(callers, prompt="hi"):
        generation = Generation(words.request(), None, None)
        generation.charge = callers.charge("a", [prompt])
        return generation

    return begin_one


def left(callers, kind="tokens"):
    return callers.standing("a")[kind].n_left


def test_requests_get_their_callers_weight_and_priority(words):
    callers = Callers({"a": CallerTerms(weight=3.0, priority=2)})
    request = words.request()

    stamped = callers.stamped(msgspec.structs.replace(request, caller="a"))

    assert (stamped.weight, stamped.priority) == (3.0, 2)
    assert callers.stamped(request) is request


def test_scores_get_them_too():
    callers = Callers({"a": CallerTerms(weight=3.0, priority=2)})

    stamped = callers.stamped(Score("c", ["prompt"], ["question"], ["word"], "a"))

    assert (stamped.weight, stamped.priority) == (3.0, 2)


def test_what_a_request_said_of_its_own_weight_does_not_count(words):
    greedy = msgspec.structs.replace(words.request(), weight=99.0, priority=9)

    stamped = Callers({}).stamped(greedy)

    assert (stamped.weight, stamped.priority) == (1.0, 0)


def test_a_caller_without_a_quota_is_not_counted(make):
    callers = make(requests_per_minute=1)

    charges = [callers.charge("b", ["hi"]) for _ in range(5)]

    assert charges == [None] * 5
    assert callers.standing("b") == {}


def test_the_request_beyond_the_limit_is_refused_and_a_minute_later_taken(make, clock):
    callers = make(requests_per_minute=2)
    callers.charge("a", ["hi"])
    callers.charge("a", ["hi"])

    with pytest.raises(QuotaExceededError):
        callers.charge("a", ["hi"])
    clock.time_s = 61.0

    assert callers.charge("a", ["hi"]) is not None


def test_it_can_be_asked_whether_something_is_left_and_nothing_counts(make):
    callers = make(requests_per_minute=2)

    for _ in range(3):
        callers.check("a", 2)
        callers.check("b", 2)
    callers.charge("a", ["hi"])

    callers.check("a")
    with pytest.raises(QuotaExceededError):
        callers.check("a", 2)


def test_requests_that_were_checked_together_are_not_checked_again(make):
    callers = make(requests_per_minute=2, tokens_per_minute=100)

    callers.charge("a", [[1] * 100], n_checked=2)
    callers.charge("a", [[1] * 100], n_checked=0)

    assert left(callers, "requests") == 0


def test_one_callers_use_is_not_anothers(clock):
    terms = CallerTerms(quota=Quota(requests_per_minute=1))
    callers = Callers({"a": terms, "b": terms}, clock)

    callers.charge("a", ["hi"])

    assert callers.charge("b", ["hi"]) is not None


def test_a_prompt_is_charged_by_an_estimate_until_its_tokens_are_known(make, begin, words):
    callers = make(tokens_per_minute=1000)

    generation = begin(callers, "x" * 400)
    before = left(callers)
    generation.put(words.start())

    assert before == 900
    assert left(callers) == 997


def test_what_the_engine_does_not_tell_of_stays_as_estimated(make, words):
    callers = make(tokens_per_minute=1000)
    generation = Generation(words.request(), None, None)
    generation.charge = callers.charge("a", ["x" * 400], untold=["y" * 800])
    before = left(callers)

    generation.put(words.start())
    generation.put(words.start(index=1))
    generation.put(words.output(tokens=[1, 2]))

    assert before == 1000 - 100 - 200
    assert left(callers) == 1000 - 3 - 200 - 2


def test_and_counts_nothing_where_the_request_never_starts(make, words):
    callers = make(tokens_per_minute=1000)
    generation = Generation(words.request(), None, None)
    generation.charge = callers.charge("a", ["x" * 400], untold=["y" * 800])

    generation.fail(InvalidRequestError("the prompt is too long"))

    assert left(callers) == 1000


def test_a_generation_that_is_withdrawn_counts_nothing_whatever_comes_later(make, begin, words):
    callers = make(tokens_per_minute=1000, requests_per_minute=10)
    generation = begin(callers, "x" * 400)

    generation.withdraw()
    generation.put(words.start())
    generation.put(words.output(tokens=[1, 2]))
    generation.finish()

    assert (left(callers), left(callers, "requests")) == (1000, 10)


def test_cached_tokens_count_so_that_the_quota_tells_nothing_of_the_cache(make, begin, words):
    callers = make(tokens_per_minute=1000)

    generation = begin(callers)
    generation.put(msgspec.structs.replace(words.start(), n_prompt_tokens=50, n_cached=49))

    assert left(callers) == 950


def test_a_prompt_with_several_answers_counts_once(make, begin, words):
    callers = make(tokens_per_minute=1000)

    generation = begin(callers)
    generation.put(words.start())
    generation.put(words.start(index=1))
    generation.put(words.output(tokens=[1, 2]))
    generation.put(words.output(index=1, tokens=[3]))

    assert left(callers) == 1000 - 3 - 3


def test_tokens_count_also_when_the_reader_has_left(make, begin, words):
    callers = make(tokens_per_minute=1000)
    generation = begin(callers)
    generation.put(words.start())
    generation.has_left = True

    generation.put(words.output(tokens=[1, 2, 3, 4]))

    assert left(callers) == 993


def test_over_the_token_limit_the_answer_goes_on_and_the_next_request_is_refused(make, begin, words):
    callers = make(tokens_per_minute=5)
    generation = begin(callers)
    generation.put(words.start())

    generation.put(words.output(tokens=[1] * 40))

    with pytest.raises(QuotaExceededError, match="5 tokens per minute"):
        callers.charge("a", ["hi"])


def test_a_request_that_ends_before_it_starts_takes_no_tokens(make, begin):
    callers = make(tokens_per_minute=1000, requests_per_minute=10)
    generation = begin(callers, "x" * 400)

    generation.fail(InvalidRequestError("the prompt is too long"))

    assert (left(callers), left(callers, "requests")) == (1000, 9)


def test_a_request_that_the_engine_has_no_place_for_does_not_count(make, begin):
    callers = make(tokens_per_minute=1000, requests_per_minute=10)
    generation = begin(callers, "x" * 400)

    generation.fail(QueueFullError.expecting("full", 0.0))

    assert (left(callers), left(callers, "requests")) == (1000, 10)


def test_what_belongs_to_a_request_that_counts_is_no_request_of_its_own(make):
    callers = make(requests_per_minute=1, tokens_per_minute=100)
    callers.charge("a", [[1, 2, 3]])

    charge = callers.charge("a", [[1] * 10], n_requests=0)
    charge.took(12)

    assert left(callers) == 100 - 3 - 12
    assert left(callers, "requests") == 0


def test_ids_are_counted_text_is_estimated_and_images_are_not_known():
    assert estimated_tokens([[1, 2, 3], "x" * 40, Media(b"image")]) == 13


def test_models_are_allowed_by_any_of_their_names():
    callers = Callers({"a": CallerTerms(models=("story-*", "tiny")), "b": CallerTerms()})

    assert callers.may_use("a", ["story-7b"])
    assert callers.may_use("a", ["big", "tiny"])
    assert not callers.may_use("a", ["big"])
    assert callers.may_use("b", ["big"])


def test_who_shows_no_key_is_shown_what_every_key_may_use():
    callers = Callers({"a": CallerTerms(models=("tiny", "big")), "b": CallerTerms(models=("tiny",))})

    assert callers.may_use("", ["tiny"])
    assert not callers.may_use("", ["big"])
