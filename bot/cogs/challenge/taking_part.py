"""`/challenge list`, `enter`, `withdraw`, `vote` and `results`: for everybody. The buttons do the same."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.challenges import entering
from bot.cogs.challenge.naming import named, offer
from bot.errors import tell
from bot.refusals import Gone, NoContest
from bot.ui import contests
from bot.ui.entering import confirm, show_places
from bot.ui.quoting import bold
from bot.ui.voting import begin
from db import images, jobs
from db.challenges import entries, finding, rotas
from db.challenges.errors import NoSuchEntry
from db.models import Challenge, Phase

if TYPE_CHECKING:
    from bot.client import Studio

LISTED = 15
LONGEST_ID = 18


@app_commands.command(name="list", description="The challenges of this server")
async def list_(interaction: "discord.Interaction[Studio]") -> None:
    async with interaction.client.database.reading() as session:
        found = await finding.of_guild(session, interaction.guild_id or 0, limit=LISTED)
        weekly = await rotas.of_guild(session, interaction.guild_id or 0)
    lines = [contests.entry_line(one) for one in found]
    for rota in weekly:
        following = rota.themes[rota.number % len(rota.themes)]
        lines.append(f"Weekly · {bold(following, 200)} opens <t:{int(rota.next_at.timestamp())}:R>")
    await tell(
        interaction, "\n".join(lines) or "There is no challenge yet. Who manages the server can `/challenge create`."
    )


@app_commands.command(description="Enter one of your pictures into a challenge")
@app_commands.describe(picture="One of your pictures that fit", challenge="Which challenge, if more than one is open")
async def enter(interaction: "discord.Interaction[Studio]", picture: str, challenge: str | None = None) -> None:
    into = await _chosen(interaction, challenge, Phase.OPEN, doing="enter")
    if not (picture.isascii() and picture.isdigit() and len(picture) <= LONGEST_ID):
        raise Gone
    await interaction.response.defer(ephemeral=True, thinking=True)
    entered, entry = await entering.enter(interaction, into.id, int(picture))
    await confirm(interaction, entered, entry)


@app_commands.command(description="Take one of your entries back")
@app_commands.describe(entry="One of your entries")
async def withdraw(interaction: "discord.Interaction[Studio]", entry: str) -> None:
    if not (entry.isascii() and entry.isdigit() and len(entry) <= LONGEST_ID):
        raise NoSuchEntry
    left = await entering.withdraw(interaction, int(entry))
    await tell(interaction, f"Withdrawn from {bold(left.theme, 200)}.")


@app_commands.command(description="Vote in a challenge, without knowing who made what")
@app_commands.describe(challenge="Which challenge, if more than one is voting")
async def vote(interaction: "discord.Interaction[Studio]", challenge: str | None = None) -> None:
    chosen = await _chosen(interaction, challenge, Phase.VOTING, doing="vote")
    await begin(interaction, chosen.id)


@app_commands.command(name="results", description="All places of a finished challenge")
@app_commands.describe(challenge="Which challenge; the latest, if you name none")
async def results_(interaction: "discord.Interaction[Studio]", challenge: str | None = None) -> None:
    chosen = await _chosen(interaction, challenge, Phase.DONE, doing="results")
    await show_places(interaction, chosen.id)


@enter.autocomplete("challenge")
async def _open(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return await _offered(interaction, typed, Phase.OPEN)


@vote.autocomplete("challenge")
async def _voting(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return await _offered(interaction, typed, Phase.VOTING)


@results_.autocomplete("challenge")
async def _done(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return await _offered(interaction, typed, Phase.DONE)


@enter.autocomplete("picture")
async def _fitting(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    """One's own pictures that the chosen challenge, or the newest open one, would take."""
    try:
        into = await _chosen(interaction, interaction.namespace.challenge, Phase.OPEN, doing="enter", newest=True)
    except Exception:
        return []
    fitting = await entering.fitting(interaction, into, 100)
    return [
        app_commands.Choice(name=f"{image.id} · #{image.index + 1} · {job.prompt}"[:100], value=str(image.id))
        for image, job in fitting
        if typed.lower() in f"{image.id} {job.prompt}".lower()
    ][:25]


@withdraw.autocomplete("entry")
async def _own(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    choices: list[app_commands.Choice[str]] = []
    async with interaction.client.database.reading() as session:
        running = await finding.of_guild(session, interaction.guild_id or 0, Phase.OPEN, Phase.VOTING)
        themes = {one.id: one.theme for one in running}
        for entry in await entries.of_author(session, interaction.user.id, list(themes)):
            image = await images.get(session, entry.image_id or 0)
            job = await jobs.get(session, image.job_id) if image is not None else None
            name = f"{themes[entry.challenge_id]} · {job.prompt if job is not None else 'a deleted picture'}"
            if typed.lower() in name.lower():
                choices.append(app_commands.Choice(name=name[:100], value=str(entry.id)))
    return choices[:25]


async def _chosen(
    interaction: "discord.Interaction[Studio]", given: str | None, phase: Phase, *, doing: str, newest: bool = False
) -> Challenge:
    """The contest that was named, or the newest in this phase. Raises NoSuchChallenge, NoContest."""
    guild_id = interaction.guild_id or 0
    async with interaction.client.database.reading() as session:
        if given:
            return await named(session, given, guild_id)
        found = await finding.of_guild(session, guild_id, phase)
    if not found:
        raise NoContest(doing)
    return found[0]


async def _offered(
    interaction: "discord.Interaction[Studio]", typed: str, phase: Phase
) -> list[app_commands.Choice[str]]:
    async with interaction.client.database.reading() as session:
        return offer(await finding.of_guild(session, interaction.guild_id or 0, phase), typed)
