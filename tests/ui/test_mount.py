"""What the page costs a server that does not want it."""

import subprocess
import sys


def test_the_server_is_imported_without_nicegui():
    program = "import sys, corral.app.serving; sys.exit('nicegui' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
