"""What is heard from Slack: each listener parses, asks who may, waits for the commit, acks, and reports."""
