"""The Web API, one module per family of methods (https://docs.slack.dev/reference/methods)."""
