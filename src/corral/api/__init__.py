"""The wire: one folder per dialect, and what HTTP asks of all of them."""
