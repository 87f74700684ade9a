"""POST /chat on the bundled model, in an engine of its own: repeated seeds, the budget, the second pass."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

import corral
from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.messages import Load
from corral.core.outcome import SequenceStart
from corral.gateway.door import Door
from corral.gateway.supervisor import Supervisor
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Persona
from tests.contract.characters.conftest import BODY
from tests.contract.conftest import Client, data_lines
from tests.fake_characters import FakeCharacters
from tests.model.test_served import Served

MODEL = Path(corral.__file__).parent / "models" / "corral-tiny.gguf"
DEADLINE_S = 100
EMOTIONS = BODY["character"]["emotions"]


class WatchedGeneration:
    """A real generation, whose first event goes to `starts`."""

    def __init__(self, generation, starts):
        self._generation = generation
        self._starts = starts

    async def __aenter__(self):
        await self._generation.__aenter__()
        return self

    async def __aexit__(self, *raised):
        await self._generation.__aexit__(*raised)

    def __aiter__(self):
        return self

    async def __anext__(self):
        event = await anext(self._generation)
        if isinstance(event, SequenceStart):
            self._starts.append(event)
        return event


class WatchedDoor:
    """The real door, and what passed through it."""

    loading = None

    def __init__(self, door):
        self._door = door
        self.name = door.name
        self.requests = []
        self.starts = []
        self.asked = []
        self.scored = []

    def __getattr__(self, name):
        return getattr(self._door, name)

    def generate(self, request):
        self.requests.append(request)
        return WatchedGeneration(self._door.generate(request), self.starts)

    async def score(self, *arguments, **options):
        self.asked.append(arguments)
        self.scored.append(await self._door.score(*arguments, **options))
        return self.scored[-1]

    async def n_tokens(self, pieces, **options):
        return len((await self.tokenize(pieces, parse_special=True, **options)).tokens)


def served(act, *, characters=None, **settings):
    """Return what `act` returns of a client's post and the door behind it."""

    async def run():
        supervisor = Supervisor(hang_s=600.0)
        engine = EngineSettings(
            **{
                "n_ctx": 2048,
                "n_parallel": 2,
                "cpu": CpuSettings(n_threads=1),
                "flash_attn": "off",
                **settings,
            }
        )
        door = Door("tiny", lambda: supervisor.workers.get("tiny"), max_queue=10, restart_wait_s=10.0)
        watched = WatchedDoor(door)
        client = Client(watched, characters=characters)

        async def post(body):
            reply = await client._call("POST", "/chat", {"json": body})
            assert reply.status_code == 200, reply.text
            return reply

        async with asyncio.timeout(DEADLINE_S), supervisor:
            await supervisor.load("tiny", Load("llama", str(MODEL), engine))
            return await act(post, watched)

    return asyncio.run(run())


def body(**changes):
    made = copy.deepcopy(BODY)
    made["genParams"]["max_new_tokens"] = 40
    for key, value in changes.items():
        if isinstance(value, dict):
            made[key] |= value
        else:
            made[key] = value
    return made


def test_a_fixed_seed_repeats_and_another_differs():
    async def act(post, _door):
        texts = {}
        for seed in (7, 8, 9):
            wanted = body(genParams={"seed": seed, "temperature": 1.5, "top_k": 0, "top_p": 1})
            texts[seed] = [(await post(wanted)).text for _ in range(3)]
        return texts

    texts = served(act)

    assert all(len(set(repeated)) == 1 for repeated in texts.values())
    assert len({repeated[0] for repeated in texts.values()}) > 1


def test_a_stream_is_the_whole_answer_of_the_same_seed():
    async def act(post, _door):
        whole = (await post(body(genParams={"seed": 5}))).json()
        return whole, data_lines((await post(body(genParams={"seed": 5}, stream=True))).text)

    whole, (*deltas, last, done) = served(act)

    assert "".join(event["message"] for event in deltas) == last["message"] == whole["message"]
    assert (last["emotion"], done) == (whole["emotion"], "[DONE]")


def test_the_prompt_keeps_to_its_budget_whatever_the_messages_are():
    async def act(post, door):
        found = []
        texts = ("ok", "a b c!", "é水 😀", "Well,\n\n so   be it... ", "x" * 30, "The gulls are loud today.")
        for text in texts:
            history = [{"chatType": ("user", "character")[n % 2], "message": f"{text}{n}"} for n in range(60)]
            await post(body(chatHistory=history))
            (prompt,) = door.requests[-1].prompt
            found.append((await door.n_tokens([prompt], add_special=True), history, prompt))
        return found

    for n_tokens, history, prompt in served(act, n_ctx=256, n_parallel=1):
        n_shown = next(n for n in range(61) if n == 60 or history[59 - n]["message"] not in prompt)
        places = [prompt.index(each["message"]) for each in history[60 - n_shown :]]
        assert 0 < n_shown < 60
        assert places == sorted(places)
        assert 256 - 40 - 60 < n_tokens <= 256 - 40


