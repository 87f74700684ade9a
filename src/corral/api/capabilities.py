"""What the model can do, in the words of Ollama's clients."""

from __future__ import annotations

from corral.core.messages import ModelFacts


def capabilities(facts: ModelFacts) -> list[str]:
    """Return the words; "multimodal" for one that sees or hears, as llama-server has it."""
    return ["completion", "multimodal"] if facts.has_vision or facts.has_audio else ["completion"]
