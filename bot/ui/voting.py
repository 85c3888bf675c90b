"""Voting, privately and blind: one message per voter that shows the next question after every answer.

A button names a ballot, and a ballot is one voter's; whoever presses another's, another server's or a closed contest's
is told so, and nothing is written.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.challenges.fitness import check_voter
from bot.challenges.pictures import file_name
from bot.challenges.showing import check_place
from bot.refusals import Gone
from bot.ui import contests
from bot.ui.press import PLAIN, TAKEN, Press, Style
from db import images
from db.challenges import ballots, choosing, entries, finding
from db.challenges.ballots import Progress
from db.challenges.errors import WrongPhase
from db.models import Ballot, Challenge, Entry, Image, Phase, VotingMode

if TYPE_CHECKING:
    from bot.client import Studio

PAGE = 8
"""Entries on one page of an approval; two rows of four buttons."""
STARS = range(1, 6)


class Vote(Press, template=r"a:c:vote:(?P<id>\d{1,18})"):
    """Begin to vote, or go on."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await begin(interaction, self.number())


class Say(Press, template=r"a:c:say:(?P<id>\d{1,18}):(?P<value>-?\d)"):
    """Answer a question, then see the next one."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, value = interaction.client, self.number("value")
        async with studio.database.reading() as session:
            ballot = await ballots.yours(session, self.number(), interaction.user.id, interaction.guild_id)
            challenge = await finding.get(session, ballot.challenge_id)
            await _check(session, interaction, challenge)
        if challenge.mode is VotingMode.APPROVAL:
            value = 0 if ballot.value == 1 else 1
        await interaction.response.defer()
        async with studio.database.writing() as session:
            now = studio.challenges.moment
            await ballots.cast(session, ballot.id, interaction.user.id, interaction.guild_id, value, now=now)
        await _go_on(interaction, challenge)


class LookBack(Press, template=r"a:c:back:(?P<id>\d{1,18})"):
    """See an answered question again, to change the answer."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        async with studio.database.reading() as session:
            ballot = await ballots.yours(session, self.number(), interaction.user.id, interaction.guild_id)
            challenge = await finding.get(session, ballot.challenge_id)
            await _check(session, interaction, challenge)
            answered = await ballots.answered(session, challenge.id, interaction.user.id)
        await interaction.response.defer()
        if challenge.mode is VotingMode.APPROVAL or ballot.id not in {one.id for one in answered}:
            await _go_on(interaction, challenge)
        else:
            await _show(interaction, challenge, ballot)


class Page(Press, template=r"a:c:page:(?P<id>\d{1,18}):(?P<page>\d{1,3})"):
    """Another page of an approval."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
            await _check(session, interaction, challenge)
        await interaction.response.defer()
        await _go_on(interaction, challenge, self.number("page"))


class Next(Press, template=r"a:c:next:(?P<id>\d{1,18})"):
    """From a look back to the next open question."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        async with interaction.client.database.reading() as session:
            challenge = await finding.in_guild(session, self.number(), interaction.guild_id)
            await _check(session, interaction, challenge)
        await interaction.response.defer()
        await _go_on(interaction, challenge)


async def begin(interaction: "discord.Interaction[Studio]", challenge_id: int) -> None:
    """Show the first open question privately. Raises NoSuchChallenge, WrongPhase, MayNotVote, AgeRestrictedContest."""
    async with interaction.client.database.reading() as session:
        challenge = await finding.in_guild(session, challenge_id, interaction.guild_id)
        await _check(session, interaction, challenge)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _go_on(interaction, challenge, 0)


async def _check(session: AsyncSession, interaction: "discord.Interaction[Studio]", challenge: Challenge) -> None:
    if challenge.phase is not Phase.VOTING:
        raise WrongPhase("vote", challenge.phase)
    check_voter(challenge, interaction.user)
    await check_place(session, interaction, challenge)


async def _go_on(interaction: "discord.Interaction[Studio]", challenge: Challenge, page: int | None = None) -> None:
    """The next question; of an approval the page that was asked for, or the one that is shown."""
    if challenge.mode is VotingMode.APPROVAL:
        await _show_sheet(interaction, challenge, _page_of(interaction) if page is None else page)
    else:
        await _ask_next(interaction, challenge)


async def _ask_next(interaction: "discord.Interaction[Studio]", challenge: Challenge) -> None:
    studio, voter_id = interaction.client, interaction.user.id
    async with studio.database.reading() as session:
        question = await ballots.next_question(session, challenge, voter_id)
        progress = await ballots.progress(session, challenge, voter_id)
        answered = await ballots.answered(session, challenge.id, voter_id)
    if question is None:
        view = contests.finished(challenge, progress, [_back(answered[-1:])])
        await interaction.edit_original_response(view=view, attachments=[])
        return
    async with studio.database.writing() as session:
        now = studio.challenges.moment
        (ballot,) = await ballots.deal(session, challenge.id, voter_id, [question], now=now)
    await _show(interaction, challenge, ballot)


