"""The Slack app: asks people, and takes their answers to the ledger."""
