"""The tree of refinements with the real bot and the pocket model, and every button of it after a restart."""

from pathlib import Path

import pytest

from bench.bot_process import Bot
from bench.tree import Step, grow, sheet
from engine.models import POCKET_FOLDER
from playground import Playground
from tests.bot.studio import Json, buttons, world
from tests.e2e.conftest import Rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not (POCKET_FOLDER / "model_index.json").exists(), reason="the pocket model's weights are not in this tree"
    ),
]

WORDS = {
    "V2": "Variations (Strong)",
    "U3": "Image #3",
    "Upscale (Creative)": "Upscaled (Creative)",
    "Zoom Out 1.5x": "Zoom Out (1.5x)",
    "➡️": "Pan Right",
    "Make Square": "Make Square",
    "Vary (Region)": "a yellow boat** - Variations (Region)",
    "Remix": "a red house at night, watercolour** - Remix",
    "/blend": "2 pictures** - Blend",
    "/edit": "make the house blue** - Edit",
}


async def test_a_tree_grows_answers_its_parents_and_works_after_a_restart(tmp_path: Path, rows: Rows) -> None:
    async with world() as pg:
        # Few steps: this is about messages and rows; bench.tree is about the pictures.
        bot = Bot("bot", tmp_path, pg, ATELIER_LIMITS__STEPS="4")
        await bot.start()
        steps = await grow(pg, pg.person("Ada"), pg.person("Ben"))
        for step in steps:
            assert WORDS.get(step.name, "") in step.message["content"], step.name
            if step.parent is not None:
                assert step.message["message_reference"]["message_id"] == step.parent["id"], step.name
        assert sheet(pg, steps, [pg.person("Ada"), pg.person("Ben")]).width > 0
        check_lineage(rows)
        await bot.kill()
        await bot.start()
        await press_everything(pg, steps)
        assert pg.pings == []
        assert pg.refusals == []
        await bot.kill()


def check_lineage(rows: Rows) -> None:
    """Every refinement's pictures name the picture they came from, and those chains lead to the first grid."""
    made = rows("SELECT kind, parent_image_id, id FROM jobs WHERE status = 'succeeded' ORDER BY id")
    kinds = [kind for kind, _, _ in made]
    assert kinds == [
        *("imagine", "vary_strong", "upscale_creative", "zoom", "pan_right", "square", "region", "remix"),
        *("blend", "edit", "imagine"),
    ]
    parents = dict(rows("SELECT id, parent_image_id FROM images"))
    for kind, parent, job in made:
        of_job = {one for (one,) in rows("SELECT parent_image_id FROM images WHERE job_id = ?", job)}
        assert of_job == {parent}, kind
        assert (parent is None) == (kind == "imagine"), kind
    root = made[7][1]  # of the remix
    depth = 0
    while parents[root] is not None:
        root, depth = parents[root], depth + 1
    assert depth == 6
    assert root in {one for (one,) in rows("SELECT id FROM images WHERE job_id = 1")}


async def press_everything(pg: Playground, steps: list[Step]) -> None:
    """Each button of each message is answered by a process that did not make it; only deleting is left out."""
    cleo = pg.person("Cleo")
    for step in steps:
        for button in list(buttons(step.message)):
            if button.get("label") == "Delete":
                continue
            asked = await cleo.click(step.message, button["custom_id"])
            assert asked.state in ("done", "acknowledged"), (step.name, button, asked.reason)
            assert asked.modal is not None or not broken(asked.message), (step.name, button)


def broken(message: Json | None) -> bool:
    return message is not None and "Something broke" in message["content"]
