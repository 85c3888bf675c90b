"""`/gallery`, `/top`, `/leaderboard`, `/profile`: what a server shares, and whom it may thank."""

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands

from bot import album
from bot.gallery import files
from bot.ui import exhibits, visiting
from db import fame, gallery, search
from db.gallery import Sort

if TYPE_CHECKING:
    from bot.client import Studio

Order = Literal["new", "hot", "top", "random"]
Period = Literal["day", "week", "month", "all"]
SORTS = {"day": Sort.HOT, "week": Sort.WEEK, "month": Sort.MONTH, "all": Sort.TOP}
TOP, BEST, RANKED = 6, 3, 5


@app_commands.command(name="gallery", description="What people share here, page by page, for your eyes only")
@app_commands.describe(
    sort="New, liked lately, liked most, or anywhere",
    search="Words of the prompt, all of them, as they stand there",
    author="Pictures of this person",
)
@app_commands.guild_only
async def gallery_(
    interaction: "discord.Interaction[Studio]",
    sort: Order = "new",
    search: app_commands.Range[str, 1, 100] | None = None,
    author: discord.User | None = None,
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    words = _fitting(search) if search else ()
    view = visiting.view_for(interaction, Sort(sort), author_id=author.id if author else None, words=words)
    await visiting.show_page(interaction, view)


@app_commands.command(description="The best liked pictures of this server")
@app_commands.describe(period="Older hearts count less: after a day, a week or a month only half")
@app_commands.guild_only
async def top(interaction: "discord.Interaction[Studio]", period: Period = "week") -> None:
    studio = interaction.client
    await interaction.response.defer(thinking=True)
    view = visiting.view_for(interaction, SORTS[period])
    async with studio.database.reading() as session:
        found = await gallery.warmest(session, view, size=TOP)
    await album.announce(interaction, [one.image for one in found])
    shown, uploads = await files.smalls(studio.storage, found)
    title = "Liked most" if period == "all" else f"Liked most this {period}"
    page = exhibits.page(title, shown, (), visiting.visits(found), "Nothing got a heart in this time.")
    await interaction.edit_original_response(view=page, attachments=uploads)


@app_commands.command(description="Makers, voters and winners of this server")
@app_commands.guild_only
async def leaderboard(interaction: "discord.Interaction[Studio]") -> None:
    await interaction.response.defer(thinking=True)
    guild_id = visiting.view_for(interaction, Sort.NEW).guild_id
    async with interaction.client.database.reading() as session:
        sections = [
            ("Makers", await fame.makers(session, guild_id, RANKED), "❤️"),
            ("Winners", await fame.winners(session, guild_id, RANKED), "🏆"),
            ("Voters", await fame.voters(session, guild_id, RANKED), "votes"),
        ]
    name = getattr(interaction.guild, "name", "")
    await interaction.edit_original_response(view=exhibits.ranking(f"Leaderboard of {name}", sections))


@app_commands.command(description="What somebody makes and likes here")
@app_commands.describe(person="You, if you name nobody")
@app_commands.guild_only
async def profile(interaction: "discord.Interaction[Studio]", person: discord.User | None = None) -> None:
    studio, about = interaction.client, person or interaction.user
    await interaction.response.defer(thinking=True)
    view = visiting.view_for(interaction, Sort.TOP, author_id=about.id)
    async with studio.database.reading() as session:
        numbers = await fame.of_person(session, view.guild_id, about.id)
        best = (await gallery.page(session, view, size=BEST)).exhibits
    await album.announce(interaction, [one.image for one in best])
    shown, uploads = await files.smalls(studio.storage, list(best))
    card = exhibits.Profile(
        user_id=about.id, avatar=about.display_avatar.url, since=_since(about), numbers=numbers, best=shown
    )
    await interaction.edit_original_response(view=exhibits.profile(card, visiting.visits(best)), attachments=uploads)


def _fitting(asked: str) -> tuple[str, ...]:
    """As many of the words as a button can carry."""
    words = [word[: visiting.LONGEST_WORDS] for word in search.words(asked)]
    while len("+".join(words)) > visiting.LONGEST_WORDS:
        words.pop()
    return tuple(words)


def _since(person: discord.User | discord.Member) -> int | None:
    joined = getattr(person, "joined_at", None)
    return int(joined.timestamp()) if joined else None
