"""Helpers for programs on a terminal."""
