"""Agents and teams: by themselves, and called in the functions of steps."""
