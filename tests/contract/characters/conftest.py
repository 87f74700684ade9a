"""A body of character chat, in keys and structure that of the original's example; the character is ours."""

import copy

import pytest

BODY = {
    "userName": "Sam",
    "genParams": {
        "max_new_tokens": 100,
        "min_length": 0,
        "max_length": 2000,
        "top_p": 0.65,
        "min_p": 0.06,
        "top_k": 40,
        "temperature": 0.7,
        "repetition_penalty_max": 1.2,
        "repetition_penalty_sustain": 200,
        "repetition_penalty_decay": 100,
        "beams": 1,
        "beam_length": 1,
    },
    "character": {
        "charName": "Wren",
        "persona": "@{charName} keeps the lighthouse and likes @{likes}.",
        "greeting": "Come in, mind the stairs!",
        "likes": ["gulls", "fog"],
        "emotions": ["happy", "sad", "angry"],
        "chatExample": [
            {"chatType": "user", "message": "Is it lonely here?"},
            {"chatType": "character", "message": "Never."},
        ],
    },
    "promptTemplate": {
        "prompt": "@{persona}\n<START>\n${chatExample}\n<START>\n${chat}",
        "character": "@{charName}: ${message}",
        "user": "&{userName}: ${message}",
        "system": "[${message}]",
    },
    "chatHistory": [
        {"chatType": "character", "message": "Come in, mind the stairs!"},
        {"chatType": "user", "message": "Hello, how are you?"},
    ],
}
PROMPT = (
    "Wren keeps the lighthouse and likes [gulls,fog].\n<START>\n"
    "Sam: Is it lonely here?\nWren: Never.\n<START>\n"
    "Wren: Come in, mind the stairs!\nSam: Hello, how are you?\nWren:"
)


@pytest.fixture
def make_body():
    """Make the body anew with other values at dotted paths; ... takes a key away."""

    def make(**changes):
        body = copy.deepcopy(BODY)
        for path, value in changes.items():
            *way, last = path.split("__")
            place = body
            for key in way:
                place = place[key]
            if value is ...:
                del place[last]
            else:
                place[last] = value
        return body

    return make


@pytest.fixture
def post(client, make_body):
    """Post the body with changes."""
    return lambda **changes: client.post("/chat", make_body(**changes))


@pytest.fixture
def ask(post, door):
    """Post the body with changes and return the engine's request."""

    def send(**changes):
        reply = post(**changes)
        assert reply.status_code == 200, reply.text
        return door.requests[-1]

    return send
