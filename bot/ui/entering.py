"""The buttons under a contest's messages and under pictures: enter, withdraw, be called, read rules and result."""

import asyncio
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot.challenges import entering
from bot.challenges.roles import check_taken
from bot.challenges.showing import check_place
from bot.errors import tell
from bot.refusals import Gone, NoContest, NotGivable
from bot.ui import contests
from bot.ui.press import DANGER, Press, Style, view_of
from bot.ui.quoting import bold
from bot.ui.voting import Vote
from db import images
from db.challenges import entries, finding
from db.challenges.errors import WrongPhase
from db.models import AnnouncementKind, Challenge, Entry, Image, Phase

if TYPE_CHECKING:
    from bot.client import Studio

OFFERED = 10
"""How many of one's pictures are offered at once: as many as a gallery holds."""


class Rules(Press, template=r"a:c:rules:(?P<id>\d{1,18}):(?P<kind>card|voting|podium)"):
    """How the contest works. By this button a message of a contest is known again."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
        await tell(interaction, contests.rules(challenge))


class Offer(Press, template=r"a:c:offer:(?P<id>\d{1,18})"):
    """Show one's fitting pictures, to enter one of them."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
            await check_place(session, interaction, challenge)
        if challenge.phase is not Phase.OPEN:
            raise WrongPhase("enter", challenge.phase)
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = [image for image, _ in await entering.fitting(interaction, challenge, OFFERED)]
        if not found:
            words = (
                "None of your pictures fits yet. `/imagine` makes one; the button `How it works` says what may enter."
            )
        else:
            words = "Which one? Older ones: `/challenge enter`."
        presses = [EnterPicture.into(challenge, image, f"Enter {n}") for n, image in enumerate(found, 1)]
        await _show_own(interaction, challenge, found, words, presses)


class EnterPicture(Press, template=r"a:c:enter:(?P<image>\d{1,18}):(?P<id>\d{1,18})"):
    """Enter this picture; contest 0 stands for the one that is open, to be chosen if there are more."""

    @classmethod
    def on(cls, image: Image, row: int) -> "EnterPicture":
        return cls(f"a:c:enter:{image.id}:0", emoji="🏆", row=row)

    @classmethod
    def into(cls, challenge: Challenge, image: Image, label: str) -> "EnterPicture":
        return cls(f"a:c:enter:{image.id}:{challenge.id}", label=label[:80])

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        challenge_id, image_id = self.number(), self.number("image")
        if challenge_id == 0:
            async with interaction.client.database.reading() as session:
                image = await images.get(session, image_id)
                taking = await finding.of_guild(session, interaction.guild_id or 0, Phase.OPEN)
            if image is None:
                raise Gone
            if not taking:
                raise NoContest("enter")
            if len(taking) > 1:
                presses = [self.into(one, image, one.theme) for one in taking[:5]]
                words = "Into which challenge?"
                await interaction.response.send_message(words, view=view_of(*presses), ephemeral=True)
                return
            challenge_id = taking[0].id
        await interaction.response.defer(ephemeral=True, thinking=True)
        challenge, entry = await entering.enter(interaction, challenge_id, image_id)
        await confirm(interaction, challenge, entry)


class Withdraw(Press, template=r"a:c:out:(?P<id>\d{1,18})"):
    """Take one's own entry back."""

    @classmethod
    def on(cls, entry: Entry, label: str = "Withdraw") -> "Withdraw":
        return cls(f"a:c:out:{entry.id}", label=label, style=DANGER)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        challenge = await entering.withdraw(interaction, self.number())
        words = f"Withdrawn from {bold(challenge.theme, 200)}."
        await interaction.edit_original_response(content=words)


