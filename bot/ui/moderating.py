"""The buttons of moderation: report, decide, appeal. Each checks again who presses it, in which server."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot import album
from bot.answering import change, writing
from bot.errors import answer, tell
from bot.house import acts
from bot.refusals import Banned, DecidedAlready, Gone, ModeratorsOnly, NoReportsChannel, SaidAlready
from bot.ui import notices
from bot.ui.press import DANGER, PLAIN, TAKEN, Press, view_of
from db import audit, reports, reviews, sanctions, times
from db.models import Image, Job, Report, Review, Sanction, SanctionKind

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.client import Studio

TIMEOUT_HOURS = 24


class ReportPicture(Press, template=r"a:report:(?P<id>\d{1,19})"):
    """Ask the moderators to look at a picture."""

    @classmethod
    def on(cls, image: Image, row: int | None = None) -> "ReportPicture":
        return cls(f"a:report:{image.id}", label="Report", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        _, image = await album.living(interaction.client.database, self.number(), withheld=True)
        await report_picture(interaction, image)


async def report_picture(interaction: "discord.Interaction[Studio]", image: Image) -> None:
    """Ask the person why, and bring it to the moderators of the server. Raises Gone, NoReportsChannel."""
    studio = interaction.client
    if image.guild_id is None or image.guild_id != interaction.guild_id:
        raise Gone
    async with studio.database.reading() as session:
        if await studio.desk.reports_channel(session, image.guild_id) is None:
            raise NoReportsChannel
    guild_id, image_id = image.guild_id, image.id

    async def submitted(again: "discord.Interaction[Studio]", words: str) -> None:
        async with writing(again) as session:
            made = await reports.put(session, guild_id, image_id, reporter_id=again.user.id, reason=words)
        if made is None:
            raise SaidAlready
        studio.desk.wake()
        await tell(again, "The moderators will look at it. Thank you.")
        await studio.desk.refresh(studio, image_id)

    await interaction.response.send_modal(Words("Report this picture", "What is wrong with it?", submitted, 300))


class Words(ui.Modal):
    """One field of text; `then` gets the submitted interaction and what was typed."""

    def __init__(
        self,
        title: str,
        question: str,
        then: Callable[["discord.Interaction[Studio]", str], Awaitable[None]],
        limit: int,
        *,
        required: bool = False,
    ) -> None:
        super().__init__(title=title, timeout=600)
        self._then = then
        style = discord.TextStyle.paragraph
        self._field: ui.TextInput[Any] = ui.TextInput(
            custom_id="words", style=style, required=required, max_length=limit
        )
        self.add_item(ui.Label(text=question, component=self._field))

    async def on_submit(self, interaction: "discord.Interaction[Any]") -> None:
        await self._then(interaction, self._field.value.strip())

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer(interaction, error)


class Decide(Press, template=r"a:mod:(?P<verb>hide|restore|dismiss|warn|timeout|ban):(?P<id>\d{1,19})"):
    """A moderator's decision on a reported picture, or on the person who made it."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, verb = interaction.client, self.parts["verb"]
        _permit(interaction, "ban_members" if verb == "ban" else "manage_messages")
        sanction: Sanction | None = None
        late: DecidedAlready | None = None
        async with writing(interaction) as session:
            report, job = await acts.case_of(session, self.number(), interaction.guild_id)
            try:
                if verb in ("hide", "restore", "dismiss"):
                    await getattr(acts, verb)(session, report, job, interaction.user.id)
                else:
                    sanction = await _sanction(session, report, job, interaction.user.id, SanctionKind(_KINDS[verb]))
            except DecidedAlready as problem:
                late = problem
        if not interaction.response.is_done():
            await interaction.response.defer()
        studio.delivery.redraw(job)
        studio.tidy()
        await studio.desk.refresh(studio, report.image_id)
        if late is not None:
            raise late
        if sanction is not None:
            await studio.desk.tell(studio, sanction, getattr(interaction.guild, "name", ""))


_KINDS = {"warn": "warning", "timeout": "timeout", "ban": "ban"}


async def _sanction(session: "AsyncSession", report: Report, job: Job, actor_id: int, kind: SanctionKind) -> Sanction:
    """Raises DecidedAlready for a card that gave its warning, and a person who is shut out already, and for as long."""
    if kind is SanctionKind.WARNING and not await reports.warn(session, report.id):
        raise DecidedAlready
    held = await sanctions.shut_out(session, report.guild_id, job.author_id)
    if held is not None and (kind is SanctionKind.TIMEOUT or (kind is SanctionKind.BAN and held.until is None)):
        raise DecidedAlready
    return await acts.sanction(
        session,
        report.guild_id,
        job.author_id,
        actor_id,
        kind,
        reason=acts.REASON,
        hours=TIMEOUT_HOURS if kind is SanctionKind.TIMEOUT else None,
        picture=report.image_id,
        now=times.now(),
    )


