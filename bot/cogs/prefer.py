"""`/prefer`: a suffix for all of one's prompts, and parameters of one's own."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import wording
from bot.answering import writing
from bot.errors import tell
from bot.refusals import BadOption
from bot.ui.quoting import quote
from db import preferences
from prompts.parameters import find

if TYPE_CHECKING:
    from bot.client import Studio

LONGEST_NAME = 30

prefer = app_commands.Group(name="prefer", description="A suffix for your prompts, and parameters of your own")
option = app_commands.Group(name="option", description="Parameters of your own", parent=prefer)


@prefer.command(description="Parameters behind each of your prompts; nothing takes them away")
@app_commands.describe(parameters="Such as --ar 16:9 --s 200; what a prompt says itself wins")
async def suffix(
    interaction: "discord.Interaction[Studio]", parameters: app_commands.Range[str, 0, 1000] | None = None
) -> None:
    text = " ".join((parameters or "").split())
    if text:
        wording.preferred(text)
    async with writing(interaction) as session:
        await preferences.put(session, interaction.user.id, suffix=text)
    await tell(interaction, f"Your suffix is {quote(text, 1000)}" if text else "You have no suffix now.")


@option.command(name="set", description="Make or change a parameter of your own")
@app_commands.describe(name="What you will write after --", value="What it stands for, such as --ar 2:3 --no text")
async def set_(interaction: "discord.Interaction[Studio]", name: str, value: app_commands.Range[str, 1, 1000]) -> None:
    called, text = _name(name), " ".join(value.split())
    wording.preferred(text)
    async with writing(interaction) as session:
        await preferences.set_option(session, interaction.user.id, called, text)
    await tell(interaction, f"`--{called}` stands for {quote(text, 1000)}")


@option.command(name="list", description="Your own parameters")
async def list_(interaction: "discord.Interaction[Studio]") -> None:
    async with interaction.client.database.reading() as session:
        own = (await preferences.get(session, interaction.user.id)).options
    lines = [f"`--{name}` {quote(text, 60)}" for name, text in sorted(own.items())]
    await tell(interaction, "\n".join(lines)[:2000] or "You have none. `/prefer option set` makes one.")


@option.command(description="Take away a parameter of your own")
async def remove(interaction: "discord.Interaction[Studio]", name: str) -> None:
    async with writing(interaction) as session:
        gone = await preferences.set_option(session, interaction.user.id, name.lower().lstrip("-—"), None)
    await tell(interaction, "Gone." if gone else f"You have no `--{quote(name, 60)}`.")


@remove.autocomplete("name")
async def own_names(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    async with interaction.client.database.reading() as session:
        own = (await preferences.get(session, interaction.user.id)).options
    return [app_commands.Choice(name=name, value=name) for name in sorted(own) if typed.lower() in name][:25]


def _name(given: str) -> str:
    """Raises BadOption."""
    name = given.lower().lstrip("-—")
    fits = 0 < len(name) <= LONGEST_NAME and name.isascii() and name[0].isalpha() and name.replace("-", "").isalnum()
    if not fits:
        raise BadOption(given, taken=False)
    if find(name) is not None:
        raise BadOption(name, taken=True)
    return name
