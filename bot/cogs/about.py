"""`/info` and `/help`: where one stands, and what one can say."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.errors import tell
from bot.ui import cards
from db import jobs, ledger, pace
from prompts import PARAMETERS

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.command(description="Your quota, your jobs, and this studio")
async def info(interaction: "discord.Interaction[Studio]") -> None:
    studio = interaction.client
    async with studio.database.reading() as session:
        balance = await ledger.balance(session, interaction.user.id)
        mine = await jobs.load(session, interaction.user.id)
        everyone = await jobs.load(session)
        seconds = await pace.seconds_per_step(session)
    await tell(
        interaction,
        cards.information(
            balance=balance,
            mine=mine,
            everyone=everyone,
            model=studio.config.engine.model,
            seconds_per_step=seconds,
            web_address=studio.config.web.address or None,
        ),
    )


@app_commands.command(name="help", description="Commands, parameters and buttons")
async def help_(interaction: "discord.Interaction[Studio]") -> None:
    parameters = [(f"--{one.name}", ", ".join(f"--{name}" for name in one.aliases), one.allowed) for one in PARAMETERS]
    await tell(interaction, cards.guide(parameters))
