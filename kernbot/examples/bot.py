"""A bot that serves the examples: `kernbot serve kernbot.examples.bot:bot`."""

from __future__ import annotations

from kernbot import KernBot
from kernbot.examples import announcement, configurable_pipeline, data_pipeline

bot = KernBot()
bot.register(announcement.workflow, channel="#data")
bot.register(data_pipeline.workflow, channel="#data")
bot.register(configurable_pipeline.workflow, channel="#data")
