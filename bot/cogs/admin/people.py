"""`/admin ban` and `/admin unban`."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cogs.admin.acting import acting
from bot.errors import tell
from bot.house import acts
from bot.refusals import BadSetting
from db import sanctions, times
from db.models import SanctionKind

if TYPE_CHECKING:
    from bot.client import Studio

Hours = app_commands.Range[float, 0.1, 8760.0]
Reason = app_commands.Range[str, 1, 300]


@app_commands.command(description="Shut a person out of the studio, for some hours or until you let them in again")
@app_commands.describe(person="Who", hours="For how long; without it until /admin unban", reason="The person reads it")
async def ban(
    interaction: "discord.Interaction[Studio]",
    person: discord.User,
    hours: Hours | None = None,
    reason: Reason | None = None,
) -> None:
    if person.bot or person.id == interaction.user.id:
        raise BadSetting("person", person.display_name, "a member other than yourself")
    kind = SanctionKind.BAN if hours is None else SanctionKind.TIMEOUT
    async with acting(interaction, person) as act:
        made = await acts.sanction(
            act.session,
            act.guild_id,
            person.id,
            act.actor_id,
            kind,
            reason=reason or "",
            hours=hours,
            now=times.now(),
        )
    until = "" if made.until is None else f" until <t:{int(made.until.timestamp())}:f>"
    await tell(interaction, f"{person.mention} is shut out{until}. What waits in the queue still runs.")
    studio = interaction.client
    await studio.desk.tell(studio, made, getattr(interaction.guild, "name", ""))


@app_commands.command(description="Let a person in again")
@app_commands.describe(person="Who")
async def unban(interaction: "discord.Interaction[Studio]", person: discord.User) -> None:
    async with acting(interaction, person) as act:
        lifted = await sanctions.lift(act.session, act.guild_id, person.id)
        if lifted:
            await act.write("unban", target_id=person.id)
    word = "may use the studio again" if lifted else "was not shut out"
    await tell(interaction, f"{person.mention} {word}.")
