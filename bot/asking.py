"""What a person asks for, found out: preferences from rows, pictures from addresses, LoRAs from names; then wishes.

Between the commands and the pure `bot.wishes`: nothing is queued here, and what is wrong is said before there is a job.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

import prompts
from bot import refining, shapes, wishes
from bot.house.door import Asker
from bot.loras import naming
from bot.styles import swatch
from bot.uploads import Upload, check_address
from bot.wishes import Given, Habits, Options, Wish
from db import guilds, images, preferences
from db.models import Job
from engine.metadata import PictureMetadata
from prompts import Address, Code, Prompt

if TYPE_CHECKING:
    from bot.client import Studio

DEFAULTS = "defaults"
"""The key of a server's settings with its text of parameters."""


async def habits(interaction: "discord.Interaction[Studio]") -> Habits:
    """What this person and this server prefer."""
    async with interaction.client.database.reading() as session:
        own = await preferences.get(session, interaction.user.id)
        settings = await guilds.settings(session, interaction.guild_id)
    return Habits(
        suffix=own.suffix, own=own.defaults, guild=str(settings.get(DEFAULTS) or ""), options=dict(own.options)
    )


async def wished(
    interaction: "discord.Interaction[Studio]",
    text: str,
    options: Options | None = None,
    *,
    parent: Job | None = None,
    shape: tuple[int, int] | None = None,
    stays: bool = False,
) -> list[Wish]:
    """The jobs that a prompt asks for; pictures it names are fetched.

    Args:
        parent: gives its model and pictures.
        shape: of the picture from which they are made; only words typed now ask for another, and where it `stays` none.

    Raises prompts.PromptError, bot.refusals.ForeignAddress, NotFetched, UnknownLora, NoRoom, ShapeStays and errors
    of the engine.
    """
    studio, options = interaction.client, options or Options()
    preferred = await habits(interaction)
    if parent is not None:
        # The words of a job say all that was preferred when it was made.
        preferred = Habits(options=preferred.options)
    elif shape is not None:
        preferred = shapes.unshaped(preferred)
    found, loras = await naming.resolved(interaction, wishes.read(text, options, preferred))
    model = studio.config.engine.model if parent is None else parent.request["model"]
    limits = studio.config.limits
    if shape is not None:
        words = "" if parent is None else refining.words_of(parent)
        entries = [studio.catalogue.get(one.model or model) for one in found]
        found = [
            shapes.settled(one, words, shape, entry=entry, limits=limits, stays=stays)
            for one, entry in zip(found, entries, strict=True)
        ]
    given = await _given(interaction, found, _known(parent) if parent is not None else Given())
    return wishes.wishes_for(
        found,
        options,
        catalogue=studio.catalogue,
        model=model,
        limits=limits,
        given=replace(given, loras=loras),
    )


async def wished_once(interaction: "discord.Interaction[Studio]", text: str, options: Options | None = None) -> Wish:
    """As `wished` for a text without braces and `--repeat`, where one job is made however often others are."""
    wish, *_ = await wished(interaction, text, options)
    return wish


async def base_of_an_edit(interaction: "discord.Interaction[Studio]") -> Wish:
    """A wish without words for the model that edits: the usual one unless another, which may be used, is made for it.

    Raises as `wished` does.
    """
    studio = interaction.client
    base = await wished_once(interaction, "x")
    if studio.catalogue.get(base.request["model"]).instructed:
        return base
    async with studio.database.reading() as session:
        asker = Asker.of(interaction)
        allowed = (await studio.door.rules(session, asker.guild_id)).cap(asker.roles).models
    screened = studio.config.filter.pictures != "off"
    for entry in studio.catalogue:
        usable = not entry.must_accept or (entry.accepted and screened)
        if entry.instructed and usable and (allowed is None or entry.name in allowed):
            base = await wished_once(interaction, "x", Options(model=entry.name))
            break
    return base


async def take(interaction: "discord.Interaction[Studio]", address: str) -> tuple[Upload, int | None]:
    """A picture handed in, stored, and the id of ours that it is, file for file. The answer is deferred before.

    Raises bot.refusals.ForeignAddress, NotFetched, engine.errors.UnfitUpload, DiskFull, StorageFailed.
    """
    check_address(address)
    await _announce(interaction)
    upload = await interaction.client.uploads.take(address)
    async with interaction.client.database.reading() as session:
        same = await images.by_digest(session, upload.file)
    return upload, None if same is None else same.id


async def take_all(
    interaction: "discord.Interaction[Studio]", addresses: Sequence[str]
) -> list[tuple[Upload, int | None]]:
    """As `take`, side by side; one that is not right is told before any is fetched."""
    for address in addresses:
        check_address(address)
    if addresses:
        await _announce(interaction)
    return list(await asyncio.gather(*(take(interaction, address) for address in addresses)))


def scene_of(about: PictureMetadata | None) -> str:
    """What a file of ours says that it shows."""
    return about.prompt if about is not None else ""


async def _announce(interaction: discord.Interaction) -> None:
    """Files take as long as they take: first it is said that an answer comes."""
    if not interaction.response.is_done():
        await interaction.response.defer(thinking=True)


async def _given(interaction: "discord.Interaction[Studio]", found: Sequence[Prompt], known: Given) -> Given:
    pictures, styles = dict(known.pictures), dict(known.styles)
    addresses = list(
        dict.fromkeys(one.url for prompt in found for one in _addresses(prompt) if one.url not in pictures)
    )
    for address, (upload, _) in zip(addresses, await take_all(interaction, addresses), strict=True):
        pictures[address] = upload.stored.digest
    storage = interaction.client.storage
    codes = {style.number for prompt in found for style in prompt.styles if isinstance(style, Code)}
    for number in codes - styles.keys():
        await _announce(interaction)
        stored = await asyncio.to_thread(lambda number=number: storage.put(swatch(number or 0), None))
        styles[number or 0] = stored.digest
    return Given(pictures=pictures, styles=styles)


def _addresses(prompt: Prompt) -> list[Address]:
    styles = [style for style in prompt.styles if isinstance(style, Address)]
    return [*prompt.images, *styles, *([prompt.subject] if prompt.subject else [])]


def _known(parent: Job) -> Given:
    """The parent's pictures by the addresses in its prompt, which may have expired since."""
    try:
        prompt = prompts.parse(refining.words_of(parent))
    except prompts.PromptError:
        return Given()
    asked = [*prompt.images, *prompt.styles, *([prompt.subject] if prompt.subject else [])]
    stored = [reference["image"] for reference in parent.request.get("references") or ()]
    if len(asked) != len(stored):
        return Given()
    pairs = list(zip(asked, stored, strict=True))
    return Given(
        pictures={one.url: digest for one, digest in pairs if isinstance(one, Address)},
        styles={one.number: digest for one, digest in pairs if isinstance(one, Code) and one.number is not None},
    )
