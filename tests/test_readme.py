"""The README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", README)
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


@pytest.mark.parametrize(("words", "picture"), PICTURES)
def test_a_picture_is_there_and_said_in_words(words: str, picture: str) -> None:
    """Each picture of the README is a small PNG in the repository, and a text says what it shows."""
    content = (ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 100_000
    assert len(words.split()) > 5


def test_the_readme_has_all_pictures() -> None:
    """No picture lies about unused, and there are several."""
    shown = {picture for _, picture in PICTURES}
    assert shown == {f"kernbot/docs/{path.name}" for path in (ROOT / "kernbot/docs").glob("*.png")}
    assert len(shown) > 3


def test_the_readme_has_all_programs() -> None:
    """A workflow, an agent, who may answer, and a bot are shown."""
    assert len(PROGRAMS) == 4