def test_the_second_pass_computes_the_question_and_the_words_only():
    async def act(post, door):
        await post(body(genParams={"temperature": 0, "max_new_tokens": 60}))
        _, (question,), words = door.asked[-1]
        n_question = await door.n_tokens([question], add_special=False)
        ids = [(await door.tokenize([word], add_special=False, parse_special=False)).tokens for word in words]
        n_prompt = await door.n_tokens(door.asked[-1][0], add_special=True)
        return door.scored[-1], n_prompt, n_question, ids

    scored, n_prompt, n_question, ids = served(act)

    n_inner = len({tuple(word[:n]) for word in ids for n in range(1, len(word))})
    n_rest = n_prompt - scored.n_cached  # the last token, where it was drawn and nothing came behind it
    assert scored.n_prompt_tokens == n_prompt + n_question
    assert n_rest in (0, 1)
    assert scored.n_evaluated == n_rest + n_question + n_inner


def test_a_named_characters_next_turn_comes_from_the_cache_with_its_lore():
    lore = [LoreEntry(content=f"The {word} is old.", keys=(word,)) for word in ("reef", "lamp")]
    mira = Persona(name="Mira", description="Keeps a lighthouse.", lorebook=Lorebook(entries=tuple(lore)))
    wanted = {"userName": "Sam", "genParams": {"max_new_tokens": 20}, "character": "mira"}

    async def act(post, door):
        history = [{"chatType": "user", "message": "Tell me of the reef."}]
        reply = (await post({**wanted, "chatHistory": history})).json()["message"]
        history += [
            {"chatType": "character", "message": reply},
            {"chatType": "user", "message": "And the lamp?"},
        ]
        await post({**wanted, "chatHistory": history})
        first, second = [request.prompt[0] for request in door.requests]
        return first, second, await door.n_tokens([first], add_special=True), door.starts

    first, second, n_first, (_, start) = served(act, characters=FakeCharacters(mira))

    assert "<|im_start|>user\n[The reef is old.]\n\nTell me of the reef.<|im_end|>" in first
    assert second.startswith(first)
    assert "[The lamp is old.]\n\nAnd the lamp?<|im_end|>" in second
    assert start.n_cached >= n_first


def test_the_emotion_is_always_one_of_the_list():
    lists = [
        ["calm"],
        ["", " "],
        ["happy", "happy", "Happy"],
        ["glücklich", "悲しい", "😠", "très content"],
        [f"mood number {n}" for n in range(100)],
        ["a", "ab", "abc", "\n", "<s>"],
    ]

    async def act(post, _door):
        return [(await post(body(character={"emotions": each}, emotionScores=True))).json() for each in lists]

    for listed, answer in zip(lists, served(act), strict=True):
        assert answer["emotion"] in listed
        assert set(answer["emotionScores"]) <= set(listed)
        assert abs(sum(answer["emotionScores"].values()) - 1) < 1e-6


def test_where_the_question_has_no_room_there_is_an_emotion_still():
    async def act(post, door):
        filling = [{"chatType": "user", "message": "The gulls are loud today."}] * 60
        answer = (await post(body(chatHistory=filling, genParams={"max_new_tokens": 20}))).json()
        return answer, [arguments[0] for arguments in door.asked]

    answer, prompts = served(act, n_ctx=256, n_parallel=1)

    assert answer["emotion"] in EMOTIONS
    assert [bool(prompt) for prompt in prompts] == [True, False]


def test_a_list_that_has_no_room_in_the_question_is_scored_still():
    words = [f"mood number {n}" for n in range(100)]

    async def act(post, door):
        return (await post(body(character={"emotions": words}))).json(), len(door.asked)

    answer, n_ways = served(act, n_ctx=256, n_parallel=1)

    assert answer["emotion"] in words
    assert n_ways == 3


def test_the_command_serves_the_example_body():
    server = Served()
    try:
        whole = server.http.post("/chat", json=BODY)
        with server.http.stream("POST", "/chat", json={**BODY, "stream": True}) as reply:
            lines = [line for line in reply.iter_lines() if line]
    finally:
        server.close()

    assert whole.status_code == 200
    assert list(whole.json()) == ["emotion", "message"]
    assert whole.json()["emotion"] in EMOTIONS
    assert whole.json()["message"]
    assert lines[-1] == "data: [DONE]"
