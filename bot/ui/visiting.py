"""Walking through a gallery: pages, orders, one picture by itself, what looks like it. All private to the visitor."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot.delivery.upload import Rung
from bot.gallery import files, rights
from bot.gallery.rights import Act, Viewer
from bot.refusals import Gone, NothingSimilar
from bot.ui import exhibits
from bot.ui.moderating import ReportPicture
from bot.ui.press import Press
from bot.ui.quoting import quote
from bot.ui.refine import Remix
from bot.ui.sharing import Details, Like, Unshare
from db import gallery, shares
from db.gallery import Exhibit, Page, Place, Sort, View
from db.shares import SHUFFLED

if TYPE_CHECKING:
    from bot.client import Studio

SIZE = 6
LONGEST_WORDS = 32
"""Characters of a search that fit in a button beside everything else."""
ORDERS = {Sort.NEW: "New", Sort.HOT: "Hot", Sort.TOP: "Top", Sort.RANDOM: "🎲"}
TITLES = {Sort.NEW: "newest first", Sort.HOT: "liked lately", Sort.TOP: "liked most", Sort.RANDOM: "at random"}


class Walk(
    Press,
    template=r"a:g:(?P<sort>new|hot|top|random):(?P<way>f|b|n)(?P<key>\d{0,19})\.(?P<id>\d{0,19})"
    r":(?P<author>\d{0,19}):(?P<words>[^:]{0,32})",
):
    """To a page of the gallery: the first (`f`), the next one behind a place (`n`), or the one before it (`b`)."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await interaction.response.defer()
        words = tuple(self.parts["words"].split("+")) if self.parts["words"] else ()
        view = view_for(interaction, Sort(self.parts["sort"]), author_id=_bounded(self.parts["author"]), words=words)
        key, share_id = _bounded(self.parts["key"]), _bounded(self.parts["id"])
        place = Place(key, share_id) if key is not None and share_id is not None else None
        way = self.parts["way"]
        await show_page(interaction, view, behind=place if way == "n" else None, before=place if way == "b" else None)


class Visit(Press, template=r"a:visit:(?P<id>\d{1,19})"):
    """One picture by itself."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        picture = await rights.picture_for(interaction, self.number(), Act.SEE)
        if picture.share is None:
            raise Gone
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with studio.database.reading() as session:
            one = await gallery.exhibit(session, picture.share.id)
            parent = picture.image.parent_image_id
            origin = await shares.of_image(session, parent) if parent else None
        if one is None:
            raise Gone
        limit, web = interaction.filesize_limit, studio.config.web.address or None
        upload = await files.of_card(studio.storage, one, limit, rung=Rung.PNG, web_address=web)
        card = exhibits.Card(
            exhibit=one,
            file=upload.files[0][0] if upload.files else None,
            notices=upload.notices,
            parent=exhibits.address(origin),
        )
        view = exhibits.card(card, card_presses(one))
        await interaction.edit_original_response(view=view, attachments=upload.attachments())


class Similar(Press, template=r"a:similar:(?P<id>\d{1,19})"):
    """What looks like a picture."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        picture = await rights.picture_for(interaction, self.number(), Act.SEE)
        if picture.image.guild_id is None:
            raise NothingSimilar
        await interaction.response.defer(ephemeral=True, thinking=True)
        near = await studio.likeness.near(picture.image.guild_id, picture.image.id, SIZE)
        viewer = Viewer.of(interaction)
        async with studio.database.reading() as session:
            alike = [one for one in await gallery.exhibits(session, near) if _shows_to(viewer, one)]
        if not alike:
            raise NothingSimilar
        shown, uploads = await files.smalls(studio.storage, alike[:SIZE])
        title = f"Like {quote(picture.job.prompt, 80)}" if _tells_prompt(picture) else "Similar pictures"
        view = exhibits.page(title, shown, (), visits(alike[:SIZE]), "")
        await interaction.edit_original_response(view=view, attachments=uploads)


def view_for(
    interaction: discord.Interaction, sort: Sort, *, author_id: int | None = None, words: tuple[str, ...] = ()
) -> View:
    """What this person may see of this server's gallery, in this channel. Raises Gone outside of a server."""
    if interaction.guild_id is None:
        raise Gone
    nsfw = rights.is_nsfw(interaction.channel)
    return View(guild_id=interaction.guild_id, nsfw=nsfw, sort=sort, author_id=author_id, words=words)


