"""The server's characters, played: those that a test gives, by name."""

from corral.core.errors import NotFoundError


class FakeCharacters:
    """`personas` by name; `broken` says what is wrong with which file. `n_looks` counts the looks."""

    def __init__(self, *personas, broken=None):
        self.personas = {persona.name.lower(): persona for persona in personas}
        self.broken = broken or {}
        self.n_looks = 0

    async def refresh(self):
        self.n_looks += 1

    def find(self, name):
        if name not in self.personas:
            raise NotFoundError(f"There is no character '{name}'; there are {', '.join(self.names())}")
        return self.personas[name]

    def names(self):
        return sorted(self.personas)

    def complaints(self):
        return self.broken
