"""Which model, and where its file is. `source` is the entrance."""
