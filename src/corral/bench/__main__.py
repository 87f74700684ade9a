"""`python -m corral.bench`: the same command without the rest of Corral."""

import sys

from corral.bench.command import main

sys.exit(main(sys.argv[1:]))
