"""The road that a picture takes, with a real client over sockets: login, command, answer, edit with files, button."""

import io

import discord
from discord import app_commands
from PIL import Image

from playground import Playground
from tests.playground.conftest import Bot, online


def png(colour: str = "red", size: int = 16) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "PNG")
    return out.getvalue()


class Ping(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="U1", custom_id="u:1")
    async def upscale(self, interaction: discord.Interaction, button: discord.ui.Button["Ping"]) -> None:
        await interaction.response.send_message("taken", ephemeral=True)


async def test_a_client_logs_in_and_sees_the_guild(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        assert bot.user is not None
        assert [guild.name for guild in bot.guilds] == ["Atelier"]
        assert {"studio", "gallery"} <= {channel.name for channel in bot.guilds[0].text_channels}
        assert bot.guilds[0].me.guild_permissions.send_messages
    await pg.wait_for(lambda: not pg.gateway.bot_online)
    assert pg.refusals == []


async def test_a_command_is_answered_edited_with_files_and_clicked(pg: Playground, bot: Bot) -> None:
    @bot.tree.command(description="Make a picture")
    @app_commands.describe(prompt="what to see", count="how many")
    async def imagine(interaction: discord.Interaction, prompt: str, count: app_commands.Range[int, 1, 4] = 4) -> None:
        answer = await interaction.response.send_message(f"queued: {prompt} x{count}")
        assert answer.message_id is not None
        assert isinstance(interaction.channel, discord.TextChannel)
        message = interaction.channel.get_partial_message(answer.message_id)
        files = [discord.File(io.BytesIO(png()), f"{index}.png") for index in range(count)]
        await message.edit(content=prompt, attachments=files, view=Ping())

    ada = pg.person("Ada")
    async with online(pg, bot):
        interaction = await ada.slash("studio", "imagine", prompt="a red house", count=2)
        assert interaction.state == "done"
        message = interaction.message
        assert message is not None
        await pg.wait_for(lambda: len(message["attachments"]) == 2)
        assert message["content"] == "a red house"
        assert message["type"] == 20
        assert [row["width"] for row in message["attachments"]] == [16, 16]
        assert pg.attachment_bytes(message["attachments"][0]) == png()
        pressed = await pg.person("Ben").click(message, "U1")
        assert pressed.message is not None
        assert pressed.message["content"] == "taken"
        assert pressed.message["_viewer"] == pg.person("Ben").id
        assert pressed.message not in ada.messages("studio")
        channel = bot.get_channel(int(message["channel_id"]))
        assert isinstance(channel, discord.TextChannel)
        fetched = await channel.fetch_message(int(message["id"]))
        assert await fetched.attachments[1].read() == png()
    assert bot.errors == []
    assert pg.refusals == []
