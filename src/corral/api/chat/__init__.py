"""What the dialects with chats share: the way from a chat to a request, and from a text to an answer."""
