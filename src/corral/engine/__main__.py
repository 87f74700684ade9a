"""`python -m corral.engine`: how the gateway starts an engine."""

import sys

from corral.engine.process import main

sys.exit(main())
