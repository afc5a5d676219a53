"""Python workflows that stop, ask a person in Slack, and carry on."""
