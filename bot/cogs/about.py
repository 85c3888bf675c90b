"""`/info` and `/help`: where one stands, and what one can say."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answering import writing
from bot.errors import tell
from bot.house.door import Asker
from bot.ui import cards
from db import guilds, jobs, ledger, pace, times
from prompts import PARAMETERS

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.command(description="Your quota, your jobs, and this studio")
async def info(interaction: "discord.Interaction[Studio]") -> None:
    studio = interaction.client
    asker, now = Asker.of(interaction), times.now()
    async with writing(interaction) as session:
        rules = await studio.door.rules(session, asker.guild_id)
        await studio.door.renew(session, asker, rules, now=now)
        balance = await ledger.balance(session, interaction.user.id, asker.guild_id)
        guild = await guilds.get(session, asker.guild_id) if asker.guild_id is not None else None
        mine = await jobs.load(session, interaction.user.id)
        everyone = await jobs.load(session)
        seconds = await pace.seconds_per_step(session)
    await tell(
        interaction,
        cards.information(
            quota=cards.Credits(
                balance=balance,
                allowance=rules.quota.allowance(asker.roles),
                refills_at=rules.quota.refills_at(now),
                relaxed_free=rules.quota.relaxed_free,
            )
            if rules.quota.on
            else None,
            paused=guild is not None and guild.paused,
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
