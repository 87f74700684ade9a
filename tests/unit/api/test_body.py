"""Bodies into wire structs."""

import pytest

from corral.api.anthropic.types import MessagesBody
from corral.api.body import parse
from corral.api.characters.types import CharacterChatBody
from corral.api.llamacpp.types import CompletionBody
from corral.api.openai.types import ChatBody
from corral.core.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("wanted", "body", "message"),
    [
        (CompletionBody, b'{"top_k":"x"}', "Field 'top_k': expected int | float, got str"),
        (CompletionBody, b'{"stream":1}', "Field 'stream': expected bool, got int"),
        (CompletionBody, b'{"stop":["a",1]}', "Field 'stop[1]': expected str, got int"),
        (CompletionBody, b"[]", "The body: expected object, got array"),
        (ChatBody, b'{"messages":[{"role":1}]}', "Field 'messages[0].role': expected str, got int"),
        (CharacterChatBody, b"{}", "Field 'userName': it is required"),
        (
            CharacterChatBody,
            b'{"userName":"a","genParams":{}}',
            "Field 'genParams.max_new_tokens': it is required",
        ),
        (CompletionBody, b"", "The body is not valid JSON: Input data was truncated"),
        (CompletionBody, b'{"samplers":["\xff"]}', "The body is not valid UTF-8"),
        (CompletionBody, b'{"x":' + b"[" * 99999, "The body is nested too deeply"),
    ],
)
def test_a_complaint_names_the_field(wanted, body, message):
    with pytest.raises(InvalidRequestError) as caught:
        parse(body, wanted)

    assert caught.value.message == message


def test_a_complaint_that_repeats_the_client_is_short_and_still_names_the_field():
    kind = "x - at `$.elsewhere`" * 1000
    body = b'{"messages":[{"role":"user","content":[{"type":"%b"}]}]}' % kind.encode()

    with pytest.raises(InvalidRequestError) as caught:
        parse(body, MessagesBody)

    assert caught.value.message.startswith("Field 'messages[0].content[0].type': invalid value")
    assert len(caught.value.message) < 1000


def test_null_and_unknown_keys_are_nothing():
    body = parse(b'{"prompt":"a","top_k":null,"surprise":[{}]}', CompletionBody)

    assert (body.prompt, body.top_k) == ("a", None)
