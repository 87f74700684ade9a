"""`corral bench --tune`: which flags of `corral serve` suit a model and a machine.

Reading order: `coordinate` (what is tried), `choice` (what is taken), `search` (in which order), `server` (on
what), `summary` (what is told) and `command`.
"""
