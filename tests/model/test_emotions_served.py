"""The emotions that `POST /chat` tells with the bundled model, for messages that show one plainly."""

from __future__ import annotations

import pytest

from tests.model.test_served import Served

# None of these is in the text that the model was trained on.
MESSAGES = [
    ("happy", "I passed every exam and we're all celebrating tonight, I'm so glad!"),
    ("happy", "Sunshine, ice cream and my best friends around me: what a lovely Saturday!"),
    ("sad", "My grandpa died in the night and I can't stop crying."),
    ("sad", "She moved away for good and my heart is broken."),
    ("angry", "You stole my bicycle and lied about it! I'm furious with you!"),
    ("angry", "How dare you throw away my drawings! Get out of my room!"),
    ("scared", "There are footsteps on the stairs and nobody else should be in the house!"),
    ("scared", "A huge snake is hanging right above me, I'm too frightened to move."),
    ("surprised", "Wow, a live elephant on our lawn? I did not expect that!"),
    ("surprised", "What? You two are getting married tomorrow? I can't believe it!"),
    ("bored", "There is nothing on television and nothing to do, the hours just crawl."),
    ("bored", "This lecture about gravel is so dull, when will it end?"),
    ("curious", "I wonder how bees find their way back. Tell me more!"),
    ("curious", "What is inside this strange wooden chest? I want to know."),
    ("disgusted", "Yuck, there are maggots in the soup!"),
    ("disgusted", "The fridge smells rotten and something green is growing in it, gross."),
    ("proud", "I built this boat with my own two hands and it won first prize!"),
    ("confused", "I don't understand these rules, what do they even mean?"),
    ("tired", "I worked the night shift and can barely keep my eyes open."),
    ("love", "I love you, my darling, more than anything in the world."),
]
EMOTIONS = ["happy", "sad", "angry", "scared", "surprised", "bored", "curious", "disgusted"]
EMOTIONS += ["proud", "confused", "tired", "love"]
N_RIGHT = 16
PERSONA = "Mia is a young baker who lives in a small town by the sea. She likes jokes, cats and old songs."
TEMPLATES = {
    "chatml": {
        "prompt": "<|im_start|>system\nYou are Mia. @{persona}<|im_end|>\n${chat}<|im_start|>assistant\n",
        "character": "<|im_start|>assistant\n@{charName}: ${message}<|im_end|>\n",
        "user": "<|im_start|>user\n&{userName}: ${message}<|im_end|>\n",
    },
    "pygmalion": {
        "prompt": "@{charName}'s Persona: @{persona}\n<START>\n${chat}",
        "character": "@{charName}: ${message}\n",
        "user": "You: ${message}\n",
    },
    "vicuna": {
        "prompt": "A chat between a user and a character. @{persona}\n\n${chat}ASSISTANT: ",
        "character": "ASSISTANT: @{charName}: ${message}</s>\n",
        "user": "USER: &{userName}: ${message}\n",
    },
}


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


def ask(served, message, *, template, emotions=EMOTIONS):
    body = {
        "userName": "Tom",
        "genParams": {"max_new_tokens": 40, "temperature": 0.0},
        "character": {
            "charName": "Mia",
            "persona": PERSONA,
            "greeting": "Hello!",
            "chatExample": [],
            "emotions": emotions,
        },
        "promptTemplate": TEMPLATES[template],
        "chatHistory": [{"chatType": "user", "message": message}],
        "emotionScores": True,
    }
    answer = served.http.post("/chat", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_an_obvious_message_decides_the_emotion(served, template):
    told = [(emotion, ask(served, text, template=template)["emotion"]) for emotion, text in MESSAGES]

    wrong = [(meant, found) for meant, found in told if meant != found]
    assert len(told) - len(wrong) >= N_RIGHT, wrong


def test_a_hundred_emotions_of_any_script_are_chosen_from(served):
    emotions = [f"настроение {number}" for number in range(99)] + ["happy"]

    told = ask(served, "I am so happy!", template="chatml", emotions=emotions)

    assert told["emotion"] in emotions
