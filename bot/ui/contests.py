"""What people read of a contest: announcement, question, podium, rules, list. Pure: rows in, layout out.

Nothing shown before the end names an author, a prompt, a picture's row or a count of votes.
Over 300 lines because all words of a contest stand here, in one voice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import discord
from discord import ui

from bot.ui.cards import ordinal
from bot.ui.press import Press
from bot.ui.quoting import bold, quote
from db.challenges.ballots import Progress
from db.challenges.counting import Place
from db.challenges.terms import Rules, Terms
from db.models import AnnouncementKind, Challenge, Phase, VotingMode

COLOURS = {
    Phase.SCHEDULED: discord.Colour(0x6D7A8D),
    Phase.OPEN: discord.Colour(0x4F7FD9),
    Phase.VOTING: discord.Colour(0xE0A030),
    Phase.TALLYING: discord.Colour(0xE0A030),
    Phase.DONE: discord.Colour(0xD9B43B),
    Phase.CANCELLED: discord.Colour(0x6D7A8D),
}
MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}
HOW = {
    VotingMode.PAIRS: "the better of two, again and again",
    VotingMode.APPROVAL: "all that you like",
    VotingMode.STARS: "one to five stars each",
}
REASONS = {"too_few_entries": "There were fewer than two entries.", "moderator": "A moderator cancelled it."}

Part = ui.Item[ui.LayoutView]


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A line of a result: the place, who entered it (None: forgotten), its prompt and its attached file, if shown."""

    place: Place
    author_id: int | None
    prompt: str | None
    file: str | None


def announcement(
    challenge: Challenge, kind: AnnouncementKind, entries: int, rows: Sequence[Sequence[Press]], *, podium: bool = False
) -> ui.LayoutView:
    """The card of a contest, or the message that voting began, as they stand in its phase."""
    terms = Terms.of(challenge)
    title = f"### Voting: {quote(challenge.theme, 200)}" if kind is AnnouncementKind.VOTING else heading(challenge)
    ping = f"<@&{terms.ping_role_id}> " if terms.ping_role_id and not challenge.phase.ended else ""
    lines = [f"-# {ping}Challenge" if kind is AnnouncementKind.CARD else f"-# {ping}Challenge {challenge.id}", title]
    if kind is AnnouncementKind.CARD and terms.description:
        lines.append(quote(terms.description, 1500))
    parts: list[Part] = [ui.TextDisplay("\n".join(lines)), ui.Separator()]
    parts.append(ui.TextDisplay("\n".join(_state(challenge, entries, podium=podium))))
    if kind is AnnouncementKind.CARD and challenge.phase in (Phase.SCHEDULED, Phase.OPEN):
        parts.append(ui.TextDisplay("\n".join(_conditions(terms))))
    return layout(parts, rows, COLOURS[challenge.phase])


def podium(
    challenge: Challenge, placed: Sequence[Placed], entries: int, rows: Sequence[Sequence[Press]]
) -> ui.LayoutView:
    """The first three with their pictures and authors, and how sure the result is."""
    voters = challenge.voters or 0
    told = f"{_count(voters, 'person', 'people')} voted on {_count(entries, 'entry', 'entries')}"
    parts: list[Part] = [
        ui.TextDisplay(f"-# {_ping(challenge)}Challenge {challenge.id} · the result\n{heading(challenge)}\n{told}")
    ]
    if not placed:
        parts.append(ui.TextDisplay("Nobody voted, so there is no winner and no reward."))
        return layout(parts, rows, COLOURS[challenge.phase])
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    for one in placed:
        if one.file is not None:
            gallery.add_item(media=f"attachment://{one.file}", description=f"{ordinal(one.place.place)} place")
    if gallery.items:
        parts.append(gallery)
    parts += [ui.TextDisplay(_line(challenge.mode, one)) for one in placed]
    notes = _notes(challenge, placed)
    if notes:
        parts += [ui.Separator(), ui.TextDisplay("\n".join(notes))]
    return layout(parts, rows, COLOURS[challenge.phase])


def places(challenge: Challenge, placed: Sequence[Placed]) -> str:
    """All places as text, as many as fit in one message."""
    lines = [f"{heading(challenge)}\n{_count(challenge.voters or 0, 'person', 'people')} voted."]
    for one in placed:
        line = f"{one.place.place}. {_author(one)} · {score(challenge.mode, one.place)}"
        if sum(map(len, lines)) + len(lines) + len(line) > 1900:
            lines.append("-# The rest is in `atelier challenge verify`.")
            break
        lines.append(line)
    return "\n".join(lines)


def pair(
    challenge: Challenge,
    files: tuple[str, str],
    progress: Progress,
    rows: Sequence[Sequence[Press]],
    *,
    said: str | None,
) -> ui.LayoutView:
    """Two pictures side by side; `said` is what the voter answered before, when they look back."""
    asked = f"### Which is the better *{quote(challenge.theme, 200)}*?"
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    for file, side in zip(files, ("Left", "Right"), strict=True):
        gallery.add_item(media=f"attachment://{file}", description=side)
    note = f"You said: {said}. Press again to change it." if said else _progress(challenge, progress)
    return layout([ui.TextDisplay(asked), gallery, ui.TextDisplay(f"-# {note}")], rows, COLOURS[Phase.VOTING])


