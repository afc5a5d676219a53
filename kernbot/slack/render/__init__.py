"""From facts to what Slack shows: messages and modals, as pure functions."""
