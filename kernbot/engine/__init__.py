"""How workflows run, stop, remember and go on."""
