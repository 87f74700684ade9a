"""Lorebooks: what a character knows, told to the model when it is spoken of."""
