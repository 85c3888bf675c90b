"""`/blend`, `/edit` and `/describe`, and the message menus `Remix` and `Describe`: pictures that people hand in."""

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album, asking, recognition, refining
from bot.cogs.imagine import ASPECT_CHOICES
from bot.refining import Start
from bot.refusals import NoPicture, NothingSeen
from bot.ui import confirm, described
from bot.ui.forms import RemixForm, StrangerForm
from bot.wishes import Options

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.command(description="Two to five pictures in one")
@app_commands.describe(aspect="Width to height")
@app_commands.choices(aspect=ASPECT_CHOICES)
async def blend(
    interaction: "discord.Interaction[Studio]",
    image1: discord.Attachment,
    image2: discord.Attachment,
    image3: discord.Attachment | None = None,
    image4: discord.Attachment | None = None,
    image5: discord.Attachment | None = None,
    aspect: str | None = None,
) -> None:
    studio = interaction.client
    given = [one for one in (image1, image2, image3, image4, image5) if one is not None]
    taken = await asking.take_all(interaction, [one.url for one in given])
    base = await asking.wished_once(interaction, "x", Options(aspect=aspect))
    wish = refining.blend(
        base,
        [upload.stored.digest for upload, _ in taken],
        catalogue=studio.catalogue,
        longest=studio.config.limits.longest,
        parent=next((image_id for _, image_id in taken if image_id is not None), None),
    )
    await confirm.accept(interaction, [wish])


@app_commands.command(description="Change a picture in words")
@app_commands.describe(image="The picture", instruction='What to change, such as "make the house blue" or "add a tree"')
async def edit(
    interaction: "discord.Interaction[Studio]",
    image: discord.Attachment,
    instruction: app_commands.Range[str, 1, 1000],
) -> None:
    studio = interaction.client
    upload, image_id = await asking.take(interaction, image.url)
    base = await asking.base_of_an_edit(interaction)
    wish = refining.edit(
        base,
        " ".join(instruction.split()) or "?",
        picture=upload.stored.digest,
        shape=(upload.stored.width, upload.stored.height),
        scene=asking.scene_of(upload.about),
        catalogue=studio.catalogue,
        longest=studio.config.limits.longest,
        parent=image_id,
    )
    await confirm.accept(interaction, [wish])


@app_commands.command(description="Prompts for a picture, to draw others like it")
@app_commands.describe(image="The picture")
async def describe(interaction: "discord.Interaction[Studio]", image: discord.Attachment) -> None:
    await _describe(interaction, image.url)


@app_commands.context_menu(name="Describe")
async def describe_menu(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    await _describe(interaction, _address(message))


@app_commands.context_menu(name="Remix")
async def remix_menu(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    studio = interaction.client
    address = _address(message)
    if studio.user is not None and message.author.id == studio.user.id:
        shown = await recognition.shown_by(studio, message)
        if shown.living:
            await interaction.response.send_modal(RemixForm(shown.job, Start.of(shown.living[0])))
            return
    await interaction.response.send_modal(StrangerForm(address, ""))


async def _describe(interaction: "discord.Interaction[Studio]", address: str) -> None:
    studio = interaction.client
    upload, image_id = await asking.take(interaction, address)
    pixels = await asyncio.to_thread(studio.storage.open, upload.stored.digest)
    prompts = await asyncio.to_thread(studio.describer.prompts, pixels)
    if not prompts and upload.about is None:
        raise NothingSeen
    if image_id is not None:
        _, ours = await album.living(studio.database, image_id)
        await album.announce(interaction, [ours])
    await described.show(interaction, prompts, upload, pixels)


def _address(message: discord.Message) -> str:
    address = recognition.picture_of(message)
    if address is None:
        raise NoPicture
    return address
