"""The picture filter and the same request again: pictures from the storage are judged as new ones are."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db import images
from db.database import Database
from db.models import JobStatus
from engine.edits.plan import Editor
from engine.models import Catalogue
from engine.screen import Screen, Screening, Verdict
from engine.storage import Storage
from tests.engine.test_worker import Studio
from tests.fakes import FakeEngine


class Judge(Screen):
    """Finds every picture as unsafe as it is told to, or fails."""

    def __init__(self, odds: float | None, catalogue: Catalogue | None = None, **screening: Any) -> None:
        super().__init__(Screening(pictures="classifier", **screening), catalogue or Catalogue())
        self.odds = odds

    def _odds(self, images: list[Image.Image]) -> list[float]:
        if self.odds is None:
            raise ValueError
        return [self.odds] * len(images)


@pytest.fixture
async def studio(database: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    async with FakeEngine() as engine:
        yield Studio(database, Storage(tmp_path / "pictures"), engine)


async def twice(studio: Studio, screen: Screen, editor: Editor | None = None, **wish: Any) -> tuple[int, int]:
    """A job drawn without a filter, and the same request again with this one."""
    first = await studio.wish(**wish)
    async with studio.working(identity=str, editor=editor):
        await studio.diary.until("ended", first)
    again = await studio.wish(**wish)
    async with screen, studio.working(identity=str, editor=editor, screen=screen):
        await studio.diary.until("ended", again)
    assert len(studio.engine.requests) == 1
    return first, again


async def unsure(studio: Studio, job_id: int) -> list[bool]:
    async with studio.database.reading() as session:
        return [image.unsure for image in await images.of_job(session, job_id)]


async def test_a_stored_picture_that_is_safe_is_handed_out(studio: Studio) -> None:
    first, again = await twice(studio, Judge(0.1))
    assert (await studio.job(again)).repeats_id == first
    assert await unsure(studio, again) == [False, False]


@pytest.mark.parametrize(("odds", "code"), [(0.9, "picture_filter"), (None, "filter_failed")])
async def test_a_stored_picture_that_the_filter_refuses_or_cannot_judge_is_not_handed_out(
    studio: Studio, odds: float | None, code: str
) -> None:
    _, again = await twice(studio, Judge(odds))
    job = await studio.job(again)
    assert (job.status, job.error_code) == (JobStatus.BLOCKED, code)
    assert await studio.digests(again) == []


async def test_a_stored_picture_that_is_doubtful_is_its_authors(studio: Studio) -> None:
    first, again = await twice(studio, Judge(0.6))
    assert (await studio.job(again)).status is JobStatus.SUCCEEDED
    assert await unsure(studio, again) == [True, True]
    assert await unsure(studio, first) == [False, False]


async def test_a_stored_picture_that_a_moderator_hid_stays_so(studio: Studio) -> None:
    first = await studio.wish()
    async with studio.working(identity=str):
        await studio.diary.until("ended", first)
    async with studio.database.writing() as session:
        hidden = (await images.of_job(session, first))[1]
        await images.withhold(session, hidden.id)
    again = await studio.wish()
    async with Judge(0.1) as screen, studio.working(identity=str, screen=screen):
        await studio.diary.until("ended", again)
    assert await unsure(studio, again) == [False, True]


async def test_a_licence_that_asks_for_a_filter_asks_for_it_again(studio: Studio) -> None:
    catalogue = Catalogue.of({"dev": {"accepted": True}})
    _, again = await twice(
        studio, Screen(Screening(), catalogue), Editor(catalogue=catalogue), model="dev", width=256, height=256
    )
    job = await studio.job(again)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "filter_missing")


async def test_a_stored_picture_that_is_deleted_while_it_is_judged_is_drawn_again(studio: Studio) -> None:
    first = await studio.wish()
    async with studio.working(identity=str):
        await studio.diary.until("ended", first)

    class Slow(Judge):
        async def judge(self, model: str, images: Sequence[Image.Image]) -> list[Verdict]:
            if len(studio.engine.requests) == 1:
                await delete()
            return await super().judge(model, images)

    async def delete() -> None:
        async with studio.database.writing() as session:
            for picture in await images.of_job(session, first):
                await images.delete(session, picture.id)
                studio.storage.delete(picture.digest)

    again = await studio.wish()
    async with Slow(0.1) as screen, studio.working(identity=str, screen=screen):
        await studio.diary.until("ended", again)
    job = await studio.job(again)
    assert (job.status, job.repeats_id) == (JobStatus.SUCCEEDED, None)
    assert len(studio.engine.requests) == 2
    assert all(studio.storage.path(digest).exists() for digest in await studio.digests(again))
