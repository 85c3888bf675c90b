"""Posts in gallery channels: one for each share, showing its row, and gone when the share is.

Rows are the truth: whatever is due is drawn, after a restart too. A post is made once: Discord makes one message of one
nonce, and what a dead process may have posted is looked for by its buttons before another is made. A post is edited for
its hearts at most every `SPACING` seconds and always ends in the true count. What Discord refuses is tried again ever
more seldom, for some days. Knows no rule about who may share.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.delivery.line import Line, TryAgain, Urgency
from bot.delivery.post import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Stopped, TooLarge, Unreachable
from bot.delivery.upload import Rung
from bot.gallery import files
from bot.gallery.rights import is_nsfw
from bot.gallery.stands import Stand, Stands, of_row
from bot.ui import exhibits, visiting
from db import gallery, removals, shares
from db.database import Database
from db.gallery import Exhibit
from db.models import Share
from engine.storage import Storage

log = logging.getLogger(__name__)

SPACING = 5.0
"""Seconds between two edits of one post for its hearts."""
POLL = 5.0
"""Seconds between looks at the rows; a lost wake-up costs this much, never a post."""
BREATH = 0.25
"""Seconds for which changes gather before the rows are looked at."""
BATCH = 200
"""Posts of one channel that are looked at together."""
_GONE: dict[object, str] = {UNKNOWN_MESSAGE: "post gone", UNKNOWN_CHANNEL: "channel gone"}
"""Codes after which there is no post any more."""


class Poster:
    """Run it with `run`; `wake` after a share changed.

    Args:
        tidy: called when a post is to be taken away; the row says so by then.
    """

    _stands: Stands

    def __init__(
        self, *, database: Database, storage: Storage, web_address: str | None, tidy: Callable[[], None]
    ) -> None:
        self._database = database
        self._tidy = tidy
        self._storage = storage
        self._web_address = web_address
        self._woken = asyncio.Event()
        self._lines: dict[int, Line] = {}
        self._unposted: set[int] = set()
        self._drawn: dict[int, _Drawn] = {}
        self._runners: asyncio.TaskGroup | None = None

    def wake(self) -> None:
        self._woken.set()

    def unposted(self, share: Share) -> None:
        """This process has just made the row: there is no post of it to look for."""
        if share.message_id is None and share.shown == 0 and share.wanted == 1:
            self._unposted.add(share.id)

    async def run(self, client: discord.Client) -> None:
        """Until cancelled; `client` is logged in and knows its servers."""
        self._stands = Stands(client)
        await client.wait_until_ready()
        async with asyncio.TaskGroup() as self._runners:
            while True:
                self._woken.clear()
                try:
                    await self._look()
                except Exception:
                    log.exception("the gallery stumbled")
                await asyncio.sleep(BREATH)
                try:
                    async with asyncio.timeout(POLL):
                        await self._woken.wait()
                except TimeoutError:
                    continue

    async def _look(self) -> None:
        async with self._database.reading() as session:
            found = await shares.due(session, BATCH)
        for share in found:
            assert share.channel_id is not None
            only_hearts = share.message_id is not None and shares.is_listed(share)
            self._line(share.channel_id).ask(share.id, Urgency.CHANGE if only_hearts else Urgency.RESULT)

    def _line(self, channel_id: int) -> Line:
        line = self._lines.get(channel_id)
        if line is None:
            assert self._runners is not None
            line = self._lines[channel_id] = Line(self._show, spacing=SPACING)
            self._runners.create_task(line.run())
        return line

    async def _show(self, share_id: object, urgency: Urgency) -> None:
        assert isinstance(share_id, int)
        try:
            await self._bring(share_id)
        except TryAgain:
            self._unposted.discard(share_id)
            raise
        except Exception:
            # A bug must not stop the channel's other posts.
            log.exception("share %s could not be shown", share_id)
            self._unposted.discard(share_id)
            raise TryAgain from None

    async def _bring(self, share_id: int) -> None:
        """Make the post show the row as it is now."""
        async with self._database.reading() as session:
            found = await gallery.exhibit(session, share_id)
            parent = found and found.image.parent_image_id
            origin = await shares.of_image(session, parent) if parent else None
        if found is None or (channel_id := found.share.channel_id) is None or found.share.shown >= found.share.wanted:
            return
        share = found.share
        try:
            if shares.is_listed(share) and not found.image.unsure:
                stand = await self._stand(found, channel_id, exhibits.address(origin))
                await self._remember(share, stand)
            else:
                await self._take_away(share, channel_id)
        except Stopped as problem:
            waits = await self._put_off(share_id, problem)
            how = "is tried again" if waits else "is left alone"
            log.info("the post of share %s %s: %s", share_id, how, problem)
        self._unposted.discard(share_id)

    async def _put_off(self, share_id: int, problem: Stopped) -> bool:
        """Whether it is tried again: a permission may come back, what is deleted does not."""
        gone = _GONE.get(getattr(problem.__cause__, "code", None))
        async with self._database.writing() as session:
            if gone is None:
                return await shares.put_off(session, share_id, "unreachable")
            await shares.give_up(session, share_id, gone, gone=True)
        return False

    async def _remember(self, share: Share, stand: Stand) -> None:
        place = {"message_id": stand.message_id, "thread_id": stand.thread_id}
        async with self._database.writing() as session:
            await shares.stands(session, share.id, share.wanted, **place)

    async def _stand(self, one: Exhibit, channel_id: int, parent: str | None) -> Stand:
        """Make the post, or bring it up to date. Raises TryAgain, Stopped."""
        share = one.share
        stand = of_row(share)
        if stand is None and share.id not in self._unposted:
            stand = await self._stands.find(share, channel_id)
        channel = self._stands.channel(channel_id)
        if stand is None and share.nsfw and not is_nsfw(channel):
            raise Unreachable("the gallery channel is not age-restricted")
        known = self._drawn.get(share.id)
        if stand is not None and known is not None and known.show_prompt == share.show_prompt:
            # Words and counts change; the picture stays where it is.
            await self._stands.edit(stand, channel_id, self._card(one, known, parent))
            return stand
        for rung in Rung:
            limit = channel.guild.filesize_limit if channel is not None else DEFAULT_FILE_SIZE_LIMIT_BYTES
            upload = await files.of_card(self._storage, one, limit, rung=rung, web_address=self._web_address)
            drawn = _Drawn(share.show_prompt, upload.files[0][0] if upload.files else None, upload.notices)
            view = self._card(one, drawn, parent)
            try:
                if stand is not None:
                    await self._stands.edit(stand, channel_id, view, upload)
                    await self._stands.rename(stand, one)
                else:
                    stand = await self._stands.send(one, channel_id, view, upload)
            except TooLarge:
                continue
            self._drawn[share.id] = drawn
            return stand
        raise Stopped("too large in every form")

    def _card(self, one: Exhibit, drawn: "_Drawn", parent: str | None) -> discord.ui.LayoutView:
        shown = exhibits.Card(exhibit=one, file=drawn.file, notices=drawn.notices, parent=parent)
        return exhibits.card(shown, visiting.card_presses(one))

    async def _take_away(self, share: Share, channel_id: int) -> None:
        """Leave the post, if there is one, to what takes messages away. Raises TryAgain."""
        stand = of_row(share)
        if stand is None and share.id not in self._unposted:
            stand = await self._stands.find(share, channel_id)
        self._drawn.pop(share.id, None)
        async with self._database.writing() as session:
            if stand is not None:
                await removals.put(session, [(stand.thread_id or channel_id, stand.message_id)])
            await shares.stands(session, share.id, share.wanted, message_id=None)
        if stand is not None:
            self._tidy()


@dataclass(frozen=True)
class _Drawn:
    """What a post was last drawn with: a memory that a restart may lose, for edits that leave the picture alone."""

    show_prompt: bool
    file: str | None
    notices: Sequence[str]
