"""The message menus on our own cards: `Cancel or delete`, `Share to gallery`, `Image details`."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album, asking, recognition
from bot.answering import in_time
from bot.errors import tell
from bot.gallery import rights
from bot.gallery.rights import Act
from bot.refusals import Gone, NotACard
from bot.ui import cards, sharing
from db.models import Job

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.context_menu(name="Cancel or delete")
async def cancel_or_delete(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    studio = interaction.client
    shown = await recognition.shown_by(interaction.client, message)
    if not shown.job.status.ended:
        album.permit(interaction, shown.job, "cancel")
        async with in_time(interaction, private=True):
            await studio.orders.cancel(shown.job)
        await tell(interaction, "Cancelled.")
        return
    album.permit(interaction, shown.job, "delete")
    await interaction.response.defer(ephemeral=True, thinking=True)
    await album.delete(studio.database, studio.storage, shown.living, message=message)
    studio.delivery.unmark(message)
    await _take_away(interaction, message, shown.job)
    await interaction.edit_original_response(content="Deleted.")


@app_commands.context_menu(name="Share to gallery")
async def share_to_gallery(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    images = (await recognition.shown_by(interaction.client, message)).living
    if not images:
        raise Gone
    if len(images) == 1:
        await sharing.offer(interaction, images[0].id)
        return
    for image in images:
        await rights.picture_for(interaction, image.id, Act.SHARE)
    await interaction.response.send_message("Which one?", view=sharing.offer_of(images), ephemeral=True)


@app_commands.context_menu(name="Image details")
async def image_details(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    studio, address = interaction.client, recognition.picture_of(message)
    if address is not None and (studio.user is None or message.author.id != studio.user.id):
        # Somebody's file: if it was made here, it says how.
        await interaction.response.defer(thinking=True, ephemeral=True)
        upload, _ = await asking.take(interaction, address)
        if upload.about is None:
            raise NotACard
        await interaction.edit_original_response(content=f"As its file says:\n{cards.recipe(upload.about)}")
        return
    shown = await recognition.shown_by(studio, message)
    await tell(interaction, cards.details(shown.job, shown.living))


async def _take_away(interaction: "discord.Interaction[Studio]", message: discord.Message, job: Job) -> None:
    channel = interaction.client.get_partial_messageable(message.channel.id)
    try:
        await channel.get_partial_message(message.id).delete()
    except (discord.NotFound, discord.Forbidden):
        # Gone already, or posted by an interaction where the bot is no member; the pictures themselves are deleted.
        album.follow(interaction.client, message, job)
        return
    await album.taken_away(interaction.client, message, job)
