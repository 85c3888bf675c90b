"""How shared pictures look: the card of one, a page of many, a person's profile, lists of names.

Pure: rows in, layouts out; knows no query, no file and no rule about who may see what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.ui.cards import TITLES
from bot.ui.press import Press
from bot.ui.quoting import bold, quote
from db import shares
from db.fame import Numbers
from db.gallery import Exhibit
from db.models import Share

WARM, QUIET = discord.Colour(0xE2556F), discord.Colour(0x5B6B7F)
MEDALS = ("🥇", "🥈", "🥉")
Layout = ui.LayoutView
Rows = Sequence[Sequence[Press]]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One shared picture. `file` is the name of an attached file, None where it cannot be shown; notices say why.

    `address` leads to the post, `parent` to the post of the picture it was made from.
    """

    exhibit: Exhibit
    file: str | None
    notices: Sequence[str] = ()
    address: str | None = None
    parent: str | None = None


def card(shown: Card, presses: Rows) -> Layout:
    """The gallery card: picture, prompt, author, parent."""
    one = shown.exhibit
    parts: list[ui.Item[Layout]] = []
    if shown.file is not None:
        parts.append(_pictures([(shown.file, alt(one))]))
    heading = bold(one.prompt, 900) if one.prompt is not None else "*The author keeps the prompt.*"
    facts = [f"by {author(one)}", *_origin(one, shown.parent), *([shown.address] if shown.address else [])]
    parts.append(ui.TextDisplay("\n".join([heading, f"-# {' · '.join(facts)}", *shown.notices])))
    return layout(parts, presses, WARM)


def page(title: str, found: Sequence[tuple[Exhibit, str | None]], above: Rows, below: Rows, empty: str) -> Layout:
    """Pictures with their file names, a line of words for each by number; buttons `above` and `below` them."""
    parts: list[ui.Item[Layout]] = [ui.TextDisplay(f"### {title}"), *_rows(above)]
    files = [(file, alt(one)) for one, file in found if file is not None]
    if files:
        parts.append(_pictures(files))
    lines = [f"`{number}` {line(one)}" for number, (one, _) in enumerate(found, 1)]
    parts.append(ui.TextDisplay("\n".join(lines) or empty))
    return layout(parts, below, WARM if found else QUIET)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person in a server. `avatar` is an address, `since` when they came (seconds), `best` with the files' names."""

    user_id: int
    avatar: str
    since: int | None
    numbers: Numbers
    best: Sequence[tuple[Exhibit, str | None]]


def profile(person: Profile, presses: Rows) -> Layout:
    """The card of a person."""
    told = person.numbers
    lines = [
        f"### <@{person.user_id}>",
        f"**{told.made}** made, **{told.shared}** shared",
        f"❤️ **{told.received}** received, **{told.given}** given",
        *([f"🏆 **{told.wins}** won"] if told.wins else []),
        *([f"-# here since <t:{person.since}:D>"] if person.since else []),
    ]
    head: ui.Section[Layout] = ui.Section(ui.TextDisplay("\n".join(lines)), accessory=ui.Thumbnail(person.avatar))
    parts: list[ui.Item[Layout]] = [head]
    files = [(file, alt(one)) for one, file in person.best if file is not None]
    if files:
        parts += [ui.Separator(), ui.TextDisplay("**Best liked**"), _pictures(files)]
    return layout(parts, presses, WARM if told.received else QUIET)


def ranking(title: str, sections: Sequence[tuple[str, Sequence[tuple[int, int]], str]]) -> Layout:
    """Lists of people with a number and what it counts, under their headings; empty ones are left out."""
    parts: list[ui.Item[Layout]] = [ui.TextDisplay(f"### {title}")]
    for name, people, unit in sections:
        if not people:
            continue
        lines = [
            f"{MEDALS[place] if place < len(MEDALS) else f'`{place + 1}`'} <@{user_id}> · {count} {unit}"
            for place, (user_id, count) in enumerate(people)
        ]
        parts += [ui.Separator(), ui.TextDisplay("\n".join([f"**{name}**", *lines]))]
    if len(parts) == 1:
        parts.append(ui.TextDisplay("Nobody yet. Share a picture, or give a heart."))
    return layout(parts, (), WARM if len(parts) > 2 else QUIET)


def layout(parts: Sequence[ui.Item[Layout]], presses: Rows, colour: discord.Colour) -> Layout:
    """A card of these parts with rows of buttons below; it never times out."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, *_rows(presses), accent_colour=colour))
    return view


def line(one: Exhibit) -> str:
    """A picture on one line of a list."""
    prompt = bold(one.prompt, 60) if one.prompt is not None else "*prompt kept*"
    # Spaces that do not break: the number stays beside its heart.
    hearts = f"\u00a0· ❤️\u00a0{one.share.likes}" if one.share.likes else ""
    return f"{prompt} by {author(one)}{hearts}"


def author(one: Exhibit) -> str:
    return "*anonymous*" if one.author_name is None else f"<@{one.share.author_id}>"


def address(share: Share | None) -> str | None:
    """A link to the post, for a text; None while there is none to see."""
    if share is None or share.message_id is None or not shares.is_listed(share):
        return None
    place = share.thread_id or share.channel_id
    return f"[this picture](https://discord.com/channels/{share.guild_id}/{place}/{share.message_id})"


def alt(one: Exhibit) -> str:
    """What a screen reader says of the picture."""
    return quote(one.prompt, 250) or "a picture" if one.prompt is not None else "a picture whose prompt is kept"


def _origin(one: Exhibit, parent: str | None) -> list[str]:
    if one.image.parent_image_id is None:
        return []
    how = TITLES.get(one.kind, "Made from another picture")
    return [f"{how} of {parent}" if parent else how]


def _pictures(files: Sequence[tuple[str, str]]) -> ui.MediaGallery[Layout]:
    gallery: ui.MediaGallery[Layout] = ui.MediaGallery()
    for name, description in files:
        gallery.add_item(media=f"attachment://{name}", description=description)
    return gallery


def _rows(presses: Rows) -> list[ui.ActionRow[Any]]:
    return [ui.ActionRow[Any](*row) for row in presses if row]
