"""Drafts: tokens guessed ahead of a sequence that decodes alone, verified in the same decode."""
