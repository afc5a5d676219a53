"""From the stored rows of a run to the facts that are shown of it: pure."""
