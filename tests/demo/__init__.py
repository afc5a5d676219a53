"""The product as a newcomer meets it."""
