"""One model's process: scheduler, prefix cache, batching. No asyncio, no HTTP.

Reading order, a request's life: `process`, `loop`, `intake`, `scheduler`, `kv`, `planner`, `text`.
"""
