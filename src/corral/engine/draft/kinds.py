"""The kinds of drafts that are served, in llama-server's names."""

BY_TEXT = "ngram-simple"
BY_MODEL = "draft-simple"
