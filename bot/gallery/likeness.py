"""Which pictures of a server look alike: vectors in memory, read from the rows beside everything else.

A question runs in two steps: the signs of the 128 numbers, 16 bytes a picture, are compared with those of all others,
and the nearest few thousand then by their vectors, with usearch. A million pictures take milliseconds, and adding one
costs nothing; usearch's graph is no faster here, and took most of an hour to be filled with as many.

What the vectors mean is told by their space's name; they are made elsewhere. Knows rows and numbers; no pictures and no
rule about who may see what.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from usearch.compiled import MetricKind
from usearch.index import search

from db import embeddings
from db.database import Database
from db.embeddings import WIDTH, Placed

CHUNK = 1000
SHORTLIST = 2000
"""Pictures whose vectors are compared; in a smaller hall all are."""
SPARE = 4
"""How many times as many neighbours are found as asked for: some may not be listed, or not for these eyes."""
PATIENCE = 1.5
"""Seconds for which a question waits until all rows are read; then what is read must do."""


class Hall:
    """The vectors of one server's pictures, in arrays with room to grow. `near` and `add` may run in two threads."""

    def __init__(self) -> None:
        self.count = 0
        self._keys = np.zeros(0, np.uint64)
        self._vectors = np.zeros((0, WIDTH), np.float16)
        self._signs = np.zeros((WIDTH // 64, 0), np.uint64)
        self._middle = np.zeros(WIDTH, np.float16)

    def add(self, keys: NDArray[np.uint64], vectors: NDArray[np.float16]) -> None:
        end = self.count + len(keys)
        if end > len(self._keys):
            self._grow(max(2 * len(self._keys), end), vectors)
        self._keys[self.count : end] = keys
        self._vectors[self.count : end] = vectors
        self._signs[:, self.count : end] = self._signs_of(vectors)
        self.count = end

    def near(self, vector: NDArray[np.float16], wanted: int) -> list[int]:
        """Keys of the most alike, the nearest first."""
        count = self.count
        keys, vectors, signs = self._keys, self._vectors, self._signs
        if count == 0:
            return []
        few = np.arange(min(count, SHORTLIST))
        if count > SHORTLIST:
            apart = np.zeros(count, np.uint8)
            for column, own in zip(signs, self._signs_of(vector[None]), strict=True):
                apart += np.bitwise_count(column[:count] ^ own)
            few = _nearest(apart, SHORTLIST)
        found = search(vectors[few], vector, min(wanted, len(few)), MetricKind.Cos, exact=True, threads=1)
        return [int(key) for key in keys[few[found.keys.astype(np.intp)]]]

    def _grow(self, room: int, new: NDArray[np.float16]) -> None:
        """Into new arrays, so that a question under way keeps its own. Signs are counted from the middle of all."""
        held = self._vectors[: self.count]
        self._middle = np.concatenate([held, new]).mean(axis=0, dtype=np.float32).astype(np.float16)
        keys, vectors = np.zeros(room, np.uint64), np.zeros((room, WIDTH), np.float16)
        signs = np.zeros((WIDTH // 64, room), np.uint64)
        keys[: self.count], vectors[: self.count] = self._keys[: self.count], held
        signs[:, : self.count] = self._signs_of(held)
        self._keys, self._vectors, self._signs = keys, vectors, signs

    def _signs_of(self, vectors: NDArray[np.float16]) -> NDArray[np.uint64]:
        return np.packbits(vectors > self._middle, axis=1).view(np.uint64).T


def _nearest(apart: NDArray[np.uint8], wanted: int) -> NDArray[np.intp]:
    """Where the smallest numbers are, about `wanted` of them: a bound that every 16th tells is quicker than sorting."""
    bound = np.partition(apart[::16], wanted // 16)[wanted // 16]
    return np.concatenate([np.flatnonzero(apart < bound), np.flatnonzero(apart == bound)[:wanted]])


@dataclass
class _Filling:
    """A hall, filled up to the embedding `mark`, and the task that reads on, if one does."""

    hall: Hall
    mark: int = 0
    task: "asyncio.Task[None] | None" = None


class Likeness:
    """Run it with `run`, so that nobody waits for the first reading; `near` is all the rest. Restarts read again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._halls: dict[int, _Filling] = {}

    async def run(self) -> None:
        """Read what every server has, once; until cancelled."""
        try:
            await self.read()
            await asyncio.Event().wait()
        finally:
            reading = [filling.task for filling in self._halls.values() if filling.task is not None]
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    async def read(self) -> None:
        """Read what every server has."""
        async with self._database.reading() as session:
            guild_ids = await embeddings.guilds(session)
        for guild_id in guild_ids:
            await self.fill(guild_id)

    async def near(self, guild_id: int, image_id: int, count: int) -> list[int]:
        """Share ids of the server's pictures, the most alike first, the picture's own left out; up to 4 times `count`.

        Empty while the picture has no vector.
        """
        async with self._database.reading() as session:
            vector = await embeddings.of_image(session, image_id)
            own = await embeddings.share_of(session, image_id)
        if vector is None:
            return []
        await asyncio.wait({self.fill(guild_id)}, timeout=PATIENCE)
        hall = self._halls[guild_id].hall
        found = await asyncio.to_thread(hall.near, np.frombuffer(vector, "<f2"), count * SPARE + 1)
        return [key for key in found if key != own]

    def fill(self, guild_id: int) -> "asyncio.Task[None]":
        """Read what is new of this server; one reader a server."""
        filling = self._halls.setdefault(guild_id, _Filling(Hall()))
        if filling.task is None or filling.task.done():
            filling.task = asyncio.create_task(self._fill(guild_id, filling), name="likeness")
        return filling.task

    async def _fill(self, guild_id: int, filling: _Filling) -> None:
        while True:
            async with self._database.reading() as session:
                placed = await embeddings.of_guild(session, guild_id, after=filling.mark, limit=CHUNK)
            if placed:
                await asyncio.to_thread(filling.hall.add, *_arrays(placed))
                filling.mark = placed[-1].embedding_id
            if len(placed) < CHUNK:
                return


def _arrays(placed: Sequence[Placed]) -> tuple[NDArray[np.uint64], NDArray[np.float16]]:
    keys = np.array([one.share_id for one in placed], np.uint64)
    return keys, np.frombuffer(b"".join(one.vector for one in placed), "<f2").reshape(-1, WIDTH)
