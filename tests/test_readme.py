"""The README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()
PROGRAMS = re.findall(
    r"^( *)```python\n(.*?)^ *```\n(?:\nprints\n\n```text\n(.*?)```)?", README, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("indent", "program", "printed"), PROGRAMS)
def test_a_program_prints_what_the_readme_says(indent: str, program: str, printed: str, tmp_path: Path) -> None:
    """Each program of the README runs as it stands, without a warning, and prints what stands below it."""
    lines = "\n".join(line.removeprefix(indent) for line in program.splitlines())
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (printed, "")


def test_the_readme_has_all_programs() -> None:
    """A workflow, an agent and a bot are shown."""
    assert len(PROGRAMS) == 3
