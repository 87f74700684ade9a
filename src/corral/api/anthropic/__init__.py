"""Anthropic's Messages API, as llama-server serves it."""
