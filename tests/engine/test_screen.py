"""The picture filter with a real classifier of transformers' library, small and made here, and the worker around it."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification

from db import guilds, images, jobs, ledger, reports
from db.database import Database
from db.models import Job, JobStatus
from engine.errors import FilterFailed, FilterMissing
from engine.metadata import PictureMetadata
from engine.models import Catalogue
from engine.requests import Event, ImageRequest, Pictures, Progress
from engine.screen import Screen, Screening
from engine.storage import Storage, Stored
from engine.worker import Worker
from tests.db.people import ADA, WIDE, meet, wish
from tests.fakes import FakeEngine

RED, BLUE, GREEN = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green"))
DEV = Catalogue.of({"dev": {"accepted": True}})


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small vision transformer, taught in a second that red is not safe, blue is, and green is hard to tell."""
    folder = tmp_path_factory.mktemp("classifier")
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=16,
        image_size=16,
        patch_size=16,
        id2label={0: "normal", 1: "nsfw"},
        label2id={"normal": 0, "nsfw": 1},
    )
    model = ViTForImageClassification(config).train()
    colours = torch.tensor([[1.0, -1, -1], [-1, -1, 1], [-1, 0.0, -1]]).view(3, 3, 1, 1).expand(3, 3, 16, 16)
    wanted = torch.tensor([[0.01, 0.99], [0.99, 0.01], [0.3, 0.7]])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(model(pixel_values=colours).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    about = {"size": {"height": 16, "width": 16}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return folder


def screen(folder: Path | None, catalogue: Catalogue | None = None, **values: Any) -> Screen:
    return Screen(Screening(pictures="classifier", folder=folder, **values), catalogue or Catalogue())


async def test_pictures_are_safe_unsure_or_blocked(classifier: Path) -> None:
    async with screen(classifier) as looking:
        assert await looking.judge("pocket", [RED, BLUE, GREEN]) == ["blocked", "safe", "unsure"]
    async with screen(classifier, block=0.6) as strict:
        assert await strict.judge("pocket", [GREEN, BLUE]) == ["blocked", "safe"]


@pytest.mark.parametrize("damage", ["missing", "no file", "nan", "strange labels"])
async def test_a_classifier_that_fails_blocks(classifier: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "classifier"
    if damage != "missing":
        shutil.copytree(classifier, folder)
    if damage == "no file":
        (folder / "preprocessor_config.json").unlink()
    if damage == "strange labels":
        config = json.loads((folder / "config.json").read_text())
        config["id2label"] = {"0": "cat", "1": "dog"}
        (folder / "config.json").write_text(json.dumps(config))
    if damage == "nan":
        about = {"size": 16, "image_mean": [0.5] * 3, "image_std": [0.0, 0.0, 0.0]}
        (folder / "preprocessor_config.json").write_text(json.dumps(about))
    async with screen(folder) as looking:
        if damage == "nan":
            assert await looking.judge("pocket", [Image.new("RGB", (8, 8), (128, 128, 128))]) == ["blocked"]
        else:
            with pytest.raises(FilterFailed):
                await looking.judge("pocket", [BLUE])


async def test_a_licence_with_conditions_needs_a_filter_or_a_review() -> None:
    async with Screen(Screening(), DEV) as off:
        assert await off.judge("pocket", [RED]) == ["safe"]
        with pytest.raises(FilterMissing):
            off.check("dev")
        with pytest.raises(FilterMissing):
            await off.judge("dev", [BLUE])
    async with Screen(Screening(pictures="review"), DEV) as review:
        review.check("dev")
        assert await review.judge("dev", [BLUE]) == ["unsure"]
        assert await review.judge("pocket", [RED]) == ["safe"]


class Ear:
    """Hears what the worker tells."""

    def __init__(self) -> None:
        self.previews = 0
        self.over = asyncio.Event()

    def started(self, job_id: int) -> None: ...

    def progress(self, job_id: int, progress: Progress) -> None:
        self.previews += progress.previews is not None

    def ended(self, job_id: int) -> None:
        self.over.set()


class Painter(FakeEngine):
    """Draws one colour, whatever is asked for."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self.colour = colour

    async def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]:
        async for event in super().generate(request):
            if isinstance(event, Pictures):
                size = (request.width, request.height)
                yield replace(event, images=tuple(Image.new("RGB", size, self.colour) for _ in event.images))
            else:
                yield event


async def work(database: Database, folder: Path, looking: Screen, colour: str) -> tuple[Job, Ear]:
    """One job of two pictures by a painter of this colour, and what was heard of it."""
    await meet(database)
    async with database.writing() as session:
        await guilds.touch(session, 9, "a server")
        await ledger.grant(session, ADA, 5, guild_id=9)
        request = {
            "model": "pocket",
            "prompt": "",
            "negative_prompt": "",
            "width": 64,
            "height": 64,
            "steps": 2,
            "guidance": 1.0,
            "seeds": [1, 2],
            "image": None,
            "strength": None,
        }
        job = (await jobs.enqueue(session, wish(request=request, cost=5, guild_id=9), WIDE)).job
    ear = Ear()
    async with Painter(colour) as engine:
        worker = Worker(
            database, engine, Storage(folder / "pictures"), listener=ear, screen=looking, lease=timedelta(seconds=30)
        )
        task = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            await ear.over.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with database.reading() as session:
        found = await jobs.get(session, job.id)
    assert found is not None
    return found, ear


async def left(database: Database) -> int:
    async with database.reading() as session:
        return await ledger.balance(session, ADA, 9)


async def test_a_blocked_job_has_no_picture_no_file_no_preview_and_costs_nothing(
    database: Database, tmp_path: Path, classifier: Path
) -> None:
    async with screen(classifier) as looking:
        job, ear = await work(database, tmp_path, looking, "red")
    assert (job.status, job.error_code) == (JobStatus.BLOCKED, "picture_filter")
    assert ear.previews == 0
    assert not list(tmp_path.glob("pictures/**/*.png"))
    assert await left(database) == 5


async def test_when_the_filter_crashes_nothing_is_shown(database: Database, tmp_path: Path) -> None:
    async with screen(tmp_path / "nowhere") as looking:
        job, _ = await work(database, tmp_path, looking, "blue")
    assert (job.status, job.error_code) == (JobStatus.BLOCKED, "filter_failed")
    assert not list(tmp_path.glob("pictures/**/*.png"))
    assert await left(database) == 5


async def test_a_doubtful_picture_is_for_its_author_and_the_moderators_hear_of_it(
    database: Database, tmp_path: Path, classifier: Path
) -> None:
    async with screen(classifier) as looking:
        job, _ = await work(database, tmp_path, looking, "green")
    assert job.status is JobStatus.SUCCEEDED
    async with database.reading() as session:
        made = await images.of_job(session, job.id)
        assert [image.unsure for image in made] == [True, True]
        assert job.guild_id is not None
        assert [one.image_id for one in await reports.uncarded(session, job.guild_id)] == [image.id for image in made]
    assert await left(database) == 0


async def test_a_file_that_a_deletion_took_meanwhile_is_stored_again(
    database: Database, tmp_path: Path, classifier: Path
) -> None:
    """The same picture twice, the first one's deletion falling between the second one's file and its row."""

    class Interrupted(Storage):
        def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
            stored = super().put(image, picture)
            if not self.done:
                self.done = True
                self.delete(stored.digest)
            return stored

        done = False

    storage = Interrupted(tmp_path / "pictures")
    ear = Ear()
    await meet(database)
    async with database.writing() as session:
        request = {
            "model": "pocket",
            "prompt": "",
            "negative_prompt": "",
            "width": 64,
            "height": 64,
            "steps": 1,
            "guidance": 1.0,
            "seeds": [1],
            "image": None,
            "strength": None,
        }
        await jobs.enqueue(session, wish(request=request), WIDE)
    async with Painter("blue") as engine:
        task = asyncio.create_task(Worker(database, engine, storage, listener=ear).run())
        async with asyncio.timeout(30):
            await ear.over.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with database.reading() as session:
        (image,) = await images.of_job(session, 1)
    assert storage.path(image.digest).exists()
