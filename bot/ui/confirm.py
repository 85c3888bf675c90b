"""Asking before a command makes many jobs or spends much: how many, what it costs, and two buttons.

The jobs wait in the private message's own file, so a restart loses nothing.
"""

import contextlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import discord

from bot.house.door import Asker
from bot.house.prices import Bill
from bot.refusals import Expired, Gone
from bot.ui.press import TAKEN, Press, view_of
from bot.ui.quoting import bold
from bot.wishes import Wish
from db import jobs, state

if TYPE_CHECKING:
    from bot.client import Studio

WITHOUT_ASKING = 4
"""Jobs of one command that are made at once."""
LIFE = timedelta(days=6)
"""How long a question can be answered. What was handed in for it, and that it was answered, is kept a day longer."""
_SHOWN = 5
_NAME = "jobs.json"


async def accept(
    interaction: "discord.Interaction[Studio]", wished: Sequence[Wish], *, answers: int | None = None
) -> bool:
    """Make the jobs, or ask first when there are more than WITHOUT_ASKING or they cost much of what the person has.

    Returns whether they were made. `answers` is as for `Orders.accept`; raises what that raises, and asks for nothing
    that the queue has no room for.
    """
    studio = interaction.client
    async with studio.database.reading() as session:
        bill = await studio.door.bill(session, Asker.of(interaction), wished)
        asking = len(wished) > WITHOUT_ASKING or (bill is not None and bill.dear)
        if asking:
            await jobs.require_room(session, interaction.user.id, len(wished), studio.orders.limits)
    if not asking:
        await studio.orders.accept(interaction, wished, answers=answers)
        return True
    if answers is None and interaction.message is not None:
        answers = interaction.message.id  # what was pressed, not the question
    lines = [_question(wished, bill), *(f"- {bold(wish.prompt, 200)}" for wish in wished[:_SHOWN])]
    if len(wished) > _SHOWN:
        lines.append(f"- and {len(wished) - _SHOWN} more")
    waiting = {"answers": answers, "wishes": [asdict(wish) for wish in wished]}
    file = discord.File(io.BytesIO(json.dumps(waiting).encode()), filename=_NAME)
    view = view_of(Draw("a:draw", label=f"Draw {len(wished)}", style=TAKEN), Drop("a:drop", label="Not now"))
    if interaction.response.is_done():
        # The public "thinking" of a command whose pictures had to be fetched, or the private message before this one.
        await interaction.delete_original_response()
        await interaction.followup.send("\n".join(lines), file=file, view=view, ephemeral=True)
    else:
        await interaction.response.send_message("\n".join(lines), file=file, view=view, ephemeral=True)
    return False


class Draw(Press, template=r"a:draw"):
    """Yes: all of them."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        message = interaction.message
        if message is None or not message.attachments:
            raise Gone
        if interaction.created_at - message.created_at > LIFE:
            raise Expired
        waiting = json.loads(await message.attachments[0].read())
        wished = [Wish(**one) for one in waiting["wishes"]]
        await interaction.client.orders.accept(interaction, wished, answers=waiting["answers"], question=message.id)
        with contextlib.suppress(discord.HTTPException):
            await interaction.followup.edit_message(message.id, view=None)


class Drop(Press, template=r"a:drop"):
    """No."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await interaction.response.defer()
        if interaction.message is not None:
            async with interaction.client.database.writing() as session:
                await state.answer(session, interaction.message.id, interaction.id)
        await interaction.edit_original_response(content="Nothing was queued.", attachments=[], view=None)


def _question(wished: Sequence[Wish], bill: Bill | None) -> str:
    pictures = sum(len(wish.request["seeds"]) for wish in wished)
    made = "one job" if len(wished) == 1 else f"{len(wished)} jobs"
    words = f"This makes {made}, {pictures} picture{'' if pictures == 1 else 's'} in all"
    if bill is None:
        return f"{words}."
    return f"{words}, for {bill.cost} credits of your {bill.balance}."
