"""Contests as people name them in an option: picked from the list, or typed by number."""

from collections.abc import Iterable

from discord import app_commands
from sqlalchemy.ext.asyncio import AsyncSession

from db.challenges import finding
from db.challenges.errors import NoSuchChallenge
from db.models import Challenge

LONGEST_ID = 18


async def named(session: AsyncSession, given: str, guild_id: int) -> Challenge:
    """The server's contest of this number. Raises NoSuchChallenge."""
    number = given.strip().lstrip("#")
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_ID):
        raise NoSuchChallenge
    return await finding.in_guild(session, int(number), guild_id)


def offer(found: Iterable[Challenge], typed: str) -> list[app_commands.Choice[str]]:
    """At most 25 of them, by what was typed of the number or the theme."""
    typed = typed.lower().strip()
    return [
        app_commands.Choice(name=f"{one.id} · {one.phase.value} · {one.theme}"[:100], value=str(one.id))
        for one in found
        if typed in str(one.id) or typed in one.theme.lower()
    ][:25]
