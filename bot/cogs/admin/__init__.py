"""`/admin`: what those who manage a server decide. Every verb leaves a line in the server's book."""

from discord import Permissions, app_commands

from bot.cogs.admin import book, people, places, rules

admin = app_commands.Group(
    name="admin",
    description="The house rules of this server",
    default_permissions=Permissions(manage_guild=True),
    guild_only=True,
)
for command in (
    *(people.ban, people.unban, rules.quota, rules.filter_, places.pause, places.resume),
    *(places.channel, rules.model, rules.limit, places.retention, book.audit_),
):
    admin.add_command(command)

__all__ = ["admin"]
