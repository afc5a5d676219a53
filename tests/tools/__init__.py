"""Tests of tools, and of the questions about their calls."""
