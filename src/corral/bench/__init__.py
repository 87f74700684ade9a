"""The load generator behind `corral bench`: measures any server that streams completions.

It shares the machine with the server it measures, so the path of a token is short: one callback for a read
of a socket, one count of event ends, one clock reading. JSON is parsed at the end of a stream only.

Reading order: `scenario`, `arrival` and `workload` (what is asked); `prompt`, `dialect` and `script` (in
which words); `wire`, `sse`, `connection`, `recorder` and `client` (one request); `load` and `comparison` (all
of them); `measurement`, `summary` and `document` (what it comes to); `report`, `page`, `plot` and `command`
(how it is told). `tune` searches for the best flags of a server with all that.
"""
