"""What the dialects that generate text share: the options on the wire, and the shapes of answers."""
