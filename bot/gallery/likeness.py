"""Which pictures of a server look alike: an index in memory, filled from the rows when somebody first asks.

What the vectors mean is told by their space's name; they are made elsewhere. Knows rows and numbers; no pictures and no
rule about who may see what.
"""

import asyncio
from dataclasses import dataclass, field

import numpy as np
from usearch.index import Index

from db import embeddings
from db.database import Database
from db.embeddings import WIDTH

CHUNK = 2000
SPARE = 4
"""How many times as many neighbours are found as asked for: some may not be listed, or not for these eyes."""


@dataclass
class _Hall:
    """One server's index, filled up to the embedding `mark`."""

    index: Index = field(default_factory=lambda: Index(ndim=WIDTH, metric="cos", dtype="f16"))
    mark: int = 0
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)


class Likeness:
    """`near` is all of it. A restart loses the indexes; the rows fill them again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._halls: dict[int, _Hall] = {}

    async def near(self, guild_id: int, image_id: int, count: int) -> list[int]:
        """Share ids of the server's pictures, the most alike first, the picture's own left out; up to 4 times `count`.

        Empty while the picture has no vector. The first call for a server takes a second per ten thousand pictures.
        """
        async with self._database.reading() as session:
            vector = await embeddings.of_image(session, image_id)
            own = await embeddings.share_of(session, image_id)
        if vector is None:
            return []
        hall = self._halls.setdefault(guild_id, _Hall())
        await self._fill(guild_id, hall)
        if len(hall.index) == 0:
            return []
        wanted = count * SPARE + 1
        found = await asyncio.to_thread(hall.index.search, np.frombuffer(vector, "<f2"), wanted, threads=1)
        return [int(key) for key in found.keys if int(key) != own]

    async def _fill(self, guild_id: int, hall: _Hall) -> None:
        async with hall.filling:
            while True:
                async with self._database.reading() as session:
                    placed = await embeddings.of_guild(session, guild_id, after=hall.mark, limit=CHUNK)
                if placed:
                    keys = np.array([one.share_id for one in placed], np.uint64)
                    vectors = np.stack([np.frombuffer(one.vector, "<f2") for one in placed])
                    await asyncio.to_thread(hall.index.add, keys, vectors, threads=1)
                    hall.mark = placed[-1].embedding_id
                if len(placed) < CHUNK:
                    return