def single(
    challenge: Challenge, file: str, progress: Progress, rows: Sequence[Sequence[Press]], *, said: str | None
) -> ui.LayoutView:
    """One picture to give stars to."""
    asked = f"### How good a *{quote(challenge.theme, 200)}* is this?"
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    gallery.add_item(media=f"attachment://{file}", description="An entry")
    note = f"You said: {said}. Press again to change it." if said else _progress(challenge, progress)
    return layout([ui.TextDisplay(asked), gallery, ui.TextDisplay(f"-# {note}")], rows, COLOURS[Phase.VOTING])


def sheet(
    challenge: Challenge, files: Sequence[str], first: int, total: int, rows: Sequence[Sequence[Press]]
) -> ui.LayoutView:
    """A page of numbered entries to approve of."""
    asked = f"### {quote(challenge.theme, 200)}: which do you like?"
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    for number, file in enumerate(files, start=first):
        gallery.add_item(media=f"attachment://{file}", description=f"Number {number}")
    shown = f"Numbers {first} to {first + len(files) - 1} of {total}."
    note = f"-# {shown} Press all that you like; again to take it back. {_until(challenge.closes_at)}"
    return layout([ui.TextDisplay(asked), gallery, ui.TextDisplay(note)], rows, COLOURS[Phase.VOTING])


def finished(challenge: Challenge, progress: Progress, rows: Sequence[Sequence[Press]]) -> ui.LayoutView:
    """A voter has seen everything there is for them."""
    if progress.answered:
        words = f"### Thank you\nThat was all of *{quote(challenge.theme, 200)}* for you: {progress.answered} answers."
    else:
        words = f"### {quote(challenge.theme, 200)}\nThere is nothing you could vote on: only your own entries stand."
    return layout(
        [ui.TextDisplay(f"{words}\n-# The result comes <t:{_stamp(challenge.closes_at)}:R>.")],
        rows,
        COLOURS[Phase.VOTING],
    )


def own(challenge: Challenge, files: Sequence[str], words: str, rows: Sequence[Sequence[Press]]) -> ui.LayoutView:
    """One's own pictures, privately: to choose from, or those that are entered."""
    parts: list[Part] = [ui.TextDisplay(f"### {quote(challenge.theme, 200)}\n{words}")]
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    for number, file in enumerate(files, start=1):
        gallery.add_item(media=f"attachment://{file}", description=f"Your picture {number}")
    if gallery.items:
        parts.append(gallery)
    return layout(parts, rows, COLOURS[challenge.phase])


def rules(challenge: Challenge) -> str:
    """How it works, in full: what may enter, who may vote, how it is counted."""
    terms = Terms.of(challenge)
    how = {
        VotingMode.PAIRS: "Each question shows two entries. Who wins against whom gives each entry a strength "
        "(Bradley-Terry); pictures that were shown least come first.",
        VotingMode.APPROVAL: "You say yes to all that you like. The largest share of yes wins.",
        VotingMode.STARS: "You give one to five stars. The mean counts, drawn to the middle while few have voted.",
    }[challenge.mode]
    return "\n".join(
        [
            heading(challenge),
            *_conditions(terms),
            f"**Who votes** {'; '.join(_gates(terms.rules))}. Nobody votes on their own entry.",
            f"**How** {how} Until the close you can change every answer.",
            "**Blind** Voters see no names, prompts or counts, and each has an order of their own.",
            "**Ties** More votes in favour first, then who entered earlier.",
            "**Out** A withdrawn, hidden or deleted picture gets no place. Who leaves the server keeps theirs.",
        ]
    )


def entry_line(challenge: Challenge) -> str:
    """One contest in a list."""
    when = {
        Phase.SCHEDULED: f"opens <t:{_stamp(challenge.opens_at)}:R>",
        Phase.OPEN: f"takes entries until <t:{_stamp(challenge.votes_at)}:R>",
        Phase.VOTING: f"voting ends <t:{_stamp(challenge.closes_at)}:R>",
        Phase.TALLYING: "votes are being counted",
        Phase.DONE: "over, `/challenge results` has the places",
        Phase.CANCELLED: "cancelled",
    }[challenge.phase]
    return f"`{challenge.id}` · {bold(challenge.theme, 200)} · {when}"


def score(mode: VotingMode, place: Place) -> str:
    """A score with its interval, in the words of its mode."""
    if mode is VotingMode.STARS:
        return f"{place.score:.2f} stars ({place.low:.1f} to {place.high:.1f})"
    what = "preferred in" if mode is VotingMode.PAIRS else "liked by"
    return f"{what} {100 * place.score:.0f} % ({100 * place.low:.0f} to {100 * place.high:.0f} %)"


def heading(challenge: Challenge) -> str:
    return f"## 🏆 {quote(challenge.theme, 200)}"


