"""What the dialects that give vectors share: the body, the inputs in it, and the shapes of answers."""
