"""Rules compiled for a vocabulary of bytes."""

import pytest

from corral.core.structure import Structure, StructureKind
from corral.engine.fake import EOS, FakeVocabulary
from corral.engine.structure.compiler import Compiler


class Rule:
    """A compiled rule, asked about whole texts."""

    def __init__(self, grammar):
        self.grammar = grammar

    def begun(self, text):
        """Return the constraint after `text`, None if it cannot be said."""
        constraint = self.grammar.constraint()
        for token in text.encode():
            if not constraint.allows(token):
                return None
            constraint.commit(token)
        return constraint

    def matches(self, text):
        constraint = self.begun(text)
        return constraint is not None and constraint.allows(EOS)

    def forced(self, text=""):
        return bytes(self.begun(text).take_forced()).decode()

    def choices(self, text=""):
        return "".join(chr(token) for token in self.begun(text).choices() if token < 128)


@pytest.fixture
def compiler():
    return Compiler(FakeVocabulary())


@pytest.fixture
def rule(compiler):
    def compiled(kind, text):
        return Rule(compiler.compile(Structure(StructureKind(kind), text)))

    return compiled
