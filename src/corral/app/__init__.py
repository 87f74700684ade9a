"""`corral serve` put together: what it was told, its objects, its end, and what its user sees."""
