"""From the text of a rule to constraints for its sequences. Compiled rules are kept by their text."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from corral.core.errors import InvalidRequestError, NotSupportedError, UnavailableError
from corral.core.structure import Structure, StructureKind
from corral.engine.ports import Vocabulary
from corral.engine.structure import gbnf, gbnf_lark, intersections, multiples, schema, token_table
from corral.engine.structure.constraint import Constraint, Ids
from corral.engine.structure.deep_stack import DeepStack, OverloadError

MAX_TEXT = 128 * 1024  # characters of a grammar
MAX_SCHEMA = 512 * 1024  # characters of a JSON schema, which says less with more
MAX_LARK_LINES = 500  # an error at the end of a chain of rules is told again for each of them
MAX_COMPILE_S = 20.0  # the model's token table may be built in it too
MAX_FIRST_STEP_S = 1.0  # a grammar that takes longer for its first step is refused: later ones cost more
MAX_FORCED = 16_384  # tokens without a choice; a rule that only leads to itself has no end
MAX_REASON = 1000  # characters of an error
N_KEPT = 32  # compiled rules

_LIMITS = LLParserLimits(
    initial_lexer_fuel=1_000_000,
    step_lexer_fuel=400_000,
    step_max_items=200_000,
    max_items_in_row=8_000,
    max_lexer_states=100_000,
    max_grammar_size=300_000,
    verbose_errors=False,
)
_COMPLAINTS = {
    StructureKind.GBNF: "Failed to parse grammar: {}",
    StructureKind.JSON_SCHEMA: '"json_schema": {}',
    StructureKind.REGEX: '"regex": {}',
    StructureKind.LARK: '"lark": {}',
}


class Grammar:
    """A compiled rule. Immutable; each sequence gets a constraint of its own."""

    def __init__(self, matcher: LLMatcher, vocabulary: Vocabulary) -> None:
        self._matcher = matcher
        self._eog = vocabulary.eog
        self._n_tokens = vocabulary.n_tokens

    def constraint(self, bias: Iterable[tuple[int, float]] = ()) -> Constraint:
        """Return the constraint of a sequence at its beginning; `bias` names the tokens it never wants."""
        banned: Ids = np.array([token for token, offset in bias if offset == -np.inf], np.int64)
        return Constraint(self._matcher.deep_copy(), self._eog, self._n_tokens, banned)


class Compiler:
    """Compiles rules for one vocabulary. Owned by one thread."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._deep_stack = DeepStack()
        self._tokenizer: LLTokenizer | None = None
        self._kept: OrderedDict[Structure, Grammar] = OrderedDict()

    def compile(self, structure: Structure) -> Grammar:
        """Return the grammar that `structure` writes down.

        Raises InvalidRequestError with the reason and, where there is one, the place in the text;
        NotSupportedError for a model that cannot end a text; UnavailableError while too much is compiled.
        """
        if structure not in self._kept:
            self._kept[structure] = self._compiled(structure)
            if len(self._kept) > N_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(structure)
        return self._kept[structure]

    def _compiled(self, structure: Structure) -> Grammar:
        if not self._vocabulary.eog:
            raise NotSupportedError("structured output needs a model with an end-of-generation token")
        try:
            matcher = self._deep_stack.call(lambda: self._matcher(structure), MAX_COMPILE_S)
        except OverloadError:
            raise UnavailableError("grammars that take too long are still being compiled") from None
        except (_RefusedError, TimeoutError) as error:
            reason = str(error) or f"it takes longer than {MAX_COMPILE_S:g} s to compile"
            raise InvalidRequestError(_COMPLAINTS[structure.kind].format(reason)) from None
        return Grammar(matcher, self._vocabulary)

    def _matcher(self, structure: Structure) -> LLMatcher:
        """Return the matcher at its start. Raises _RefusedError."""
        source = self._source(structure)
        if self._tokenizer is None:
            self._tokenizer = token_table.build(self._vocabulary)
        matcher = LLMatcher(self._tokenizer, source, log_level=0, limits=_LIMITS)
        if matcher.is_error():
            raise _RefusedError(_reason(matcher))
        self._try(matcher.deep_copy())
        return matcher

    def _try(self, matcher: LLMatcher) -> None:
        """Make the first step. Raises _RefusedError when it fails or takes too long."""
        bits = np.zeros((self._vocabulary.n_tokens + 31) // 32, np.int32)
        started_s = time.monotonic()
        if len(matcher.compute_ff_tokens()) > MAX_FORCED:
            raise _RefusedError("it leaves no choice for too long, maybe for ever")
        matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        if matcher.is_error() or not bits.any():
            raise _RefusedError(f"no text matches it, or none can be found: {_reason(matcher)}")
        if time.monotonic() - started_s > MAX_FIRST_STEP_S:
            raise _RefusedError("it is too complex: one step takes longer than a second")

    def _source(self, structure: Structure) -> str:
        text, kind = structure.text, structure.kind
        n_most = MAX_SCHEMA if kind is StructureKind.JSON_SCHEMA else MAX_TEXT
        if len(text) > n_most:
            raise _RefusedError(f"it has {len(text)} characters; {n_most} are the most")
        try:
            match kind:
                case StructureKind.GBNF:
                    return LLMatcher.grammar_from_lark(gbnf_lark.to_lark(gbnf.parse(text), self._token_id))
                case StructureKind.JSON_SCHEMA:
                    return schema.to_grammar(text)
                case StructureKind.REGEX:
                    return LLMatcher.grammar_from_regex(text)
                case StructureKind.LARK:
                    _check_lark(text)
                    return LLMatcher.grammar_from_lark(text)
        except (gbnf.GrammarSyntaxError, schema.SchemaError) as error:
            raise _RefusedError(str(error)) from None

    def _token_id(self, text: str) -> int:
        ids = self._vocabulary.tokenize(text, add_special=False, parse_special=True)
        if len(ids) != 1:
            raise _RefusedError(f"{text} is not one token of the model")
        return ids[0]


def _check_lark(text: str) -> None:
    """Raise _RefusedError for what llguidance would never be done with."""
    if text.count("\n") > MAX_LARK_LINES:
        raise _RefusedError(f"it has more than {MAX_LARK_LINES} lines")
    if not multiples.are_bearable(multiples.in_text(text)):
        raise _RefusedError(multiples.REFUSAL)
    if intersections.in_lark(text) > intersections.MAX_JOINED:
        raise _RefusedError(intersections.REFUSAL)


def _reason(matcher: LLMatcher) -> str:
    """Return what llguidance complains about, where it says a place with the place, without its state."""
    reason = matcher.get_error().partition("\n<")[0].strip()
    return reason if len(reason) <= MAX_REASON else f"{reason[:MAX_REASON]} ..."


class _RefusedError(Exception):
    """A rule cannot be compiled; the message says why."""
