"""LoRAs as people name them: in prompts, in options, and with the words they were trained on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.refusals import UnknownLora
from db import loras
from db.models import Lora
from prompts import Prompt

if TYPE_CHECKING:
    from bot.client import Studio


async def resolved(
    interaction: "discord.Interaction[Studio]", found: Sequence[Prompt]
) -> tuple[list[Prompt], dict[str, str]]:
    """The prompts, with a trigger where all of a LoRA's are missing, and the digests of files by lower-case name.

    Raises UnknownLora with the nearest name.
    """
    names = {one.name for prompt in found for one in prompt.loras}
    if not names:
        return list(found), {}
    person, guild = interaction.user.id, interaction.guild_id
    async with interaction.client.database.reading() as session:
        known = await loras.named(session, names, person, guild)
        for name in sorted(names):
            if loras.key_of(name) not in known:
                raise UnknownLora(name, await loras.nearest(session, name, person, guild))
    return [_triggered(prompt, known) for prompt in found], {key: lora.digest for key, lora in known.items()}


async def named(interaction: "discord.Interaction[Studio]", name: str) -> Lora:
    """The one that a person means in an option. Raises UnknownLora with the nearest name."""
    person, guild = interaction.user.id, interaction.guild_id
    async with interaction.client.database.reading() as session:
        found = await loras.named(session, [name], person, guild)
        if not found:
            raise UnknownLora(name, await loras.nearest(session, name, person, guild))
    return next(iter(found.values()))


async def offered(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    """At most 25 by what was typed of the name; a weight behind it, `name:0.8`, stays."""
    name, colon, weight = typed.partition(":")
    async with interaction.client.database.reading() as session:
        found = await loras.usable(session, interaction.user.id, interaction.guild_id, containing=name.strip())
    return [
        app_commands.Choice(name=_shown(lora, colon + weight)[:100], value=f"{lora.name}{colon}{weight}"[:100])
        for lora in found
    ]


def _shown(lora: Lora, weight: str) -> str:
    triggers = ", ".join(map(str, lora.triggers))
    return f"{lora.name}{weight}{f' · {triggers}' if triggers else ''}"


def _triggered(prompt: Prompt, known: dict[str, Lora]) -> Prompt:
    for one in prompt.loras:
        triggers = [str(word) for word in known[loras.key_of(one.name)].triggers]
        text = prompt.text.casefold()
        if triggers and one.weight > 0 and not any(word.casefold() in text for word in triggers):
            first, *others = prompt.parts or (None,)
            parts = () if first is None else (replace(first, text=f"{first.text}, {triggers[0]}"), *others)
            prompt = replace(prompt, text=f"{prompt.text}, {triggers[0]}", parts=tuple(filter(None, parts)))
    return prompt
