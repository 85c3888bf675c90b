"""Which roles a contest may hand out. Pure."""

import discord

from bot.refusals import NotGivable, NotYoursToGive, PowerfulRole


def check_given(role: discord.Role, maker: discord.Member) -> None:
    """Whether this member may let the bot give the role to others. Raises NotGivable, NotYoursToGive."""
    guild = role.guild
    if not guild.me.guild_permissions.manage_roles or not role.is_assignable():
        raise NotGivable(role.id)
    if maker.id != guild.owner_id and not (maker.guild_permissions.manage_roles and role < maker.top_role):
        raise NotYoursToGive(role.id)


def check_taken(role: discord.Role) -> None:
    """Whether the role may be anybody's who presses a button. Raises PowerfulRole."""
    if role.permissions.value & ~role.guild.default_role.permissions.value:
        raise PowerfulRole(role.id)
