"""Figures, not assertions: run by hand, as the modules say."""