class Judge(Press, template=r"a:word:(?P<verb>allow|refuse):(?P<id>\d{1,19})"):
    """A moderator's word on a prompt that waits for it."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, allowed = interaction.client, self.parts["verb"] == "allow"
        _permit(interaction, "manage_messages")
        async with studio.database.reading() as session:
            wish = await reviews.get(session, self.number()) if self.number() < 2**63 else None
        if wish is None or wish.guild_id != interaction.guild_id:
            raise Gone
        decided = await studio.orders.decide(interaction, wish.id, allowed=allowed)
        async with studio.database.reading() as session:
            closed = await reviews.get(session, wish.id)
        if closed is None:
            raise Gone
        await change(interaction, view=notices.review(closed, int(wish.jobs[0]["channel_id"]), ()))
        if not decided:
            raise DecidedAlready
        if not allowed:
            words = f"A moderator refused this prompt, and nothing was charged: {notices.bold(wish.prompt, 300)}"
            await studio.desk.whisper(studio, wish.author_id, words)


class Appeal(Press, template=r"a:appeal:(?P<id>\d{1,19})"):
    """The way out of a sanction: words to the moderators, once."""

    for_anyone = True

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        async with studio.database.reading() as session:
            sanction = await sanctions.get(session, self.number()) if self.number() < 2**63 else None
            if sanction is None or sanction.user_id != interaction.user.id:
                raise Gone
            if await studio.desk.reports_channel(session, sanction.guild_id) is None:
                raise NoReportsChannel
        if sanction.appeal is not None:
            raise SaidAlready
        sanction_id = sanction.id

        async def submitted(again: "discord.Interaction[Studio]", words: str) -> None:
            async with writing(again) as session:
                if not await sanctions.appeal(session, sanction_id, words):
                    raise SaidAlready
            studio.desk.wake()
            await tell(again, "The moderators have your words. You hear from me when they have decided.")

        await interaction.response.send_modal(
            Words("Appeal", "What should the moderators know?", submitted, 1000, required=True)
        )


class Plea(Press, template=r"a:plea:(?P<verb>lift|keep):(?P<id>\d{1,19})"):
    """A moderator's word on an appeal."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, lifted = interaction.client, self.parts["verb"] == "lift"
        async with writing(interaction) as session:
            sanction = await sanctions.get(session, self.number()) if self.number() < 2**63 else None
            if sanction is None or sanction.guild_id != interaction.guild_id:
                raise Gone
            _permit(interaction, "ban_members" if sanction.kind is SanctionKind.BAN else "manage_messages")
            decided = await sanctions.decide(session, sanction.id, lifted=lifted)
            if decided:
                verb = "lift" if lifted else "keep"
                await audit.write(session, sanction.guild_id, interaction.user.id, verb, target_id=sanction.user_id)
            await session.refresh(sanction)
        await change(interaction, view=notices.plea(sanction, ()))
        if not decided:
            raise DecidedAlready
        outcome = "lifted it" if lifted else "keep it"
        words = f"The moderators have read your appeal and {outcome}: {notices.measure(sanction)}"
        await studio.desk.whisper(studio, sanction.user_id, words)


def report_presses(case: notices.Case) -> Sequence[Sequence[Press]]:
    """What can be done about a reported picture now: to the picture, and to the person."""
    report_id = case.first.id

    def press(verb: str, label: str, style: discord.ButtonStyle = PLAIN) -> Press:
        return Decide(f"a:mod:{verb}:{report_id}", label=label, style=style)

    of_picture: list[Press] = []
    if case.image.deleted_at is None:
        if case.image.unsure:
            of_picture.append(press("restore", "Restore" if case.first.reporter_id else "Show it", TAKEN))
        if not case.image.unsure or case.is_open:
            of_picture.append(press("hide", "Hide", DANGER))
    if case.is_open:
        of_picture.append(press("dismiss", "Nothing wrong"))
    of_person = [press("timeout", f"Time-out {TIMEOUT_HOURS} h"), press("ban", "Ban", DANGER)]
    if case.first.warned_at is None:
        of_person.insert(0, press("warn", "Warn"))
    return of_picture, of_person


def review_presses(wish: Review) -> Sequence[Sequence[Press]]:
    allow = Judge(f"a:word:allow:{wish.id}", label="Allow", style=TAKEN)
    return [[allow, Judge(f"a:word:refuse:{wish.id}", label="Refuse", style=DANGER)]]


def appeal_presses(sanction: Sanction) -> Sequence[Sequence[Press]]:
    lift = Plea(f"a:plea:lift:{sanction.id}", label="Lift", style=TAKEN)
    return [[lift, Plea(f"a:plea:keep:{sanction.id}", label="Keep")]]


def appeal_view(sanction: Sanction) -> ui.View:
    return view_of(Appeal(f"a:appeal:{sanction.id}", label="Appeal"))


def kept_out(sanction: Sanction) -> Banned:
    """What a person is told whom this keeps out, with a way to appeal: the message about it may not have come."""
    return Banned(sanction.until, sanction.reason, appeal_view(sanction) if sanction.appeal is None else None)


def _permit(interaction: discord.Interaction, permission: str) -> None:
    """Raises ModeratorsOnly. What Discord says of the person's permissions comes with each interaction."""
    if interaction.guild_id is None or not getattr(interaction.permissions, permission):
        raise ModeratorsOnly(permission)
