"""Structured output: rules that an answer must match, kept token by token. llguidance does the parsing."""
