"""The moderators' desk: brings reports, held prompts and appeals to a server's reports channel, and redraws cards.

Rows are the truth, after a restart too: what has no card yet gets one, and a card with words that were forgotten is
drawn again. Knows rows and channels; the buttons decide.
"""

import asyncio
import io
import logging
from weakref import WeakValueDictionary

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.post import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Stopped, Unreachable, named
from bot.house.door import Door
from bot.ui import moderating, notices
from db import audit, guilds, images, jobs, reports, reviews, sanctions
from db.database import Database
from db.models import Image, Report, Sanction
from engine.errors import PictureMissing
from engine.storage import Storage

log = logging.getLogger(__name__)

POLL = 5.0
"""Seconds between looks at the rows; a lost wake-up costs this much."""
REST = 60.0
"""Seconds that a channel, or a card, is left alone after Discord refused it: it counts what it refuses."""
BATCH = 200
LARGEST = 2**20
"""Bytes of a picture on a card."""


class Desk:
    """Run it with `run`; `wake` after something was reported, held back or appealed against."""

    def __init__(self, *, database: Database, storage: Storage, door: Door) -> None:
        self._database = database
        self._storage = storage
        self._door = door
        self._woken = asyncio.Event()
        self._resting: dict[int | str, float] = {}
        self._drawing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def wake(self) -> None:
        self._woken.set()

    async def run(self, client: discord.Client) -> None:
        """Until cancelled; `client` is logged in."""
        while True:
            self._woken.clear()
            try:
                await self._look(client)
            except Exception:
                log.exception("the desk stumbled")
            try:
                async with asyncio.timeout(POLL):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def refresh(self, client: discord.Client, image_id: int) -> None:
        """Draw the cards of a picture's reports again."""
        # One after another, so that what was read first does not land last.
        async with self._drawing.setdefault(image_id, asyncio.Lock()):
            async with self._database.reading() as session:
                cases = await _cases(session, image_id)
            for case in cases:
                await self._redraw(client, case)

    async def tell(self, client: discord.Client, sanction: Sanction, server: str) -> None:
        """Tell a person of a sanction, with a way to appeal; where direct messages are closed they learn by trying."""
        async with self._database.reading() as session:
            count = await sanctions.strikes(session, sanction.guild_id, sanction.user_id)
        words = notices.sentence(sanction, server, count)
        await self.whisper(client, sanction.user_id, words, moderating.appeal_view(sanction))

    async def whisper(
        self, client: discord.Client, user_id: int, words: str, view: discord.ui.View | None = None
    ) -> None:
        """A direct message, if it can be brought."""
        try:
            channel = await client.create_dm(discord.Object(user_id))
            await channel.send(words, view=view or discord.utils.MISSING)
        except Exception as error:
            log.info("a person could not be told: %s", type(named(error)).__name__)

    async def reports_channel(self, session: AsyncSession, guild_id: int) -> int | None:
        return (await self._door.rules(session, guild_id)).reports_channel

    async def _look(self, client: discord.Client) -> None:
        async with self._database.reading() as session:
            homes = {one.id: one.settings["reports_channel"] for one in await guilds.having(session, "reports_channel")}
            outdated = {one.image_id: one for one in await reports.outdated(session, BATCH)}
        for report in outdated.values():
            if not self._rests(report.card_channel_id) and not self._rests(_nonce(report)):
                await self.refresh(client, report.image_id)
        for guild_id, channel_id in homes.items():
            if not self._rests(channel_id):
                await self._bring(client, guild_id, channel_id)

    async def _bring(self, client: discord.Client, guild_id: int, channel_id: int) -> None:
        """What a server's moderators have no card of yet."""
        async with self._database.reading() as session:
            held = await reviews.uncarded(session, guild_id)
            reported = await reports.uncarded(session, guild_id)
            appealed = await sanctions.uncarded(session, guild_id)
        for wish in held:
            view = notices.review(wish, int(wish.jobs[0]["channel_id"]), moderating.review_presses(wish))
            message_id = await self._post(client, channel_id, view, [], f"w{wish.id}")
            if message_id is not None:
                async with self._database.writing() as session:
                    await reviews.set_card(session, wish.id, channel_id, message_id)
        for sanction in appealed:
            view = notices.plea(sanction, moderating.appeal_presses(sanction))
            # Another message than the one with the words, which Discord may still know the nonce of.
            nonce = f"a{sanction.id}" if sanction.appeal else f"a{sanction.id}f"
            message_id = await self._post(client, channel_id, view, [], nonce)
            if message_id is not None:
                async with self._database.writing() as session:
                    await sanctions.set_card(session, sanction.id, channel_id, message_id)
        for report in reported:
            if not self._rests(channel_id):
                await self._present(client, channel_id, report.image_id)

    async def _present(self, client: discord.Client, channel_id: int, image_id: int) -> None:
        async with self._database.reading() as session:
            case = next((one for one in await _cases(session, image_id) if one.is_open), None)
        if case is None:
            return
        name, files = await self._picture(case.image)
        view = notices.report(case, moderating.report_presses(case), name)
        message_id = await self._post(client, channel_id, view, files, _nonce(case.first))
        if message_id is not None:
            async with self._database.writing() as session:
                await reports.set_card(session, case.first.id, channel_id, message_id)
                latest = (await reports.rounds(session, image_id))[-1]
            # Somebody reported it, or decided, while its card was on the way.
            if len(latest) != len(case.reports) or latest[0].closed_at is not None:
                await self.refresh(client, image_id)

    async def _redraw(self, client: discord.Client, case: notices.Case) -> None:
        first = case.first
        if first.card_message_id is None or first.card_channel_id is None:
            return
        message = client.get_partial_messageable(first.card_channel_id).get_partial_message(first.card_message_id)
        name, files = await self._picture(case.image)
        view = notices.report(case, moderating.report_presses(case), name)
        try:
            await message.edit(view=view, attachments=files)
        except Exception as error:
            log.info("the card of report %s was not drawn again: %s", first.id, named(error))
            if getattr(error, "code", None) not in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
                self._leave_alone(named(error), first.card_channel_id, _nonce(first))
                return
        if any(one.outdated_at for one in case.reports):
            async with self._database.writing() as session:
                await reports.mark_drawn(session, case.reports)

    async def _post(
        self,
        client: discord.Client,
        channel_id: int,
        view: discord.ui.LayoutView,
        files: list[discord.File],
        nonce: str,
    ) -> int | None:
        if self._rests(channel_id) or self._rests(nonce):
            return None
        channel = client.get_partial_messageable(channel_id)
        try:
            return (await channel.send(view=view, files=files, nonce=nonce)).id
        except Exception as error:
            problem = named(error)
            if not isinstance(problem, Stopped):
                log.info("a card for the moderators waits: %s", type(problem).__name__)
            else:
                self._leave_alone(problem, channel_id, nonce)
                log.warning("a card for the moderators was refused in channel %s: %s", channel_id, problem)
            return None

    def _leave_alone(self, problem: Exception, channel_id: int, nonce: str) -> None:
        """For a while: the channel if nothing can be done there, else this card."""
        refused = channel_id if isinstance(problem, Unreachable) else nonce
        self._resting[refused] = asyncio.get_running_loop().time() + REST

    def _rests(self, refused: int | str | None) -> bool:
        return refused is not None and self._resting.get(refused, 0.0) > asyncio.get_running_loop().time()

    async def _picture(self, image: Image) -> tuple[str | None, list[discord.File]]:
        if image.deleted_at is not None:
            return None, []
        try:
            content = await asyncio.to_thread(self._storage.as_webp, image.digest, LARGEST)
        except PictureMissing:
            content = None
        if content is None:
            return None, []
        name = f"{image.id}.webp"
        return name, [discord.File(io.BytesIO(content), filename=name, spoiler=False)]


def _nonce(first: Report) -> str:
    return f"p{first.id}"


async def _cases(session: AsyncSession, image_id: int) -> list[notices.Case]:
    """Everything a moderator should see of a reported picture, for each round of reports."""
    found = await reports.rounds(session, image_id)
    image = await images.get(session, image_id)
    job = await jobs.get(session, image.job_id) if image is not None else None
    if not found or image is None or job is None:
        return []
    guild_id = found[0][0].guild_id
    acts = [
        entry
        for entry in await audit.read(session, guild_id, about=job.author_id, limit=50)
        if entry.detail.get("picture") == image_id
    ]
    count = await sanctions.strikes(session, guild_id, job.author_id)
    return [notices.Case(job=job, image=image, reports=one, strikes=count, acts=acts[::-1]) for one in found]
