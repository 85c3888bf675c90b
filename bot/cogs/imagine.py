"""`/imagine`: a prompt and options to jobs. Knows neither how they are queued nor how they are drawn."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import asking, wishes
from bot.loras import naming
from bot.ui import confirm

if TYPE_CHECKING:
    from bot.client import Studio

ASPECTS = {
    "1:1": "square",
    "4:3": "photo",
    "3:2": "photo, wide",
    "16:9": "screen",
    "2:1": "panorama",
    "3:4": "portrait",
    "2:3": "portrait, tall",
    "9:16": "phone",
}
"""The ratios offered by name; `--ar` takes any from 1:4 to 4:1."""
ASPECT_CHOICES = [app_commands.Choice(name=f"{ratio} ({name})", value=ratio) for ratio, name in ASPECTS.items()]

Count = app_commands.Range[int, 1, 4]
Seed = app_commands.Range[int, 0, 4294967295]
Steps = app_commands.Range[int, 1, 100]
Guidance = app_commands.Range[float, 0, 30]


@app_commands.command(description="Pictures of what you describe")
@app_commands.describe(
    prompt="What the pictures show; parameters such as --ar 16:9 may follow, /help lists them",
    model="Which model draws",
    aspect="Width to height",
    lora="A LoRA, or NAME:WEIGHT",
    image="A picture to begin from in idea",
    style_image="A picture whose style to take",
    count="How many pictures",
    seed="The same seed and prompt give the same picture again",
    steps="More steps take longer and may show more",
    guidance="How closely to follow the prompt",
)
@app_commands.choices(aspect=ASPECT_CHOICES)
async def imagine(
    interaction: "discord.Interaction[Studio]",
    prompt: str,
    model: str | None = None,
    aspect: str | None = None,
    lora: str | None = None,
    image: discord.Attachment | None = None,
    style_image: discord.Attachment | None = None,
    count: Count | None = None,
    seed: Seed | None = None,
    steps: Steps | None = None,
    guidance: Guidance | None = None,
) -> None:
    options = wishes.Options(
        aspect=aspect,
        model=model,
        count=count,
        seed=seed,
        steps=steps,
        guidance=guidance,
        lora=lora,
        images=(image.url,) if image is not None else (),
        styles=(style_image.url,) if style_image is not None else (),
    )
    await confirm.accept(interaction, await asking.wished(interaction, prompt, options))


@imagine.autocomplete("model")
async def models(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    names = [entry.name for entry in interaction.client.catalogue if typed.lower() in entry.name.lower()]
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in names[:25]]


@imagine.autocomplete("lora")
async def loras(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return await naming.offered(interaction, typed)
