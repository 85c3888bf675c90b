"""`/settings`: what is taken where a prompt says nothing, one's own and the server's; remix mode; prompts in files."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import wording
from bot.answering import change, writing
from bot.asking import DEFAULTS
from bot.refusals import ModeratorsOnly
from bot.ui.forms import Form, said, words
from bot.ui.press import PLAIN, TAKEN, Press, view_of
from bot.ui.quoting import quote
from db import guilds, preferences

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.command(description="What is taken where your prompts say nothing")
async def settings(interaction: "discord.Interaction[Studio]") -> None:
    content, view = await _panel(interaction)
    await interaction.response.send_message(content, view=view, ephemeral=True)


class RemixMode(Press, template=r"a:remixmode:(?P<on>[01])"):
    """V, 🔄 and Vary ask for words first, or not."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with writing(interaction) as session:
            await preferences.put(session, interaction.user.id, remix=self.parts["on"] == "1")
        content, view = await _panel(interaction)
        await change(interaction, content=content, view=view)


class PromptsInFiles(Press, template=r"a:filewords:(?P<on>[01])"):
    """The person's files say how they were made, or only that a model made them."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with writing(interaction) as session:
            await preferences.put(session, interaction.user.id, hide_prompts=self.parts["on"] == "0")
        content, view = await _panel(interaction)
        await change(interaction, content=content, view=view)


class Defaults(Press, template=r"a:defaults:(?P<whose>own|guild)"):
    """A form with the parameters of a person, or of the server."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        whose = self.parts["whose"]
        if whose == "guild":
            check_moderator(interaction)
        async with interaction.client.database.reading() as session:
            own = await preferences.get(session, interaction.user.id)
            server = await guilds.settings(session, interaction.guild_id)
        text = own.defaults if whose == "own" else str(server.get(DEFAULTS) or "")
        await interaction.response.send_modal(DefaultsForm(whose, text))


class DefaultsForm(Form, title="Defaults"):
    """Parameters, such as `--model pocket --ar 16:9`; nothing takes them away."""

    def __init__(self, whose: str, text: str) -> None:
        super().__init__()
        self._whose = whose
        self.parameters = words(text, label="Parameters", required=False)
        self.add_item(self.parameters)

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        text = " ".join(said(self.parameters).split())
        if text:
            wording.preferred(text)
        if self._whose == "guild":
            check_moderator(interaction)
        async with writing(interaction) as session:
            if self._whose == "own":
                await preferences.put(session, interaction.user.id, defaults=text)
            else:
                assert interaction.guild_id is not None
                await guilds.set_setting(session, interaction.guild_id, DEFAULTS, text or None)
        content, view = await _panel(interaction)
        await change(interaction, content=content, view=view)


def check_moderator(interaction: discord.Interaction) -> None:
    """Raises ModeratorsOnly unless the person may manage this server."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise ModeratorsOnly("manage_guild")


async def _panel(interaction: "discord.Interaction[Studio]") -> tuple[str, discord.ui.View]:
    async with interaction.client.database.reading() as session:
        own = await preferences.get(session, interaction.user.id)
        server = await guilds.settings(session, interaction.guild_id)
    lines = [
        "What is taken where a prompt and its options say nothing; the first that says something wins.",
        f"**Your suffix** {_shown(own.suffix)} (`/prefer suffix`)",
        f"**Your defaults** {_shown(own.defaults)}",
        f"**This server** {_shown(str(server.get(DEFAULTS) or ''))}",
        f"**Remix mode** {'on: V, 🔄 and Vary ask for words first' if own.remix else 'off'}",
        f"**Prompts in files** {'off: new files say only that a model made them' if own.hide_prompts else 'on'}",
    ]
    presses: list[Press] = [
        Defaults("a:defaults:own", label="My defaults"),
        RemixMode(
            f"a:remixmode:{int(not own.remix)}",
            label=f"Remix mode: {'on' if own.remix else 'off'}",
            style=TAKEN if own.remix else PLAIN,
        ),
        PromptsInFiles(
            f"a:filewords:{int(own.hide_prompts)}",
            label=f"Prompts in files: {'off' if own.hide_prompts else 'on'}",
            style=PLAIN if own.hide_prompts else TAKEN,
        ),
    ]
    if interaction.guild_id is not None and interaction.permissions.manage_guild:
        presses.append(Defaults("a:defaults:guild", label="Server defaults"))
    return "\n".join(lines), view_of(*presses)


def _shown(text: str) -> str:
    return quote(text, 300) if text else "none"
