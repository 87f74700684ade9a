"""Ask the exported model the fixed prompts: `python -m training.evaluate MODEL.gguf`.

Runs in llama.cpp at temperature 0 and prints each failure and a table by category.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import jinja2
from llama_cpp import Llama

from training.corpus.documents import Chat, Hole, Text, render
from training.corpus.mixture import documents
from training.corpus.wording import normalized
from training.evaluation_prompts import PROMPTS, Form, Prompt

_N_CHECKED_DOCUMENTS = 400_000
_SEED = 1000
_MAX_NEW_TOKENS = 220


@dataclass(frozen=True)
class Result:
    """One prompt and what came of it."""

    prompt: Prompt
    answer: str
    is_good: bool


class Speaker:
    """The model in llama.cpp, answering without chance."""

    def __init__(self, path: Path) -> None:
        """Load the file; its own chat template is used."""
        self._model = Llama(str(path), n_ctx=1024, seed=0, verbose=False)
        source = self._model.metadata["tokenizer.chat_template"]
        self._template = jinja2.Environment(autoescape=False).from_string(source)  # noqa: S701

    def answer(self, prompt: Prompt) -> str:
        """Return the answer to the last turn of a prompt."""
        match prompt.form:
            case Form.CHAT:
                return self._chat(prompt)
            case Form.TEXT:
                return self._continue(prompt.turns[0])
            case Form.HOLE:
                around = render(Hole(prompt.turns[0], "", prompt.turns[1]))
                return self._continue(around.removesuffix("<|endoftext|>"))

    def _chat(self, prompt: Prompt) -> str:
        messages = [] if prompt.system is None else [_message("system", prompt.system)]
        answer = ""
        for turn in prompt.turns:
            messages.append(_message("user", turn))
            text = self._template.render(messages=messages, add_generation_prompt=True)
            answer = self._continue(text)
            messages.append(_message("assistant", answer))
        return answer

    def _continue(self, text: str) -> str:
        made = self._model.create_completion(
            text, max_tokens=_MAX_NEW_TOKENS, temperature=0.0, repeat_penalty=1.0
        )
        return str(made["choices"][0]["text"])


def is_good(prompt: Prompt, answer: str) -> bool:
    """Say whether an answer passes the check of its prompt."""
    return re.search(prompt.check, answer, re.DOTALL) is not None


def seen_wordings() -> set[str]:
    """Return the system texts, user turns, texts and holes of much of the training text."""
    seen: set[str] = set()
    for document in islice(documents(_SEED), _N_CHECKED_DOCUMENTS):
        match document:
            case Chat(system, exchanges):
                seen.update(normalized(exchange.user) for exchange in exchanges)
                seen.add(normalized(system or ""))
            case Text(content):
                seen.add(normalized(content))
            case Hole(prefix, _, suffix):
                seen.add(_hole_key(prefix, suffix))
    return seen


def held_out(prompts: tuple[Prompt, ...]) -> list[Prompt]:
    """Return the prompts that differ from the training text in at least one of their parts.

    With one turn and no system text that part is the question itself.
    """
    seen = seen_wordings()
    return [prompt for prompt in prompts if not _parts(prompt) <= seen]


def _parts(prompt: Prompt) -> set[str]:
    if prompt.form is Form.HOLE:
        return {_hole_key(*prompt.turns)}
    turns = {normalized(turn) for turn in prompt.turns}
    return turns if prompt.system is None else turns | {normalized(prompt.system)}


def _hole_key(prefix: str, suffix: str) -> str:
    return f"{prefix}\0{suffix}"


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _report(results: list[Result]) -> None:
    for result in results:
        if not result.is_good:
            asked = " / ".join(result.prompt.turns)
            print(f"[{result.prompt.category}] {asked!r}\n    -> {result.answer!r}")
    asked_of = Counter(result.prompt.category for result in results)
    good_of = Counter(result.prompt.category for result in results if result.is_good)
    for category, n_asked in asked_of.items():
        print(f"| {category} | {good_of[category]} | {n_asked} |")
    print(f"| all | {good_of.total()} | {len(results)} |")


def main() -> None:
    """Read the command line, ask and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--show-all", action="store_true", help="print good answers as well")
    parser.add_argument("--trust-wording", action="store_true", help="do not look for the prompts")
    arguments = parser.parse_args()
    prompts = list(PROMPTS) if arguments.trust_wording else held_out(PROMPTS)
    for dropped in set(PROMPTS) - set(prompts):
        print(f"left out, for it occurs in the training text: {dropped.turns}")
    speaker = Speaker(arguments.model)
    answers = [(prompt, speaker.answer(prompt)) for prompt in prompts]
    results = [Result(prompt, answer, is_good(prompt, answer)) for prompt, answer in answers]
    if arguments.show_all:
        for result in results:
            print(f"{result.prompt.turns} -> {result.answer!r}")
    _report(results)


if __name__ == "__main__":
    main()
