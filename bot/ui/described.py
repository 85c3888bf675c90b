"""What a picture shows, in prompts with a button each. A press reads its prompt back from the message."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from PIL import Image

from bot import asking
from bot.refusals import Gone
from bot.ui import confirm
from bot.ui.cards import recipe
from bot.ui.press import Press, view_of
from bot.uploads import Upload

if TYPE_CHECKING:
    from bot.client import Studio

_FILE = "described.webp"
_SIDE = 384


async def show(
    interaction: "discord.Interaction[Studio]", prompts: Sequence[str], upload: Upload, pixels: Image.Image
) -> None:
    """The answer to a deferred interaction: picture, prompts with buttons, and our own recipe where it is known."""
    lines = [f"{number}. `{_plain(prompt)}`" for number, prompt in enumerate(prompts[:4], 1)]
    embed = discord.Embed(title="Describe", description="\n".join(lines) or "Nothing can be told of it.")
    if upload.about is not None:
        embed.add_field(name="As its file says", value=recipe(upload.about), inline=False)
    embed.set_footer(text=f"{upload.stored.width} x {upload.stored.height}")
    embed.set_thumbnail(url=f"attachment://{_FILE}")
    presses = [Imagine(f"a:say:{number}", label=f"Imagine {number}") for number in range(1, len(lines) + 1)]
    await interaction.edit_original_response(
        embed=embed, attachments=[_small(pixels)], view=view_of(*presses) if presses else None
    )


class Imagine(Press, template=r"a:say:(?P<number>[1-4])"):
    """Draw one of the prompts."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        message = interaction.message
        lines = (message.embeds[0].description or "").split("\n") if message is not None and message.embeds else []
        number = self.number("number")
        if number > len(lines) or lines[number - 1].count("`") != 2:
            raise Gone
        await confirm.accept(interaction, await asking.wished(interaction, lines[number - 1].split("`")[1]))


def _plain(prompt: str) -> str:
    """Fit for backticks and for the prompt language: a describer's words are words, not parameters."""
    words = " ".join(prompt.replace("`", "'").replace("--", "-").replace("::", ":").split())
    return words.replace("{", "(").replace("}", ")")[:800]


def _small(pixels: Image.Image) -> discord.File:
    small = pixels.convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=85)
    buffer.seek(0)
    return discord.File(buffer, filename=_FILE)
