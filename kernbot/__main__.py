"""Starts the command line: `python -m kernbot`."""

from __future__ import annotations

from kernbot.cli import main

main()