def layout(parts: Sequence[Part], rows: Sequence[Sequence[Press]], colour: discord.Colour) -> ui.LayoutView:
    """A fresh view that never times out; empty rows are left out."""
    view = ui.LayoutView(timeout=None)
    buttons: list[Part] = [ui.ActionRow(*cast(list[Any], row)) for row in rows if row]
    view.add_item(ui.Container(*parts, *buttons, accent_colour=colour))
    return view


def _state(challenge: Challenge, entries: int, *, podium: bool) -> list[str]:
    opens, votes, closes = (_stamp(one) for one in (challenge.opens_at, challenge.votes_at, challenge.closes_at))
    match challenge.phase:
        case Phase.SCHEDULED:
            return [
                f"**Opens** <t:{opens}:R>, <t:{opens}:f>",
                f"**Entries** until <t:{votes}:f>",
                f"**Voting** until <t:{closes}:f>",
            ]
        case Phase.OPEN:
            return [f"**Entries** until <t:{votes}:R>, <t:{votes}:f>", f"**Voting** from then until <t:{closes}:f>"]
        case Phase.VOTING:
            many = _count(entries, "entry", "entries")
            words = f"**{many}** without names, in an order of your own: {HOW[challenge.mode]}."
            return [words, f"**Ends** <t:{closes}:R>, <t:{closes}:f>"]
        case Phase.TALLYING:
            return ["Voting is over. The votes are being counted."]
        case Phase.DONE:
            over = f"Over since <t:{_stamp(challenge.ended_at or challenge.closes_at)}:R>."
            return [f"{over} The podium stands below." if podium else over]
        case Phase.CANCELLED:
            return [f"Cancelled. {REASONS.get(challenge.cancelled_for or '', '')}".rstrip()]


def _conditions(terms: Terms) -> list[str]:
    asked = terms.rules
    rules = [
        _count(asked.entries, "picture each", "pictures each"),
        *(["made after the opening"] if asked.fresh else []),
        *([f"model `{asked.model.replace('`', '')}`"] if asked.model else []),
        *([f"LoRA `{asked.lora.replace('`', '')[:40]}`"] if asked.lora else []),
        *(["no image prompts"] if asked.no_image_prompts else []),
    ]
    prizes = [
        *([f"{terms.reward.credit} credits"] if terms.reward.credit else []),
        *([f"<@&{terms.reward.role_id}>"] if terms.reward.role_id else []),
        *(["a pin in this channel"] if terms.reward.pin else []),
    ]
    lines = [f"**Rules** {' · '.join(rules)}", f"**Vote** {HOW[terms.mode]}"]
    return [*lines, *([f"**The winner gets** {' · '.join(prizes)}"] if prizes else [])]


def _gates(rules: Rules) -> list[str]:
    gates = [
        *(["members since before the opening"] if rules.member_before else []),
        *(
            [f"accounts of at least {_count(rules.account_days, 'day', 'days')} at the opening"]
            if rules.account_days
            else []
        ),
        *([f"those with <@&{rules.role_id}>"] if rules.role_id else []),
    ]
    return gates or ["every member"]


def _line(mode: VotingMode, one: Placed) -> str:
    unseen = " · its picture is not shown" if one.file is None else ""
    prompt = f" · {bold(one.prompt, 200)}" if one.prompt else unseen
    asked = {VotingMode.PAIRS: ("comparison", "comparisons")}.get(mode, ("ballot", "ballots"))
    medal = MEDALS.get(one.place.place, f"{one.place.place}.")
    return f"{medal} {_author(one)}{prompt}\n-# {score(mode, one.place)} · {_count(one.place.ballots, *asked)}"


def _notes(challenge: Challenge, placed: Sequence[Placed]) -> list[str]:
    notes: list[str] = []
    if challenge.mode is VotingMode.PAIRS:
        notes.append("-# Preferred in: how often it would win against an average entry; in brackets the 95 % interval.")
    if len(placed) > 1 and placed[1].place.high >= placed[0].place.low:
        notes.append("-# The intervals of the first two overlap: it was close.")
    prizes = Terms.of(challenge).reward
    won = [
        *([f"{prizes.credit} credits"] if prizes.credit else []),
        *([f"<@&{prizes.role_id}>"] if prizes.role_id else []),
        *(["this pin"] if prizes.pin else []),
    ]
    return [*notes, *([f"**Reward** {' · '.join(won)} for {_author(placed[0])}"] if won else [])]


def _author(one: Placed) -> str:
    return f"<@{one.author_id}>" if one.author_id is not None else "somebody who left"


def _ping(challenge: Challenge) -> str:
    return f"<@&{challenge.ping_role_id}> " if challenge.ping_role_id else ""


def _progress(challenge: Challenge, progress: Progress) -> str:
    return f"{progress.answered} of {progress.total} answered; stop whenever you like. {_until(challenge.closes_at)}"


def _until(closes_at: datetime) -> str:
    return f"Voting ends <t:{_stamp(closes_at)}:R>."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())
