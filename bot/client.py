"""The Discord client: its commands, buttons and tasks put together. Knows every part by name, none by its inside."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import cogs, reactions
from bot.challenges.driving import Challenges
from bot.config import DISCORD_API, Config
from bot.config import Discord as DiscordConfig
from bot.delivery.delivery import Delivery
from bot.errors import answer
from bot.gallery.daily import Daily
from bot.gallery.hearts import Hearts
from bot.gallery.likeness import Likeness
from bot.gallery.poster import Poster
from bot.house.desk import Desk
from bot.house.door import Asker, Door
from bot.house.forgetting import keep_house
from bot.house.removing import Removing
from bot.loras.taking import Taking
from bot.orders import Orders, Worker
from bot.shows import Shows
from bot.ui.press import Press
from bot.uploads import Uploads
from bot.wishes import Catalogue
from db import state
from db.database import Database
from engine.describe import Describer
from engine.lora.shelf import Shelf
from engine.storage import Storage

log = logging.getLogger(__name__)

COMMANDS_KEY = "commands"
LONGEST_PAUSE = 60.0
HOUSEKEEPING = 3600.0
"""Seconds between two rounds of forgetting what is old."""
TIDYING = 15.0
"""Seconds between two looks for messages that are to go, beside those right after something was deleted."""
HEARTS = "hearts"
"""The task that writes hearts: at a stop it ends last, since presses wait for it."""
ANSWERING = (
    *("CommandTree-invoker", "discord-ui-dynamic-item", "discord-ui-view-dispatch", "discord-ui-modal-dispatch"),
    "discord.py: on_raw_reaction_add",
)
LAST_WORDS = 5.0
"""Seconds in which a stop lets those be answered who were heard before it."""
ALWAYS = frozenset({"admin", "privacy", "help"})
"""Commands that are taken in every channel, from those who are shut out too; they check for themselves."""


async def point(settings: DiscordConfig) -> None:
    """Direct discord.py, for the whole process, at another API than Discord's: the playground, or a proxy.

    A missing gateway address is asked for at the API. Raises aiohttp.ClientError when that does not answer.
    """
    if settings.api == DISCORD_API and not settings.gateway and not settings.cdn:
        return
    Route.BASE = settings.api
    there = urlsplit(settings.api)
    if settings.api != DISCORD_API or settings.cdn:
        # A plain assignment would be refused: discord.py types it as the one address it knows.
        setattr(discord.Asset, "BASE", settings.cdn or f"{there.scheme}://{there.netloc}/cdn")  # noqa: B010
    gateway = settings.gateway
    if not gateway and settings.api != DISCORD_API:
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.get(f"{settings.api}/gateway") as response,
        ):
            gateway = (await response.json())["url"]
    if gateway:
        # The client starts from this address, and comes back to it after an invalid session.
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


class Commands(app_commands.CommandTree["Studio"]):
    """The commands; every error of one ends in words for the person."""

    async def interaction_check(self, interaction: "discord.Interaction[Studio]") -> bool:
        """Whether this person may use this command here; who may not is told why."""
        command = interaction.command
        asking = interaction.type is discord.InteractionType.autocomplete
        if asking or command is None or command.qualified_name.split()[0] in ALWAYS:
            return True
        try:
            await interaction.client.let_in(interaction, strictly=True)
        except Exception as error:
            await answer(interaction, error)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await answer(interaction, error)


class Studio(discord.Client):
    """The bot. Start it with `async with studio: await studio.start(token)`.

    Args:
        describer: tells in words what pictures show.
        failure: what the engine failed to load with, if it did; commands are then answered with that.

    Attributes:
        ready_to_serve: set once logged in, with commands registered and the gateway open.
    """

    def __init__(
        self,
        *,
        config: Config,
        database: Database,
        storage: Storage,
        catalogue: Catalogue,
        worker: Worker,
        delivery: Delivery,
        challenges: Challenges,
        failure: Callable[[], Exception | None] = lambda: None,
        describer: Describer | None = None,
    ) -> None:
        # There is no voice here whose missing libraries an owner should be warned of.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        # No privileged intent: guilds tell in which servers the bot is, reactions which signs people put on its cards.
        super().__init__(
            intents=discord.Intents(guilds=True, reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
        )
        self.config = config
        self.database = database
        self.storage = storage
        self.catalogue = catalogue
        self.delivery = delivery
        self.challenges = challenges
        self.worker = worker
        self.door = Door(config)
        self.desk = Desk(database=database, storage=storage, door=self.door)
        self.orders = Orders(
            config=config,
            database=database,
            worker=worker,
            delivery=delivery,
            failure=failure,
            door=self.door,
            ask_moderators=self.desk.wake,
        )
        self.uploads = Uploads(storage)
        self.describer = describer or Describer()
        self.taking = Taking(Shelf(config.storage.folder / "loras"), catalogue)
        self.removing = Removing(database)
        web_address = config.web.address or None
        self.shows = Shows(storage=storage, web_address=web_address)
        self.poster = Poster(database=database, storage=storage, web_address=web_address, tidy=self.tidy)
        self.likeness = Likeness(database)
        self.daily = Daily(database=database, storage=storage)
        self.hearts = Hearts(database, counted=self.poster.wake)
        self.ready_to_serve = asyncio.Event()
        self.tree = Commands(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        for command in cogs.commands():
            self.tree.add_command(command)
        self.add_dynamic_items(*Press.kinds)
        self._tasks: list[asyncio.Task[None]] = []

    async def setup_hook(self) -> None:
        """Runs once after login; what may take long or fail for a while goes on beside the gateway."""
        self._tasks = [
            asyncio.create_task(self.delivery.run(self), name="delivery"),
            asyncio.create_task(self._announce_ready(), name="commands"),
            asyncio.create_task(self.desk.run(self), name="desk"),
            asyncio.create_task(self._keep_house(), name="house"),
            asyncio.create_task(self.challenges.run(self), name="challenges"),
            asyncio.create_task(self.poster.run(self), name="gallery"),
            asyncio.create_task(self.hearts.run(), name=HEARTS),
            asyncio.create_task(self.daily.run(self), name="best of yesterday"),
            asyncio.create_task(self.likeness.run(), name="similar pictures"),
        ]
        for task in self._tasks:
            task.add_done_callback(_tell_of_death)

    async def close(self) -> None:
        """Take nothing new, stop delivering (the rows remember what is left), answer who was heard, leave Discord."""
        self.orders.closing = True
        last = [task for task in self._tasks if task.get_name() == HEARTS]
        await _ended(task for task in self._tasks if task not in last)
        if self.answering():
            await asyncio.wait(self.answering(), timeout=LAST_WORDS)
        await _ended(last)
        await super().close()

    def answering(self) -> list[asyncio.Task[Any]]:
        """Commands, presses, forms and reactions that are being answered, by the names discord.py gives their tasks."""
        return [task for task in asyncio.all_tasks() if task.get_name().startswith(ANSWERING)]

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        await reactions.added(self, payload)

    async def let_in(self, interaction: discord.Interaction, *, strictly: bool = False) -> None:
        """Raises Banned; `strictly` also ElsewhereOnly, where the server takes commands in other channels."""
        async with self.database.reading() as session:
            await self.door.greet(session, Asker.of(interaction), strictly=strictly)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside everything else, as far as it comes before the process ends."""
        task = asyncio.create_task(work, name="later")
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)
        task.add_done_callback(_tell_of_death)

    def tidy(self) -> None:
        """Take away, beside everything else, the messages that are to go."""
        self.later(self.removing.work_off(self))

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.wait_until_ready()
                await keep_house(self)
            except Exception:
                log.exception("keeping house failed, again in an hour")
            for _ in range(round(HOUSEKEEPING / TIDYING)):
                self.tidy()
                await asyncio.sleep(TIDYING)

    async def _announce_ready(self) -> None:
        pause = 1.0
        while True:
            try:
                await self._register_commands()
                break
            except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
                log.warning("commands could not be registered (%s), again in %d s", type(error).__name__, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        await self.wait_until_ready()
        self.ready_to_serve.set()
        log.info("ready: %s in %d servers", self.user, len(self.guilds))

    async def _register_commands(self) -> None:
        """Tell Discord the commands, but only when they changed: it counts registrations."""
        payload: list[Any] = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        told = json.dumps([Route.BASE, self.application_id, payload], sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()
        async with self.database.reading() as session:
            if await state.get(session, COMMANDS_KEY) == digest:
                return
        await self.tree.sync()
        async with self.database.writing() as session:
            await state.put(session, COMMANDS_KEY, digest)
        log.info("registered %d commands", len(payload))


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them, and wait until they have cleaned up."""
    cancelled = list(tasks)
    for task in cancelled:
        task.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)


def _tell_of_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("%s stopped", task.get_name(), exc_info=task.exception())
