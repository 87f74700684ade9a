"""The gateway's side of the engines: their processes, their lives, and the way of a request to one."""
