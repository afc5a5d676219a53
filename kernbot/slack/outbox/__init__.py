"""What is sent to Slack: which messages there should be, in what order, within its rates."""
