import pytest

from corral.core.caller import Quota
from corral.core.errors import InvalidRequestError, QuotaExceededError
from corral.gateway.quota import DAY_S, Standing, Usage, in_words


def test_a_used_up_limit_is_named_with_the_time_until_it_is_free():
    usage = Usage(Quota(requests_per_minute=2))
    usage.requests.take(2, 0.0)

    with pytest.raises(QuotaExceededError) as caught:
        usage.check(30.0)

    assert caught.value.message == (
        "The quota of this key is used up: 2 requests per minute. It is free again in 31 s"
    )
    assert caught.value.facts == {"retry_after_s": 31, "limit": "2 requests per minute"}


def test_of_two_used_up_limits_the_one_that_is_free_last_is_named():
    usage = Usage(Quota(tokens_per_minute=10, tokens_per_day=10))
    usage.tokens.take(10, 0.0)

    with pytest.raises(QuotaExceededError, match="10 tokens per day"):
        usage.check(1.0)


def test_requests_that_are_free_soon_do_not_hide_tokens_that_are_not():
    usage = Usage(Quota(requests_per_minute=1, tokens_per_day=10))
    usage.requests.take(1, 0.0)
    usage.tokens.take(10, 0.0)

    with pytest.raises(QuotaExceededError, match="10 tokens per day") as caught:
        usage.check(1.0)

    assert caught.value.facts["retry_after_s"] > 23 * 3600


def test_several_requests_at_once_need_room_for_all_of_them():
    usage = Usage(Quota(requests_per_minute=3))
    usage.requests.take(1, 0.0)
    usage.requests.take(1, 30.0)

    usage.check(40.0, 1)
    with pytest.raises(QuotaExceededError, match="for 2 requests at once: 3 requests per minute") as two:
        usage.check(40.0, 2)
    with pytest.raises(QuotaExceededError) as three:
        usage.check(40.0, 3)

    assert two.value.facts["retry_after_s"] == 21
    assert three.value.facts["retry_after_s"] == 51


def test_of_tokens_something_must_be_left_however_many_requests_there_are():
    usage = Usage(Quota(tokens_per_minute=2))
    usage.tokens.take(1, 0.0)

    usage.check(1.0, 9)
    usage.tokens.take(1, 1.0)

    with pytest.raises(QuotaExceededError, match="2 tokens per minute"):
        usage.check(1.0, 9)


def test_more_at_once_than_there_is_ever_room_for_is_not_told_to_come_back():
    usage = Usage(Quota(requests_per_minute=2, requests_per_day=100))
    usage.requests.take(2, 0.0)

    with pytest.raises(InvalidRequestError, match=r"3 prompts .* never has room: 2 requests per minute"):
        usage.check(1.0, 3)


def test_a_minute_later_the_day_still_counts():
    usage = Usage(Quota(requests_per_minute=1, requests_per_day=2))

    usage.check(0.0)
    usage.requests.take(1, 0.0)
    usage.check(61.0)
    usage.requests.take(1, 61.0)

    with pytest.raises(QuotaExceededError, match="2 requests per day"):
        usage.check(200.0)
    usage.check(DAY_S * 1.02)


def test_the_limit_of_which_least_is_left_is_the_one_that_is_told():
    usage = Usage(Quota(tokens_per_minute=100, tokens_per_day=50))
    usage.tokens.take(20, 0.0)

    standing = usage.tokens.standing(0.0)

    assert standing == Standing(limit=50, n_left=30, reset_s=DAY_S * 61 / 60)
    assert usage.requests.standing(0.0) is None


def test_what_was_given_back_or_was_nothing_is_not_waited_for():
    usage = Usage(Quota(requests_per_minute=5, tokens_per_day=50))
    taken = usage.requests.take(1, 0.0)
    usage.tokens.take(0, 0.0)

    taken.give_back()

    assert usage.requests.standing(1.0) == Standing(limit=5, n_left=5, reset_s=0.0)
    assert usage.tokens.standing(1.0) == Standing(limit=50, n_left=50, reset_s=0.0)


def test_what_was_given_back_does_not_put_off_the_reset_of_the_rest():
    usage = Usage(Quota(requests_per_minute=5))
    usage.requests.take(1, 0.0)
    usage.requests.take(1, 30.0).give_back()

    assert usage.requests.standing(30.0) == Standing(limit=5, n_left=4, reset_s=31.0)


def test_debts_are_not_told_as_less_than_nothing():
    usage = Usage(Quota(tokens_per_minute=10))
    usage.tokens.take(500, 0.0)

    standing = usage.tokens.standing(0.0)

    assert standing.n_left == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 s"), (119, "119 s"), (121, "3 min"), (7200, "2 h 0 min"), (19205, "5 h 21 min")],
)
def test_times_are_told_as_people_say_them(seconds, words):
    assert in_words(seconds) == words
