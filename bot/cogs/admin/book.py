"""`/admin audit`: what moderators did here, newest first."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cogs.admin.acting import permit
from bot.ui import notices
from bot.ui.press import Press, view_of
from db import audit, reports, sanctions

if TYPE_CHECKING:
    from bot.client import Studio

SIZE = 10


@app_commands.command(name="audit", description="What moderators did here; of a person also their strikes")
@app_commands.describe(person="Acts by this person, or about them")
async def audit_(interaction: "discord.Interaction[Studio]", person: discord.User | None = None) -> None:
    permit(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _show(interaction, person.id if person else 0, 0)


class Older(Press, template=r"a:audit:(?P<person>\d{1,19}):(?P<id>\d{1,19})"):
    """Older lines of the same private message; 0 stands for everybody, and for the newest."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        permit(interaction)
        await interaction.response.defer()
        await _show(interaction, self.number("person"), self.number())


async def _show(interaction: "discord.Interaction[Studio]", person: int, before: int) -> None:
    guild_id = permit(interaction)
    if max(person, before) >= 2**63:
        person = before = 0
    async with interaction.client.database.reading() as session:
        found = await audit.read(session, guild_id, about=person or None, before=before or None, limit=SIZE + 1)
        waiting = await reports.open_in(session, guild_id)
        strikes = await sanctions.strikes(session, guild_id, person) if person else 0
    lines = [notices.act(one) for one in found[:SIZE]]
    embed = discord.Embed(
        title="The book of this server" if not person else None,
        description="\n".join(([f"<@{person}>: {notices.strikes(strikes)}", ""] if person else []) + lines)
        or "Nothing has been done yet.",
        colour=notices.WAITING if waiting else notices.DONE,
    )
    embed.set_footer(text=f"{waiting} report{'' if waiting == 1 else 's'} open")
    presses = [Older(f"a:audit:{person}:0", label="Newest")] if before else []
    if len(found) > SIZE:
        presses.append(Older(f"a:audit:{person}:{found[SIZE - 1].id}", label="Older"))
    await interaction.edit_original_response(embed=embed, view=view_of(*presses) if presses else None)
