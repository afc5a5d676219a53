"""When and where runs are executed: the bot's registry, dispatcher, deadlines and recovery."""
