"""Sessions: what several runs share."""
