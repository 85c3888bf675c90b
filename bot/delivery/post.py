"""The last step to Discord: put a drawing on a message, find a message again, and name what stood in the way.

Knows discord.py's calls and Discord's codes; no queue, no rows' queries, no order.
"""

from dataclasses import dataclass

import aiohttp
import discord

from bot.delivery.line import TryAgain
from bot.delivery.upload import Upload

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
TOO_LARGE = 40005
OLD_MESSAGE_EDITS = 30046
ARCHIVED_THREAD = 50083
TOKEN_OVER = (10015, 50027)
"""Unknown webhook, invalid webhook token: what an interaction's token gives after its 15 minutes."""
FIND_LIMIT = 100


class Stopped(Exception):
    """Discord said no, and asking again would not help."""


class MessageGone(Stopped):
    """This message was deleted; a new one may be sent."""


class Archived(Stopped):
    """The message is in a thread that has to be reopened before."""


class Unreachable(Stopped):
    """Nothing can be posted here: permission taken away, DMs closed."""


class ChannelGone(Unreachable):
    """This channel was deleted, and its messages with it."""


class TooLarge(Stopped):
    """The files are too large for this place."""


class EditedTooOften(TryAgain):
    """Messages older than an hour were edited too often in this channel."""

    first, longest = 15.0, 300.0


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a message is to show. `upload` None leaves the files of an edited message as they are."""

    content: str
    upload: Upload | None
    view: discord.ui.View | None


class Post:
    """Edits and sends with the bot's own token, or an interaction's. Every method raises TryAgain for what may pass."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def edit(self, channel_id: int, message_id: int, drawing: Drawing) -> None:
        """Raises MessageGone, Archived, Unreachable, TooLarge, Stopped."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            if drawing.upload is None:
                await message.edit(content=drawing.content, view=drawing.view)
            else:
                files = drawing.upload.attachments()
                await message.edit(content=drawing.content, view=drawing.view, attachments=files)
        except Exception as error:
            raise named(error) from error

    async def reopen(self, thread_id: int) -> None:
        """Bring an archived thread back, as a new message would. Raises Unreachable, Stopped."""
        try:
            thread = self._client.get_channel(thread_id) or await self._client.fetch_channel(thread_id)
            if isinstance(thread, discord.Thread):
                await thread.edit(archived=False)
        except Exception as error:
            raise named(error) from error

    async def dress(self, channel_id: int, message_id: int, view: discord.ui.View) -> None:
        """Change a message's buttons only. Raises MessageGone, Archived, Unreachable, Stopped."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            await message.edit(view=view)
        except Exception as error:
            raise named(error) from error

    async def send(self, channel_id: int, drawing: Drawing, *, nonce: str, reply_to: int | None = None) -> int:
        """A new message's id. Discord makes one message of one nonce, so a repeated send is harmless for some minutes.

        Raises Unreachable, TooLarge, Stopped.
        """
        channel = self._client.get_partial_messageable(channel_id)
        files = drawing.upload.attachments() if drawing.upload else []
        view = drawing.view or discord.utils.MISSING
        try:
            if reply_to is None:
                message = await channel.send(drawing.content, files=files, view=view, nonce=nonce)
            else:
                parent = discord.MessageReference(message_id=reply_to, channel_id=channel_id, fail_if_not_exists=False)
                message = await channel.send(drawing.content, files=files, view=view, nonce=nonce, reference=parent)
        except Exception as error:
            raise named(error) from error
        return message.id

    async def edit_by_token(self, webhook: discord.Webhook, message_id: int, drawing: Drawing) -> None:
        """As `edit`, by an interaction's token, which reaches where the bot is not a member."""
        try:
            if drawing.upload is None:
                await webhook.edit_message(message_id, content=drawing.content, view=drawing.view)
            else:
                files = drawing.upload.attachments()
                await webhook.edit_message(message_id, content=drawing.content, view=drawing.view, attachments=files)
        except Exception as error:
            raise named(error) from error

    async def direct(self, user_id: int) -> int:
        """The id of the bot's DM channel with this person. Raises Unreachable."""
        try:
            return (await self._client.create_dm(discord.Object(user_id))).id
        except Exception as error:
            raise named(error) from error

    async def find(
        self, channel_id: int, *, interaction_id: int, is_answer: bool, custom_ids: frozenset[str]
    ) -> int | None:
        """The id of our message that carries one of these buttons, or (`is_answer`) answers this interaction; or None.

        Looks at what followed the interaction and at the newest messages. Raises TryAgain; what cannot be read is None.
        """
        channel = self._client.get_partial_messageable(channel_id)
        after = discord.Object(interaction_id)
        try:
            for history in (
                channel.history(limit=FIND_LIMIT, after=after, oldest_first=True),
                channel.history(limit=FIND_LIMIT),
            ):
                async for message in history:
                    if self._client.user is None or message.author.id != self._client.user.id:
                        continue
                    asked = message.interaction_metadata
                    if is_answer and asked is not None and asked.id == interaction_id:
                        return message.id
                    if not custom_ids.isdisjoint(custom_ids_of(message)):
                        return message.id
        except Exception as error:
            problem = named(error)
            if not isinstance(problem, Stopped):
                raise problem from error
        return None


def custom_ids_of(message: discord.Message) -> list[str]:
    """The custom ids of a message's buttons, in order."""
    return [
        button.custom_id
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
        if isinstance(button, discord.Button) and button.custom_id
    ]


def named(error: Exception) -> Exception:
    """A REST call's error by what it means for a card: TryAgain, a kind of Stopped, or the error itself (a bug)."""
    match error:
        case discord.RateLimited() | discord.DiscordServerError() | aiohttp.ClientError() | OSError() | TimeoutError():
            return TryAgain(type(error).__name__)
        case discord.HTTPException(code=code) if code == OLD_MESSAGE_EDITS:
            return EditedTooOften(f"code {code}")
        case discord.HTTPException(status=status) if status in (401, 408, 429) or status >= 500:
            return TryAgain(f"status {status}")
        case discord.HTTPException(code=code, status=status):
            words = f"status {status} code {code}"
            if code == UNKNOWN_MESSAGE:
                return MessageGone(words)
            if code == ARCHIVED_THREAD:
                return Archived(words)
            if code == UNKNOWN_CHANNEL:
                return ChannelGone(words)
            if code in TOKEN_OVER:
                return Unreachable(words)
            if code == TOO_LARGE or status == 413:
                return TooLarge(words)
            if status == 403:
                return Unreachable(words)
            return Stopped(words)
        case RuntimeError() if "closed" in str(error).lower():
            # aiohttp's words for a session that went down with the bot.
            return TryAgain("closed")
    return error
