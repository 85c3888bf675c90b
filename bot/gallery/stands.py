"""One gallery post on Discord: made, edited, found again, in a channel or as a thread of a forum."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.delivery.post import Archived, Post, Stopped, named
from bot.delivery.upload import Upload
from bot.gallery import forum
from db.gallery import Exhibit
from db.models import Share

FIND_LIMIT = 100
"""Messages of a channel among which a post is looked for, the newest and those since it was shared."""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where a post stands; `thread_id` in a forum, where the post is a thread of its own."""

    message_id: int
    thread_id: int | None = None


def of_row(share: Share) -> Stand | None:
    """Where the row knows its post to stand."""
    if share.message_id is None:
        return None
    return Stand(message_id=share.message_id, thread_id=share.thread_id)


class Stands:
    """Gallery posts as the logged in `client` reaches them. All raise TryAgain, Stopped."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def edit(
        self, stand: Stand, channel_id: int, view: discord.ui.LayoutView, upload: Upload | None = None
    ) -> None:
        """Also in a thread that was archived, as a forum's are after some quiet days."""
        try:
            await self._edit_open(stand, channel_id, view, upload)
        except Archived:
            await Post(self._client).reopen(stand.thread_id or channel_id)
            await self._edit_open(stand, channel_id, view, upload)

    async def _edit_open(
        self, stand: Stand, channel_id: int, view: discord.ui.LayoutView, upload: Upload | None
    ) -> None:
        message = self._messageable(stand.thread_id or channel_id).get_partial_message(stand.message_id)
        try:
            if upload is None:
                await message.edit(view=view)
            else:
                await message.edit(view=view, attachments=upload.attachments())
        except Exception as error:
            raise named(error) from error

    async def rename(self, stand: Stand, one: Exhibit) -> None:
        try:
            if stand.thread_id is not None:
                await forum.rename(self._client, stand.thread_id, forum.title(one))
        except Exception as error:
            raise named(error) from error

    async def send(self, one: Exhibit, channel_id: int, view: discord.ui.LayoutView, upload: Upload) -> Stand:
        channel = self.channel(channel_id)
        try:
            if isinstance(channel, discord.ForumChannel):
                made = await channel.create_thread(name=forum.title(one), view=view, files=upload.attachments())
                return Stand(message_id=made.message.id, thread_id=made.thread.id)
            nonce = f"s{one.share.id}v{one.share.wanted}"
            message = await self._messageable(channel_id).send(view=view, files=upload.attachments(), nonce=nonce)
        except Exception as error:
            raise named(error) from error
        return Stand(message_id=message.id)

    async def find(self, share: Share, channel_id: int) -> Stand | None:
        """A post of this share that no row knows. Raises TryAgain; what cannot be read is none."""
        # A heart would not do: ordinary results have one too, and may stand in the same channel.
        wanted = f"a:unshare:{share.image_id}"
        me = self._client.user.id if self._client.user else None
        channel = self.channel(channel_id)
        try:
            if isinstance(channel, discord.ForumChannel):
                for thread in await channel.guild.active_threads():
                    if thread.parent_id == channel_id and thread.owner_id == me:
                        message = await thread.fetch_message(thread.id)
                        if wanted in custom_ids_within(message.components):
                            return Stand(message_id=message.id, thread_id=thread.id)
                return None
            there = self._messageable(channel_id)
            for history in (
                there.history(limit=FIND_LIMIT),
                there.history(limit=FIND_LIMIT, after=share.shared_at, oldest_first=True),
            ):
                async for message in history:
                    if message.author.id == me and wanted in custom_ids_within(message.components):
                        return Stand(message_id=message.id)
        except Exception as error:
            problem = named(error)
            if not isinstance(problem, Stopped):
                raise problem from error
        return None

    def channel(self, channel_id: int) -> discord.abc.GuildChannel | discord.Thread | None:
        found = self._client.get_channel(channel_id)
        return found if isinstance(found, discord.abc.GuildChannel | discord.Thread) else None

    def _messageable(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id)


def custom_ids_within(components: Sequence[object]) -> list[str]:
    """The custom ids of a message's buttons, however deep in its layout."""
    found: list[str] = []
    for part in components:
        if isinstance(part, discord.Button):
            found += [part.custom_id] if part.custom_id else []
        else:
            found += custom_ids_within(getattr(part, "children", ()))
    return found
