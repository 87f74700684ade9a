"""Characters: their files, their placeholders, and the chat that a persona makes of what was said."""
