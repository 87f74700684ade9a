"""Pure text both ways: messages and chat templates become prompts. No I/O."""
