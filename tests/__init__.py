"""The tests; each directory mirrors a package, or is a kind of story."""
