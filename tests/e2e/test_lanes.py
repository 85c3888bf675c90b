"""Two people at once, through the real bot: nobody waits for another's last step, and nobody sees the other."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.bot_process import Bot
from bench.comparing import drawn, psnr
from engine.engine import Engine
from engine.lora.shelf import Shelf
from engine.models import POCKET_FOLDER, Catalogue
from engine.storage import Storage
from engine.worker.asking import request_of
from playground import Playground
from tests.bot.studio import Json, is_result, labels
from tests.bot.test_lora import lora
from tests.e2e.conftest import Rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (POCKET_FOLDER / "model_index.json").exists(), reason="the pocket model's weights are not in this tree"
    ),
]


async def test_the_short_job_of_two_ends_first_and_a_cancelled_one_leaves_the_other_alone(
    pg: Playground, tmp_path: Path, rows: Rows
) -> None:
    bot = Bot("bot", tmp_path, pg, ATELIER_LIMITS__STEPS="100", OMP_NUM_THREADS="1")
    await bot.start()
    ada, ben, cleo = pg.person("Ada"), pg.person("Ben"), pg.person("Cleo")

    long = await imagine(ada, prompt="a red house under a starry night sky --steps 100", count=4)
    doomed = await imagine(cleo, prompt="a yellow circle --steps 100", count=2)
    short = await imagine(ben, prompt="a blue boat --steps 4 --seed 7 --no people", count=1)
    await pg.wait_for(lambda: short["attachments"] != [] and "Cancel" not in labels(short), 180)
    assert not is_result(long)
    await cleo.click(doomed, "Cancel")
    await pg.wait_for(lambda: doomed["content"].endswith("Cancelled"), 60)
    await pg.wait_for(lambda: is_result(long), 300)
    assert len(long["attachments"]) == 4

    ends = [number for (number,) in rows("SELECT id FROM jobs WHERE status = 'succeeded' ORDER BY finished_at")]
    assert ends == [3, 1]
    assert rows("SELECT status FROM jobs WHERE id = 2") == [("cancelled",)]
    await bot.stop()

    async with Engine(Catalogue(), device="cpu", dtype="float32", threads=1) as engine:
        for job_id, card in ((1, long), (3, short)):
            [(request,)] = rows("SELECT request FROM jobs WHERE id = ?", job_id)
            alone = await drawn(engine, request_of(json.loads(request), Storage(tmp_path).open))
            assert alone is not None
            for attachment, image in zip(card["attachments"], alone.images, strict=True):
                assert psnr(Image.open(io.BytesIO(pg.attachment_bytes(attachment))).convert("RGB"), image) >= 60
    assert pg.pings == []


async def test_two_people_with_loras_of_their_own_are_served_at_once_and_apart(
    pg: Playground, tmp_path: Path, rows: Rows
) -> None:
    bot = Bot("bot", tmp_path, pg, ATELIER_LIMITS__STEPS="100", OMP_NUM_THREADS="1")
    await bot.start()
    ada, ben, cleo = pg.person("Ada"), pg.person("Ben"), pg.person("Cleo")
    for seed, name in enumerate(("ink", "oil")):
        added = await ada.slash("studio", "lora add", name=name, file=("made.safetensors", lora(seed)))
        assert added.message is not None, added.reason
        preview = added.message
        await pg.wait_for(lambda preview=preview: is_result(preview), 120, what=f"pictures of {name}")

    long = await imagine(ada, prompt="a red house --size 128x128 --seed 3 --steps 90 --lora ink:0.2", count=1)
    doomed = await imagine(cleo, prompt="a yellow circle --size 128x128 --steps 100 --lora oil:0.1", count=2)
    short = await imagine(ben, prompt="a blue boat --size 128x128 --seed 7 --steps 4 --lora oil:0.2", count=1)
    await pg.wait_for(lambda: is_result(short), 120)
    assert not is_result(long), "the short job ended first"
    await cleo.click(doomed, "Cancel")
    await pg.wait_for(lambda: doomed["content"].endswith("Cancelled"), 60)
    await pg.wait_for(lambda: is_result(long), 200)
    done = rows("SELECT id, request FROM jobs WHERE status = 'succeeded' ORDER BY finished_at")[2:]
    await bot.stop()

    asked = [request_of(json.loads(request), Storage(tmp_path).open) for _, request in done]
    assert [one.steps for one in asked] == [4, 90]
    assert len({one.loras[0].name for one in asked}) == 2
    shelf = Shelf(tmp_path / "storage" / "loras")
    async with Engine(Catalogue(), device="cpu", dtype="float32", threads=1, find_lora=shelf.find) as engine:
        for request, card in zip(asked, (short, long), strict=True):
            shown = Image.open(io.BytesIO(pg.attachment_bytes(card["attachments"][0]))).convert("RGB")
            alone, without = [await drawn(engine, one) for one in (request, replace(request, loras=()))]
            assert alone is not None
            assert without is not None
            assert psnr(shown, alone.images[0]) >= 60
            assert psnr(shown, without.images[0]) < 40, "the LoRA is to be seen"


async def imagine(person: Any, **options: Any) -> Json:
    asked = await person.slash("studio", "imagine", **options)
    assert asked.message is not None, asked.reason
    return asked.message
