"""`/challenge`: contests with blind votes."""

from discord import app_commands

from bot.cogs.challenge import creating, taking_part

challenge = app_commands.Group(name="challenge", description="Contests with blind votes", guild_only=True)
for command in (
    *(creating.create, taking_part.list_, taking_part.enter, taking_part.withdraw),
    *(taking_part.vote, taking_part.results_, creating.cancel),
):
    challenge.add_command(command)

__all__ = ["challenge"]
