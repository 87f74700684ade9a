"""Corral: one server for local language models that speaks every local-LLM dialect."""

__version__ = "0.1.0"
