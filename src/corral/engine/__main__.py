"""`python -m corral.engine [KIND]`: how the gateway starts an engine; a spare one knows its kind at once."""

import sys

from corral.engine.process import main

sys.exit(main(*sys.argv[1:]))
