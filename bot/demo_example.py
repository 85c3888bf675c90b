"""The demo's example: one prompt sent down the whole road, from a person's command to files.

Knows the bot by its rows alone and the playground by its public face.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from bot.cli.words import Declined
from bot.config import Config
from db import images, jobs
from db.database import Database
from db.models import JobStatus
from engine.storage import Storage
from playground import ApiError, Interaction, NotOffered, Playground

PROMPT = "a red house under a starry night sky"
PERSON = "Ada"

_PATIENCE = (10.0, 60.0, 60.0)
"""Seconds for a job whose interaction was answered too late, as while a model loads; then it is typed anew."""
_PICTURES_WITHIN = 600.0
_FAR_BACK = 1000

Tell = Callable[[str], None]


async def send(playground: Playground, settings: Config, tell: Tell) -> list[Path]:
    """Type the example, and wait until its card shows the pictures: their files. `tell` hears of each part.

    Raises:
        Declined: it was not answered, was refused, cancelled or failed, or took too long; says which.
    """
    async with Database.open(settings.database_url, read_only=True) as database:
        asked = await _ask(playground, database, tell)
        tell("accepted")
        try:
            async with asyncio.timeout(_PICTURES_WITHIN):
                return await _follow(playground, database, asked, Storage(settings.storage.folder / "pictures"), tell)
        except TimeoutError:
            raise Declined(f"the example has no pictures after {_PICTURES_WITHIN / 60:.0f} minutes") from None


async def was_drawn(playground: Playground, settings: Config) -> bool:
    """Whether the example came to pictures before, as far back as a thousand jobs of that person."""
    author = int(playground.person(PERSON).id)
    async with Database.open(settings.database_url, read_only=True) as database, database.reading() as session:
        made = await jobs.of_author(session, author, limit=_FAR_BACK)
    return any(job.prompt == PROMPT and job.status == JobStatus.SUCCEEDED for job in made)


async def _ask(playground: Playground, database: Database, tell: Tell) -> Interaction:
    """The command that the bot has taken."""
    reason = None
    for patience in _PATIENCE:
        try:
            asked = await playground.person(PERSON).slash("studio", "imagine", prompt=PROMPT)
        except (ApiError, NotOffered) as error:
            raise Declined(f"{PERSON} cannot type the example: {error}") from None
        if asked.ephemeral:
            raise Declined(f"the bot refused the example: {asked.message and asked.message['content']}")
        if asked.state != "failed":
            return asked
        tell("answered too late")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await _job_of(database, asked)
                return asked
        reason = asked.reason
    raise Declined(f"the bot did not answer the example in time: {reason}")


async def _job_of(database: Database, asked: Interaction) -> None:
    """Return once there is a job of this interaction: the bot may have taken what it could not answer in time."""
    while True:
        async with database.reading() as session:
            if await jobs.by_interaction(session, int(asked.id)) is not None:
                return
        await asyncio.sleep(0.2)


async def _follow(
    playground: Playground, database: Database, asked: Interaction, storage: Storage, tell: Tell
) -> list[Path]:
    """Tell how the job of this interaction fares; the files of its pictures once the card shows them."""
    told: set[str] = set()

    def tell_once(part: str) -> None:
        if part not in told:
            told.add(part)
            tell(part)

    while True:
        async with database.reading() as session:
            job = await jobs.by_interaction(session, int(asked.id))
            pictures = [] if job is None else await images.of_job(session, job.id)
        if job is not None:
            shown = _attachments(playground, job.card_message_id)
            if job.status == JobStatus.SUCCEEDED:
                tell_once(f"{len(pictures)} pictures stored")
                # Of pictures that somebody deleted meanwhile, the card shows fewer.
                if shown >= len(pictures) or job.delivered_at is not None:
                    tell_once(f"{shown} pictures posted")
                    return [storage.path(picture.digest) for picture in pictures if picture.deleted_at is None]
            elif job.status == JobStatus.RUNNING:
                tell_once("drawing")
                if shown:
                    tell_once("first preview")
            elif job.status != JobStatus.QUEUED:
                why = " ".join(str(part) for part in (job.error_code, job.error_detail) if part)
                verb = "failed" if job.status == JobStatus.FAILED else f"was {job.status}"
                raise Declined(f"the example {verb}{f' ({why})' if why else ''}")
        await asyncio.sleep(0.05)


def _attachments(playground: Playground, card: int | None) -> int:
    """How many files the card shows."""
    with contextlib.suppress(ApiError):
        return len(playground.message(str(card))["attachments"])
    return 0
