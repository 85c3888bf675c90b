"""What moderators, and those they decide on, read: cards of reports, held prompts and appeals.

Pure: rows in, layout out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.ui.press import Press
from bot.ui.quoting import bold, quote
from db.models import AuditEntry, Image, Job, Report, Review, Sanction, SanctionKind
from db.sanctions import STRIKES

WAITING, DONE, DANGER = discord.Colour(0xE0A030), discord.Colour(0x4C9A6A), discord.Colour(0xC0504D)
ACTS = {
    "ban": "shut out",
    "unban": "let in again",
    "timeout": "timed out",
    "warn": "warned",
    "hide": "hid the picture",
    "restore": "restored the picture",
    "dismiss": "found nothing wrong",
    "allow": "allowed the prompt",
    "refuse": "refused the prompt",
    "lift": "lifted the sanction",
    "keep": "kept the sanction",
    "quota": "changed the quota",
    "gift": "gave credits",
    "filter": "changed the word lists",
    "pause": "paused the queue",
    "resume": "resumed the queue",
    "channel": "changed the channels",
    "model": "changed the models",
    "limit": "changed the limits",
    "retention": "changed how long pictures are kept",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One round of reports of a picture as one transaction saw it; `acts` are the moderators' on it, oldest first."""

    job: Job
    image: Image
    reports: Sequence[Report]
    strikes: int
    acts: Sequence[AuditEntry]

    @property
    def first(self) -> Report:
        return self.reports[0]

    @property
    def is_open(self) -> bool:
        return self.first.closed_at is None


def report(case: Case, presses: Sequence[Sequence[Press]], picture: str | None) -> ui.LayoutView:
    """The card of a reported picture; `picture` is the name of an attached file, shown covered."""
    by_filter = case.first.reporter_id is None
    title = "The picture filter is unsure" if by_filter else "Reported picture"
    people = sum(one.reporter_id is not None for one in case.reports)
    facts = [
        f"{people} report{'' if people == 1 else 's'}" if people else "found by the filter",
        strikes(case.strikes),
    ]
    reasons = [f"> {quote(one.reason, 300)}" for one in case.reports if one.reason][:5]
    parts: list[ui.Item[ui.LayoutView]] = [
        ui.TextDisplay(
            f"### {title}\n{bold(case.job.prompt, 600)}\nby <@{case.job.author_id}> in <#{case.job.channel_id}>\n"
            f"-# {' · '.join(facts)}"
        ),
    ]
    if reasons:
        parts.append(ui.TextDisplay("\n".join(reasons)))
    if case.image.deleted_at is not None:
        parts.append(ui.TextDisplay("-# The picture was deleted."))
    elif picture is not None:
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        gallery.add_item(media=f"attachment://{picture}", description="the reported picture", spoiler=True)
        parts.append(gallery)
    if case.acts:
        parts += [ui.Separator(), ui.TextDisplay("\n".join(f"-# {act(one, briefly=True)}" for one in case.acts[-6:]))]
    colour = WAITING if case.is_open else (DANGER if case.image.unsure else DONE)
    return _card(parts, presses, colour)


def review(wish: Review, channel_id: int, presses: Sequence[Sequence[Press]]) -> ui.LayoutView:
    """The card of a prompt that a listed word holds back."""
    text = f"### A prompt to look at\n{bold(wish.prompt, 1200)}\nby <@{wish.author_id}> in <#{channel_id}>"
    parts: list[ui.Item[ui.LayoutView]] = [
        ui.TextDisplay(text),
        ui.TextDisplay(f"It holds `{quote(wish.word, 60)}`, which your list asks about. Nothing is charged yet."),
    ]
    if wish.closed_at is None:
        return _card(parts, presses, WAITING)
    word = "Allowed" if wish.allowed else "Refused"
    at = f"<t:{int(wish.closed_at.timestamp())}:R>"
    parts += [ui.Separator(), ui.TextDisplay(f"-# {word} by <@{wish.closed_by_id}> {at}")]
    return _card(parts, (), DONE if wish.allowed else DANGER)


def plea(sanction: Sanction, presses: Sequence[Sequence[Press]]) -> ui.LayoutView:
    """The card of an appeal."""
    words = f"> {quote(sanction.appeal, 1000)}" if sanction.appeal else "-# The person deleted the words."
    parts: list[ui.Item[ui.LayoutView]] = [
        ui.TextDisplay(f"### Appeal\n<@{sanction.user_id}> on: {measure(sanction)}"),
        ui.TextDisplay(words),
    ]
    if sanction.appeal_closed_at is None:
        return _card(parts, presses, WAITING)
    parts.append(ui.TextDisplay("-# Lifted" if sanction.lifted_at else "-# Kept"))
    return _card(parts, (), DONE)


def sentence(sanction: Sanction, server: str, count: int) -> str:
    """What the person is told by direct message."""
    return f"**{quote(server, 100)}**: {measure(sanction)}\n{strikes(count)[0].upper()}{strikes(count)[1:]}."


def measure(sanction: Sanction) -> str:
    """A sanction on one line."""
    reason = f": {quote(sanction.reason, 300)}" if sanction.reason else ""
    match sanction.kind:
        case SanctionKind.WARNING:
            return f"a warning{reason}"
        case SanctionKind.TIMEOUT if sanction.until is not None:
            return f"a time-out until <t:{int(sanction.until.timestamp())}:f>{reason}"
        case _:
            return f"a ban{reason}"


def strikes(count: int) -> str:
    return "no strikes" if count == 0 else f"{count} of {STRIKES} strikes" if count < STRIKES else f"{count} strikes"


def act(entry: AuditEntry, *, briefly: bool = False) -> str:
    """One line of the book: when, who, what, to whom, and unless `briefly` the particulars."""
    what = ACTS.get(entry.action, entry.action)
    whom = f" <@{entry.target_id}>" if entry.target_id is not None else ""
    given = {} if briefly else {name: value for name, value in entry.detail.items() if value not in (None, "")}
    detail = ", ".join(_plain(name, value) for name, value in given.items())
    return f"{when(entry.created_at)} <@{entry.actor_id}> {what}{whom}{f' · {detail}' if detail else ''}"


def when(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"


def _plain(name: str, value: object) -> str:
    if name == "channel":
        return f"<#{value}>"
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{name.replace('_', ' ')}: {quote(words, 150)}"


def _card(
    parts: Sequence[ui.Item[ui.LayoutView]], presses: Sequence[Sequence[Press]], colour: discord.Colour
) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    rows = [ui.ActionRow[Any](*line) for line in presses if line]
    view.add_item(ui.Container(*parts, *rows, accent_colour=colour))
    return view
