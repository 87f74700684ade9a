"""`python -m corral` is `corral`."""

from __future__ import annotations

import sys

from corral.cli.main import main

sys.exit(main())
