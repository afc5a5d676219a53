"""`kernbot demo` where it can't start."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """One sentence names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "kernbot", "demo", "--port", str(port)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    sentence = f"Port {port} of this machine is taken: name another one, or 0 for a free one.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
