"""From what Slack sends to what a person wants, and from what was typed to values: pure."""
