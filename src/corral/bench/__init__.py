"""The load generator behind `corral bench`: measures any server that streams completions.

It shares the machine with the server it measures, so the path of a token is short: one callback for a read
of a socket, one count of event ends, one clock reading. JSON is parsed at the end of a stream only.

Reading order: `workload`, `prompt`, `dialect`, `wire`, `sse`, `connection`, `recorder`, `measurement`,
`load`, `comparison`, then `summary`, `document`, `report`, `plot` and `command`.
"""
