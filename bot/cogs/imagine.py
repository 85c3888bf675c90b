"""`/imagine`: a prompt and options to jobs. Knows neither how they are queued nor how they are drawn."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import wishes

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

Count = app_commands.Range[int, 1, 4]
Seed = app_commands.Range[int, 0, 4294967295]
Steps = app_commands.Range[int, 1, 100]
Guidance = app_commands.Range[float, 0, 30]


@app_commands.command(description="Pictures of what you describe")
@app_commands.describe(
    prompt="What the pictures show; parameters such as --ar 16:9 may follow, /help lists them",
    aspect="Width to height",
    model="Which model draws",
    count="How many pictures",
    seed="The same seed and prompt give the same picture again",
    steps="More steps take longer and may show more",
    guidance="How closely to follow the prompt",
)
@app_commands.choices(
    aspect=[app_commands.Choice(name=f"{ratio} ({name})", value=ratio) for ratio, name in ASPECTS.items()]
)
async def imagine(
    interaction: "discord.Interaction[Studio]",
    prompt: str,
    aspect: str | None = None,
    model: str | None = None,
    count: Count | None = None,
    seed: Seed | None = None,
    steps: Steps | None = None,
    guidance: Guidance | None = None,
) -> None:
    studio = interaction.client
    options = wishes.Options(aspect=aspect, model=model, count=count, seed=seed, steps=steps, guidance=guidance)
    wished = wishes.imagine(
        prompt,
        options,
        catalogue=studio.catalogue,
        model=studio.config.engine.model,
        limits=studio.config.limits,
    )
    await studio.orders.accept(interaction, wished)


@imagine.autocomplete("model")
async def models(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    names = [entry.name for entry in interaction.client.catalogue if typed.lower() in entry.name.lower()]
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in names[:25]]
