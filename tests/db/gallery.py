"""Short ways to say what the gallery's tests are about: pictures of a server, shared and looked at."""

from typing import Any

from db import gallery, guilds, images, shares
from db.database import Database
from db.gallery import Exhibit, Sort, View
from tests.db import people
from tests.db.people import ADA, NOON, claimed, enqueue, finish, wish

GUILD = 9


async def meet(database: Database, *persons: int) -> None:
    await people.meet(database, *persons)
    async with database.writing() as session:
        for guild in (GUILD, GUILD + 1):
            await guilds.touch(session, guild, "a server", now=NOON)


async def paint(database: Database, author: int = ADA, *, pictures: int = 2, **job: Any) -> list[int]:
    """The ids of new pictures, made in the server."""
    await enqueue(database, wish(author, **{"guild_id": GUILD} | job))
    held = await claimed(database)
    await finish(database, held, pictures)
    async with database.reading() as session:
        return [image.id for image in await images.of_job(session, held.id)]


async def hang(database: Database, author: int = ADA, *, prompt: str = "a red house", **wished: Any) -> int:
    """The share id of a new picture, shared at noon."""
    job = {key: wished.pop(key) for key in ("guild_id", "nsfw") if key in wished}
    (image,) = await paint(database, author, pictures=1, prompt=prompt, **job)
    given: dict[str, Any] = {"now": NOON} | wished
    async with database.writing() as session:
        return (await shares.share(session, image, **given)).id


async def shown(database: Database, sort: Sort = Sort.NEW, **view: Any) -> list[Exhibit]:
    """The first page of the server's gallery."""
    async with database.reading() as session:
        seen = await gallery.page(session, View(**{"guild_id": GUILD, "sort": sort} | view), size=100)
    return list(seen.exhibits)
