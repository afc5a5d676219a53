"""Block Kit as Slack documents it: what of a message or a view Slack would refuse, and in which words.

The tables name the page of https://docs.slack.dev/reference/block-kit/ that they follow. What is not in a table is
refused, also where Slack might let it pass.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.schema import Problem
from kernbot.localslack.block_kit.surfaces import check_chunks, check_message, check_suggestions, check_view, error_body

__all__ = ["Problem", "check_chunks", "check_message", "check_suggestions", "check_view", "error_body"]
