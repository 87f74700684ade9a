"""A hostile template ends soon, in an error, with little memory."""

import time

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt import sandbox
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate

GROWING = (
    "{% set ns = namespace(s=START) %}"
    "{% for i in range(60) %}{% set ns.s = STEP %}{% endfor %}{{ ns.s SHOW }}"
)


def growing(start, step, show=""):
    return GROWING.replace("START", start).replace("STEP", step).replace("SHOW", show)


HOSTILE = {
    "nested loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a long range": "{% for i in range(1000000000) %}{% endfor %}",
    "doubling by ~": growing("'a'", "ns.s ~ ns.s"),
    "doubling by +": growing("'a'", "ns.s + ns.s"),
    "doubling a list": growing("['a']", "ns.s + ns.s"),
    "a tree of lists": growing("['a']", "[ns.s, ns.s]"),
    "a tree as JSON": growing("['a']", "[ns.s, ns.s]", "| tojson"),
    "a tree as text": growing("['a']", "[ns.s, ns.s]", "| string"),
    "a tree by ~": growing("['a']", "[ns.s, ns.s]", "~ 'x'"),
    "squares": growing("99", "ns.s * ns.s"),
    "a power": "{{ 10 ** 10 ** 10 }}",
    "times": "{{ 'a' * 10 ** 9 }}",
    "times a list": "{{ [1] * 10 ** 9 }}",
    "times from the left": "{{ 10 ** 9 * 'a' }}",
    "center": "{{ 'a' | center(1000000000) }}",
    "indent": "{{ ('a\\n' * 100000) | indent(100000) }}",
    "ljust": "{{ 'a'.ljust(1000000000) }}",
    "zfill": "{{ 'a'.zfill(1000000000) }}",
    "expandtabs": "{{ ('\\t' * 100000).expandtabs(100000) }}",
    "replace": "{% set s = 'ab' * 1000000 %}{{ s.replace('a', s) }}",
    "replace by filter": "{% set s = 'ab' * 1000000 %}{{ s | replace('a', s) }}",
    "join": "{% set s = 'ab' * 1000000 %}{{ ([s] * 1000) | join(s) }}",
    "join a map": "{% set s = 'ab' * 1000000 %}{{ ([s] * 1000) | map('upper') | join }}",
    "join by method": "{% set s = 'ab' * 1000000 %}{{ s.join([s] * 1000) }}",
    "format by %": "{{ '%1000000000d' % 1 }}",
    "format by method": "{{ '{:1000000000}'.format(1) }}",
    "format by filter": "{{ '%1000000000d' | format(1) }}",
    "a block of text": "{% set x %}{% for i in range(99999) %}{{ 'a' * 999 }}{% endfor %}{% endset %}{{ x }}",
    "much output": "{% for i in range(99999) %}{{ 'a' * 999 }}{% endfor %}",
    "kept slices": (
        "{% set ns = namespace(x=0) %}{% set s = 'a' * 8000000 %}"
        "{% for i in range(99999) %}{% set ns.x = [ns.x, s[i:]] %}{% endfor %}"
    ),
    "endless macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "branching macro": (
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}"
    ),
    "rebinding what counts": (
        "{% set counted = 1 %}{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    ),
    "python": "{{ ''.__class__.__mro__ }}",
    "python by filter": "{{ ('' | attr('__class__')).x }}",
}


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch):
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 0.5)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_soon_in_an_error(name):
    template = ChatTemplate(HOSTILE[name])
    begun_s = time.monotonic()

    with pytest.raises(InvalidRequestError):
        template.render([Message("user", "hi")])

    assert time.monotonic() - begun_s < sandbox.MAX_SECONDS + 2


def test_a_long_real_chat_stays_within_the_budget():
    chat = [Message("user" if i % 2 else "assistant", "word " * 1000) for i in range(500)]

    prompt = ChatTemplate(
        "{% for m in messages %}{{ '<' ~ m.role ~ '>' + m.content | trim }}{% endfor %}"
    ).render(chat)

    assert len(prompt.text) > 2_000_000


def test_a_budget_is_of_one_rendering():
    template = ChatTemplate("{% for i in range(9999) %}{% endfor %}ok")

    assert [template.render([]).text for _ in range(5)] == ["ok"] * 5
