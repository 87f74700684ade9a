"""Character chat with lore: a turn more changes nothing that stood before, and no budget is passed."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from corral.api.characters.translate import plain_prompt, to_chat
from corral.api.characters.types import CharacterChatBody
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.characters.fitting import Fitting
from corral.prompt.persona import Persona, Speaker, Turn
from tests.property.test_lore import BOOKS, NOW, SAID, SAYINGS, without_deep

N_ANSWER = 20
KINDS = st.sampled_from([("user", "character"), ("character", "user"), ("user", "user1")])


def chat_of(book, texts, kinds, n_ctx):
    """Return the chat of a persona with this lore, as the body asks for it that brings these messages."""
    persona = Persona(
        name="Mira",
        description="An {{char}}.",
        examples=((Turn(Speaker.USER, "An elm?"), Turn(Speaker.CHARACTER, "A yew.")),),
        lorebook=book,
    )
    raw = {
        "userName": "Sam",
        "genParams": {"max_new_tokens": N_ANSWER},
        "character": "mira",
        "promptTemplate": {"prompt": "@{persona}|${chatExample}|${chat}"}
        | {kind: f"{kind}: ${{message}}\n" for kind in ("character", "user", "user1")},
        "chatHistory": [{"chatType": kinds[at % 2], "message": text} for at, text in enumerate(texts)],
    }
    body = msgspec.convert(raw, CharacterChatBody)
    facts = ModelFacts(path="", n_ctx=n_ctx)
    return to_chat(body, raw, persona, facts=facts, now=NOW)


def prompt_of(book, texts, kinds, n_ctx=100_000):
    """Return the prompt that fits and the number of its messages, a token for each character."""
    chat = chat_of(book, texts, kinds, n_ctx)
    prompt = plain_prompt(chat)
    counts = [len(piece) for piece in prompt.pieces]
    choice = Fitting(prompt, counts, n_context=n_ctx, n_budget=chat.n_budget).first()
    return prompt.text(choice), choice.blocks


@given(BOOKS, SAID, SAYINGS, SAYINGS, KINDS)
def test_the_prompt_of_a_chat_begins_that_of_the_chat_that_is_a_turn_longer(
    book, texts, answer, question, kinds
):
    book, texts = without_deep(book), texts if len(texts) % 2 else texts[1:]

    shorter, _ = prompt_of(book, texts, kinds)
    longer, _ = prompt_of(book, [*texts, answer, question], kinds)

    assert longer.startswith(shorter.removesuffix("Mira:"))


@given(BOOKS, SAID, KINDS, st.integers(N_ANSWER + 1, 600))
def test_the_budget_is_kept_and_lore_costs_no_newest_message(book, texts, kinds, n_ctx):
    try:
        bare, blocks = prompt_of(None, texts, kinds, n_ctx)
    except InvalidRequestError:
        return

    text, with_lore = prompt_of(book, texts, kinds, n_ctx)

    assert len(text) <= n_ctx - N_ANSWER
    assert with_lore.n_examples == blocks.n_examples
    assert min(blocks.n_history, 1) <= with_lore.n_history <= blocks.n_history
    assert len(bare) <= n_ctx - N_ANSWER