async def show_page(
    interaction: "discord.Interaction[Studio]", view: View, *, behind: Place | None = None, before: Place | None = None
) -> None:
    """Put a page into the deferred answer."""
    studio = interaction.client
    at_random = view.order is Sort.RANDOM and behind is None and before is None
    if at_random:
        # Anywhere in the one random order; not a secret.
        behind = Place(random.randrange(SHUFFLED), 0)
    async with studio.database.reading() as session:
        found = await gallery.page(session, view, behind=behind, before=before, size=SIZE)
        if at_random and len(found.exhibits) < SIZE:
            found = await gallery.page(session, view, size=SIZE)  # the end of the order: from its beginning
    shown, uploads = await files.smalls(studio.storage, list(found.exhibits))
    orders = [
        Walk(
            _walk(view, sort, "f"),
            label=None if sort is Sort.RANDOM else name,
            emoji=name if sort is Sort.RANDOM else None,
            style=discord.ButtonStyle.primary if sort is view.order else discord.ButtonStyle.secondary,
            disabled=sort is view.order and sort is not Sort.RANDOM,
        )
        for sort, name in ORDERS.items()
    ]
    above = () if view.words else (orders,)
    page = exhibits.page(_title(view), shown, above, _below(view, found), _empty(view))
    await interaction.edit_original_response(view=page, attachments=uploads)


def card_presses(one: Exhibit) -> list[list[Press]]:
    """The buttons of a gallery card. Remixing shows the prompt, so it is not offered where the author keeps it."""
    image_id = one.image.id
    remix = [Remix.on(one.image, 0)] if one.share.show_prompt else []
    about: list[Press] = [
        Like.on(image_id, one.share.likes),
        *remix,
        Similar(f"a:similar:{image_id}", label="Similar"),
        Details.on(image_id),
    ]
    return [about, [ReportPicture.on(one.image), Unshare.on(image_id)]]


def visits(found: Sequence[Exhibit]) -> list[list[Press]]:
    """A numbered button for each picture, three in a row."""
    numbered: list[Press] = [Visit(f"a:visit:{one.image.id}", label=str(number)) for number, one in enumerate(found, 1)]
    return [numbered[start : start + 3] for start in range(0, len(numbered), 3)]


def _below(view: View, found: Page) -> list[list[Press]]:
    """The numbers, and behind them the way back and the way on."""
    rows = visits(found.exhibits)
    if not found.before and not found.behind:
        return rows
    back = Walk(_walk(view, view.order, "b", found.before), emoji="◀️", disabled=found.before is None)
    on = Walk(_walk(view, view.order, "n", found.behind), emoji="▶️", disabled=found.behind is None)
    if len(rows) < 2:
        return [*rows, [back, on]]
    first, last = rows
    return [[*first, back], [*last, on]]


def _walk(view: View, sort: Sort, way: str, place: Place | None = None) -> str:
    at = f"{place.key}.{place.id}" if place else "."
    author = "" if view.author_id is None else str(view.author_id)
    return f"a:g:{sort.value}:{way}{at}:{author}:{'+'.join(view.words)}"


def _title(view: View) -> str:
    whose = f" of <@{view.author_id}>" if view.author_id is not None else ""
    if view.words:
        return f"Gallery{whose}, “{quote(' '.join(view.words), 60)}”"
    return f"Gallery{whose}, {TITLES[view.order]}"


def _empty(view: View) -> str:
    if view.words:
        return "No shown prompt has all these words. Each one must stand there as it is."
    if view.author_id is not None:
        return "Nothing is shared here under this name."
    return "Nothing is shared here yet. `Share` under a picture is the way in."


def _bounded(text: str) -> int | None:
    """A number of a custom id that fits a row; None for none and for what does not."""
    return int(text) if text and int(text) < 2**63 else None


def _shows_to(viewer: Viewer, one: Exhibit) -> bool:
    return shares.is_listed(one.share) and not one.image.unsure and (viewer.nsfw or not one.share.nsfw)


def _tells_prompt(picture: rights.Picture) -> bool:
    return picture.share is None or picture.share.show_prompt
