"""Gives shared pictures their place among similar ones: rows and files in, vectors out. Runs beside the worker.

The vectors are the features of the pocket model's judge (`engine.pocket.judge`): alike in things, colours, place and
style is near. They are made here so that nobody who searches them needs torch.
"""

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from db import embeddings
from db.database import Database
from db.models import Image
from engine.errors import EngineError
from engine.pocket.judge import Judge
from engine.storage import Storage

log = logging.getLogger(__name__)

POLL = 5.0
BATCH = 16


class Embedder:
    """Run it with `run`. Loads the judge when the first picture asks for it."""

    def __init__(self, database: Database, storage: Storage, *, poll_seconds: float = POLL) -> None:
        self._database = database
        self._storage = storage
        self._poll = poll_seconds
        self._judge: Judge | None = None
        self._mark = 0

    async def run(self) -> None:
        """Until cancelled. A picture that cannot be embedded is remembered as such, and not looked at again."""
        while True:
            try:
                done = await self._batch()
            except Exception:
                log.exception("Pictures could not be embedded")
                done = False
            if not done:
                await asyncio.sleep(self._poll)

    async def _batch(self) -> bool:
        async with self._database.reading() as session:
            found = await embeddings.missing(session, after=self._mark, limit=BATCH)
        if not found:
            return False
        vectors = await asyncio.to_thread(self._embed, [image for _, image in found])
        async with self._database.writing() as session:
            for (_, image), vector in zip(found, vectors, strict=True):
                await embeddings.put(session, image.id, vector)
        self._mark = found[-1][0]
        return True

    def _embed(self, pictures: Sequence[Image]) -> list[bytes]:
        if self._judge is None:
            self._judge = Judge.load()
        return [self._vector(self._judge, image) for image in pictures]

    def _vector(self, judge: Judge, image: Image) -> bytes:
        try:
            vector = judge.embed([self._storage.open(image.digest)])[0]
        except EngineError as error:
            log.info("Picture %d has no place among similar ones: %s", image.id, error.code)
            return b""
        return vector.astype(np.dtype("<f2")).tobytes()
