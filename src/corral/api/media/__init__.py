"""Images that requests bring along or name: where they may come from, and how large they may be."""
