"""The runner on llama.cpp. Only here is `llama_cpp` imported, and every C pointer has one owner."""

import os

# llama.cpp's threads meet at OpenMP barriers a thousand times a second. By default they spin there for
# milliseconds, which is ruinous as soon as anything else, the gateway for one, wants a core: measured, 3 to 4
# times slower. Spinning briefly and then sleeping costs nothing on a quiet machine (docs/decisions/0006).
# libgomp reads this once, when llama.cpp is loaded; whoever has set a policy of their own keeps it.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}:
    os.environ["GOMP_SPINCOUNT"] = "1000"
