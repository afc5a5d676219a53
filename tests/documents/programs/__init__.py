"""What the documents show, each program in a file."""