async def _show(interaction: "discord.Interaction[Studio]", challenge: Challenge, ballot: Ballot) -> None:
    """One question; with the answer it has, when it has one."""
    studio, voter_id = interaction.client, interaction.user.id
    async with studio.database.reading() as session:
        progress = await ballots.progress(session, challenge, voter_id)
        answered = await ballots.answered(session, challenge.id, voter_id)
        shown = [await entries.get(session, one) for one in (ballot.entry_id, ballot.other_id)]
    back = _back([one for one in answered if ballot.value is None or one.id < ballot.id][-1:])
    if challenge.mode is VotingMode.STARS:
        await _show_single(interaction, challenge, ballot, shown[0], progress, back)
        return
    if choosing.is_swapped(challenge.seed, voter_id, ballot.entry_id, ballot.other_id):
        shown.reverse()
    files = await _files(interaction, challenge, shown)
    left = 1 if shown[0].id == ballot.entry_id else -1
    sides = {left: "Left", -left: "Right", 0: "Skip"}
    presses: list[Press] = [
        Say(f"a:c:say:{ballot.id}:{value}", label=label, style=_style(ballot, value), emoji=emoji)
        for value, label, emoji in ((left, "Left", "⬅️"), (-left, "Right", "➡️"), (0, "Skip", None))
    ]
    if ballot.value is not None:
        back += _forward(challenge)
    view = contests.pair(
        challenge,
        (files[0].filename, files[1].filename),
        progress,
        [[*presses, *back]],
        said=sides.get(ballot.value) if ballot.value is not None else None,
    )
    await interaction.edit_original_response(view=view, attachments=files)


async def _show_single(
    interaction: "discord.Interaction[Studio]",
    challenge: Challenge,
    ballot: Ballot,
    entry: Entry,
    progress: Progress,
    back: list[Press],
) -> None:
    (file,) = await _files(interaction, challenge, [entry])
    presses = [
        Say(f"a:c:say:{ballot.id}:{stars}", label=str(stars), emoji="⭐", style=_style(ballot, stars))
        for stars in STARS
    ]
    if ballot.value is not None:
        back = [*back, *_forward(challenge)]
    said = f"{ballot.value} of 5" if ballot.value is not None else None
    view = contests.single(challenge, file.filename, progress, [presses, back], said=said)
    await interaction.edit_original_response(view=view, attachments=[file])


async def _show_sheet(interaction: "discord.Interaction[Studio]", challenge: Challenge, page: int) -> None:
    """A page of numbered entries; where the message shows these pictures already, only its buttons change."""
    studio, voter_id = interaction.client, interaction.user.id
    async with studio.database.writing() as session:
        others = [one for one in await entries.votable(session, challenge.id) if one.author_id != voter_id]
        by_id = {one.id: one for one in others}
        order = choosing.shuffled(challenge.seed, voter_id, list(by_id))
        dealt = await ballots.deal(
            session, challenge.id, voter_id, [(one, one) for one in order], now=studio.challenges.moment
        )
    if not order:
        await interaction.edit_original_response(view=contests.finished(challenge, Progress(0, 0), []), attachments=[])
        return
    last = (len(order) - 1) // PAGE
    page = min(page, last)
    first = page * PAGE
    shown = [by_id[one] for one in order[first : first + PAGE]]
    names = [file_name(challenge.seed, one.id, voter_id) for one in shown]
    presses = [
        Say(f"a:c:say:{ballot.id}:1", label=str(number), style=TAKEN if ballot.value == 1 else PLAIN)
        for number, ballot in enumerate(dealt[first : first + PAGE], start=first + 1)
    ]
    turns: list[Press] = []
    if last:
        turns = [
            Page(f"a:c:page:{challenge.id}:{max(0, page - 1)}", label="Earlier", disabled=page == 0),
            Page(f"a:c:page:{challenge.id}:{min(last, page + 1)}", label="More", disabled=page == last),
        ]
        if page == 0 or page == last:
            # Custom ids are unique in a message: a button that cannot be pressed names a page that is not there.
            turns[0 if page == 0 else 1] = Page(
                f"a:c:page:{challenge.id}:{last + 1 if page == 0 else 999}",
                label="Earlier" if page == 0 else "More",
                disabled=True,
            )
    rows = [list[Press](presses[:4]), list[Press](presses[4:]), turns]
    view = contests.sheet(challenge, names, first + 1, len(order), rows)
    there = interaction.message.attachments if interaction.message is not None else []
    if [one.filename for one in there] == names:
        await interaction.edit_original_response(view=view)
        return
    files = await _files(interaction, challenge, shown)
    await interaction.edit_original_response(view=view, attachments=files)


async def _files(
    interaction: "discord.Interaction[Studio]", challenge: Challenge, shown: Sequence[Entry]
) -> list[discord.File]:
    """The pictures under names of this voter's own. Raises Gone (a moment ago), PictureMissing."""
    studio, found = interaction.client, list[tuple[Entry, Image]]()
    async with studio.database.reading() as session:
        for entry in shown:
            image = await images.get(session, entry.image_id or 0)
            if image is None or image.deleted_at is not None or image.unsure:
                raise Gone
            found.append((entry, image))
    pictures = studio.challenges.pictures
    return [await pictures.file(challenge, entry, image, interaction.user.id) for entry, image in found]


def _style(ballot: Ballot, value: int) -> Style:
    if ballot.value is not None:
        return TAKEN if ballot.value == value else PLAIN
    return PLAIN if value == 0 else Style.primary


def _back(answered: Sequence[Ballot]) -> list[Press]:
    return [LookBack(f"a:c:back:{one.id}", label="Back") for one in answered]


def _forward(challenge: Challenge) -> list[Press]:
    return [Next(f"a:c:next:{challenge.id}", label="Go on")]


def _page_of(interaction: "discord.Interaction[Studio]") -> int:
    """The page that the pressed message shows, from the numbers on its buttons."""
    found = [
        int(part.label)
        for part in _walk(interaction.message.components if interaction.message else [])
        if isinstance(part, discord.Button) and part.label and part.label.isdigit()
    ]
    return (min(found) - 1) // PAGE if found else 0


def _walk(components: Sequence[object]) -> list[object]:
    return [found for part in components for found in (part, *_walk(getattr(part, "children", None) or []))]