class Mine(Press, template=r"a:c:mine:(?P<id>\d{1,18})"):
    """One's own entries, which nobody else can tell apart."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
            await check_place(session, interaction, challenge)
            mine = await entries.of_author(session, interaction.user.id, [challenge.id])
            rows = [image for one in mine if (image := await images.get(session, one.image_id or 0)) is not None]
        await interaction.response.defer(ephemeral=True, thinking=True)
        many = len(mine) > 1
        presses = [Withdraw.on(one, f"Withdraw {n}" if many else "Withdraw") for n, one in enumerate(mine, 1)]
        words = "Your entries." if mine else "You have not entered anything yet."
        await _show_own(interaction, challenge, rows, words, presses if challenge.phase in _CHANGEABLE else [])


class CallMe(Press, template=r"a:c:ping:(?P<id>\d{1,18})"):
    """Take the role that new contests ping, or give it back."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
        role_id, member = challenge.ping_role_id, interaction.user
        if role_id is None or not isinstance(member, discord.Member):
            raise NoContest("ping")
        role = member.guild.get_role(role_id)
        if role is None:
            raise NotGivable(role_id)
        if role not in member.roles:
            check_taken(role)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            if role in member.roles:
                await member.remove_roles(role, reason="asked not to be called to challenges")
                words = f"You will not be called any more (<@&{role_id}>)."
            else:
                await member.add_roles(role, reason="asked to be called to challenges")
                words = f"You will be called when a challenge opens, votes and ends (<@&{role_id}>)."
        except discord.Forbidden:
            raise NotGivable(role_id) from None
        await interaction.edit_original_response(content=words)


class Places(Press, template=r"a:c:places:(?P<id>\d{1,18})"):
    """Every place of a finished contest."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await show_places(interaction, self.number())


_CHANGEABLE = (Phase.OPEN, Phase.VOTING)


def marker(challenge_id: int, kind: AnnouncementKind) -> str:
    """The custom id by which this message of this contest is known."""
    return f"a:c:rules:{challenge_id}:{kind.value}"


def announcement_presses(challenge: Challenge, kind: AnnouncementKind) -> list[list[Press]]:
    """The buttons of a contest's message in its phase."""
    how = Rules(marker(challenge.id, kind), label="How it works")
    call = [CallMe(f"a:c:ping:{challenge.id}", emoji="🔔")] if challenge.ping_role_id is not None else []
    mine = Mine(f"a:c:mine:{challenge.id}", label="My entries")
    places = Places(f"a:c:places:{challenge.id}", label="All places")
    match challenge.phase:
        case Phase.OPEN:
            return [[Offer(f"a:c:offer:{challenge.id}", label="Enter", style=Style.primary), mine, how, *call]]
        case Phase.VOTING:
            return [[Vote(f"a:c:vote:{challenge.id}", label="Vote", style=Style.primary), mine, how, *call]]
        case Phase.DONE:
            return [[places, how, *call]]
    return [[how, *call]]


async def confirm(interaction: "discord.Interaction[Studio]", challenge: Challenge, entry: Entry) -> None:
    """Tell that a picture is in, with the way back; the interaction was deferred."""
    words = f"In: {bold(challenge.theme, 200)}. Voting begins <t:{int(challenge.votes_at.timestamp())}:R>."
    await interaction.edit_original_response(content=words, view=view_of(Withdraw.on(entry)))


async def show_places(interaction: "discord.Interaction[Studio]", challenge_id: int) -> None:
    """Raises NoSuchChallenge, WrongPhase."""
    studio = interaction.client
    async with studio.database.reading() as session:
        challenge = await finding.in_guild(session, challenge_id, interaction.guild_id)
    if challenge.phase is not Phase.DONE:
        raise WrongPhase("results", challenge.phase)
    placed = [one for one, _ in await studio.challenges.posting.placed(challenge.id)]
    await tell(interaction, contests.places(challenge, placed))


async def _show_own(
    interaction: "discord.Interaction[Studio]",
    challenge: Challenge,
    pictures: Sequence[Image],
    words: str,
    presses: Sequence[Press],
) -> None:
    files: list[discord.File] = []
    for image in pictures:
        path = interaction.client.storage.thumbnail(image.digest)
        content = await asyncio.to_thread(path.read_bytes)
        files.append(discord.File(io.BytesIO(content), filename=f"{image.id}.webp"))
    rows = [list(presses[:5]), list(presses[5:])]
    view = contests.own(challenge, [file.filename for file in files], words, rows)
    await interaction.edit_original_response(view=view, attachments=files)
