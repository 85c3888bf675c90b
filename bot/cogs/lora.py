"""`/lora`: which LoRAs there are, and taking them in, sharing and removing them."""

import asyncio
import io
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import asking
from bot.answering import writing
from bot.cogs.admin.acting import permit
from bot.errors import explain, tell
from bot.loras import naming
from bot.loras.taking import words_of
from bot.refusals import BadLoraName, NotYours, OneOfTwo
from bot.ui import loras as looks
from bot.ui.press import Press, view_of
from bot.wishes import Options
from db import audit, loras
from db.models import Image, Lora
from prompts import PromptError
from prompts.loras import read_lora

if TYPE_CHECKING:
    from bot.client import Studio

SIZE = 15
LAST_PAGE = 999
LONGEST_NAME = 60
PREVIEW = "a red house under a starry night sky"
PREVIEWS = 2

lora = app_commands.Group(name="lora", description="Styles and subjects that the model learned beside its own")
Name = app_commands.Range[str, 1, 100]


@lora.command(name="list", description="The LoRAs you may use here")
async def list_(interaction: "discord.Interaction[Studio]") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _turn_to(interaction, 0)


@lora.command(description="What there is to know of a LoRA, with its first pictures")
@app_commands.describe(name="Which one")
async def info(interaction: "discord.Interaction[Studio]", name: Name) -> None:
    found = await naming.named(interaction, name)
    await interaction.response.defer(ephemeral=True, thinking=True)
    studio = interaction.client
    async with studio.database.reading() as session:
        pictures = await loras.previews(session, found)
    files = [file for picture in pictures[:PREVIEWS] if (file := await asyncio.to_thread(_thumbnail, studio, picture))]
    embeds = [looks.about(found), *(discord.Embed(colour=looks.COLOUR) for _ in files[1:])]
    for embed, file in zip(embeds, files, strict=False):
        embed.set_image(url=f"attachment://{file.filename}")
    await interaction.edit_original_response(embeds=embeds, attachments=files)


@lora.command(description="Take a LoRA file in; for moderators")
@app_commands.describe(
    name="What people will call it",
    file="A .safetensors file",
    path="Or the name of a file that the owner put into the folder for it",
    triggers="The words it was trained on, with commas between them; the file's own notes if you give none",
    model="The model it was made for",
    licence="Under which licence it is",
)
async def add(
    interaction: "discord.Interaction[Studio]",
    name: Name,
    file: discord.Attachment | None = None,
    path: str | None = None,
    triggers: app_commands.Range[str, 1, 300] | None = None,
    model: str | None = None,
    licence: app_commands.Range[str, 1, 100] | None = None,
) -> None:
    guild_id = permit(interaction)
    called = _called(name)
    if (file is None) == (path is None):
        raise OneOfTwo("file", "path")
    studio = interaction.client
    base = studio.catalogue.get(model or studio.config.engine.model).name
    await interaction.response.defer(thinking=True)
    kept = await (studio.taking.upload(file, base) if file is not None else studio.taking.path(path or "", base))
    new = loras.NewLora(
        interaction_id=interaction.id,
        guild_id=guild_id,
        author_id=interaction.user.id,
        name=called,
        digest=kept.digest,
        bytes=kept.bytes,
        model=base,
        style=kept.style,
        rank=kept.rank,
        of_text=kept.of_text,
        triggers=words_of(triggers) if triggers else kept.triggers,
        licence=licence or kept.licence,
        shared=True,
    )
    async with writing(interaction) as session:
        made = await loras.add(session, new)
        await audit.write(session, guild_id, interaction.user.id, "lora add", lora=made.name)
    words = looks.added(made)
    try:
        text = f'{PREVIEW} --lora "{made.name}"'
        wish = await asking.wished_once(interaction, text, Options(model=base, count=PREVIEWS))
        await studio.orders.accept(interaction, [wish])
    except Exception as error:  # it is listed all the same
        why = explain(error)
        if why is None:
            raise
        await tell(interaction, f"{words} There are no pictures of it yet. {why}")
        return
    await interaction.followup.send(words, ephemeral=True)


@lora.command(description="Let everybody in this server use a LoRA of yours, or you alone")
@app_commands.describe(name="Which one", private="Yes: for you alone again")
async def share(interaction: "discord.Interaction[Studio]", name: Name, private: bool = False) -> None:
    found = await naming.named(interaction, name)
    _permit(interaction, found, "share")
    async with writing(interaction) as session:
        changed = await loras.share(session, found.id, shared=not private)
    whose = "for you alone" if private else "for everybody in its server"
    await tell(interaction, f"`{found.name}` is {whose} {'now' if changed else 'already'}.")


@lora.command(description="Take a LoRA off the list: your own, or any as a moderator")
@app_commands.describe(name="Which one")
async def remove(interaction: "discord.Interaction[Studio]", name: Name) -> None:
    found = await naming.named(interaction, name)
    _permit(interaction, found, "remove")
    async with writing(interaction) as session:
        gone = await loras.remove(session, found.id)
        if gone and interaction.guild_id is not None and found.author_id != interaction.user.id:
            await audit.write(session, interaction.guild_id, interaction.user.id, "lora remove", lora=found.name)
    await tell(interaction, f"`{found.name}` is off the list. Pictures made with it stay.")


@info.autocomplete("name")
@share.autocomplete("name")
@remove.autocomplete("name")
async def names(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return await naming.offered(interaction, typed)


@add.autocomplete("model")
async def models(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    found = [entry.name for entry in interaction.client.catalogue if typed.lower() in entry.name.lower()]
    return [app_commands.Choice(name=one[:100], value=one[:100]) for one in found[:25]]


class Turn(Press, template=r"lora:page:(?P<number>\d{1,3})"):
    """To another page of the same private list."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await interaction.response.defer()
        await _turn_to(interaction, self.number("number"))


async def _turn_to(interaction: "discord.Interaction[Studio]", number: int) -> None:
    async with interaction.client.database.reading() as session:
        found = await loras.usable(
            session, interaction.user.id, interaction.guild_id, skip=number * SIZE, limit=SIZE + 1
        )
    turns = [
        Turn(f"lora:page:{max(0, number - 1)}", label="Back", disabled=number == 0),
        Turn(f"lora:page:{min(LAST_PAGE, number + 1)}", label="More", disabled=len(found) <= SIZE),
    ]
    shown = looks.page(found[:SIZE], number, viewer_id=interaction.user.id)
    several = number > 0 or len(found) > SIZE
    await interaction.edit_original_response(embed=shown, view=view_of(*turns) if several else None)


def _permit(interaction: discord.Interaction, found: Lora, verb: str) -> None:
    """Raises NotYours. Sharing is the author's alone; a moderator may remove what the server sees."""
    moderates = verb == "remove" and found.guild_id == interaction.guild_id and interaction.permissions.manage_guild
    if found.author_id != interaction.user.id and not moderates:
        raise NotYours(verb, found.author_id)


def _called(name: str) -> str:
    """Raises BadLoraName for what could not be typed in a prompt."""
    try:
        (read,) = read_lora(name)
    except PromptError:
        raise BadLoraName(name) from None
    if ":" in name or len(read.name) > LONGEST_NAME:
        raise BadLoraName(name)
    return read.name


def _thumbnail(studio: "Studio", image: Image) -> discord.File | None:
    try:
        content = studio.storage.thumbnail(image.digest).read_bytes()
    except OSError:
        return None
    return discord.File(io.BytesIO(content), filename=f"{image.id}.webp")
