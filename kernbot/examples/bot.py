"""A bot that serves the examples: `kernbot serve kernbot.examples.bot:bot`.

Your workspace needs a channel #data with the bot in it, and a user group @release-managers.
"""

from __future__ import annotations

from kernbot import KernBot
from kernbot.examples import (
    announcement,
    configurable_pipeline,
    data_pipeline,
    deploy,
    refund,
    release,
    returned_parcel,
    weekly_report,
)

bot = KernBot()
bot.register(announcement.workflow, channel="#data")
bot.register(configurable_pipeline.workflow, channel="#data")
bot.register(data_pipeline.workflow, channel="#data")
bot.register(deploy.workflow, channel="#data", approvers=["@release-managers"])
bot.register(refund.workflow, channel="#data")
bot.register(release.workflow, channel="#data")
bot.register(returned_parcel.workflow, channel="#data")
bot.register(weekly_report.workflow, channel="#data")
