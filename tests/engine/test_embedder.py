"""Shared pictures get their vectors from the real judge, beside the bot, once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sqlalchemy import select

from db import guilds, jobs, shares, users
from db.database import Database
from db.embeddings import WIDTH
from db.jobs import NewImage, NewJob, QueueLimits
from db.models import Embedding
from engine.storage import Storage
from engine.worker.embedder import Embedder

LIMITS = QueueLimits(waiting_per_person=100, waiting_total=100)
ADA, GUILD = 101, 9


def house(wall: str, side: int = 128) -> Image.Image:
    picture = Image.new("RGB", (side, side), "navy")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, side * 0.7, side, side), fill="darkgreen")
    draw.rectangle((side * 0.3, side * 0.45, side * 0.7, side * 0.8), fill=wall)
    draw.polygon([(side * 0.2, side * 0.45), (side * 0.5, side * 0.15), (side * 0.8, side * 0.45)], fill=wall)
    return picture


async def hang(database: Database, storage: Storage, pictures: list[Image.Image]) -> None:
    stored = [storage.put(one, None) for one in pictures]
    async with database.writing() as session:
        await users.touch(session, ADA, "Ada")
        await guilds.touch(session, GUILD, "a server")
        request = {"model": "pocket", "seeds": list(range(len(stored)))}
        new = NewJob(
            interaction_id=1, author_id=ADA, guild_id=GUILD, channel_id=7, prompt="houses", request=request, work=1
        )
        await jobs.enqueue(session, new, LIMITS)
        job = await jobs.claim_next(session, worker="w", lease=timedelta(seconds=30))
        assert job is not None
        files = [
            NewImage(digest=one.digest, width=one.width, height=one.height, seed=seed, bytes=one.bytes)
            for seed, one in enumerate(stored)
        ]
        for image in await jobs.finish(session, job.id, job.fence, files):
            await shares.share(session, image.id)


async def test_what_looks_alike_lies_near_and_what_cannot_be_judged_is_remembered(
    tmp_path: Path, sqlite_url: str
) -> None:
    storage = Storage(tmp_path)
    red, darker, yellow, narrow = house("red"), house("#d02020"), Image.new("RGB", (128, 128), "yellow"), (300, 40)
    async with Database.open(sqlite_url) as database:
        await hang(database, storage, [red, darker, yellow, Image.new("RGB", narrow)])
        running = asyncio.create_task(Embedder(database, storage, poll_seconds=0.05).run())
        rows: list[Embedding] = []
        async with asyncio.timeout(60):
            while len(rows) < 4:
                await asyncio.sleep(0.05)
                async with database.reading() as session:
                    rows = list((await session.scalars(select(Embedding).order_by(Embedding.image_id))).all())
        running.cancel()
    assert rows[3].vector == b""
    first, second, third = (np.frombuffer(row.vector, "<f2").astype(np.float32) for row in rows[:3])
    assert first.shape == (WIDTH,)
    assert abs(float(np.linalg.norm(first)) - 1) < 0.01
    assert float(first @ second) > float(first @ third) + 0.1
