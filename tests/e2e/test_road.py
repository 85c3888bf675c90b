"""The whole road, as two people walk it: /imagine, U2, Vary (Strong), 🔄, /show, delete."""

from pathlib import Path

import pytest

from bench.bot_process import FAKE_BOT, Bot
from engine.models import POCKET_FOLDER
from playground import Playground
from tests.bot.studio import Json, is_result, labels, private_words
from tests.e2e.conftest import Rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

needs_weights = pytest.mark.skipif(
    not (POCKET_FOLDER / "model_index.json").exists(), reason="the pocket model's weights are not in this tree"
)


@pytest.mark.parametrize("module", [pytest.param(FAKE_BOT, id="fake"), pytest.param("bot", marks=needs_weights)])
async def test_the_road_from_imagine_to_delete(pg: Playground, tmp_path: Path, rows: Rows, module: str) -> None:
    # Many dear steps on one core: the model's usual twelve are over too soon for two previews, two seconds apart.
    slow = {"ATELIER_LIMITS__STEPS": "100", "OMP_NUM_THREADS": "1", "FAKE_SECONDS_PER_STEP": "0.09"}
    bot = Bot(module, tmp_path, pg, **slow)
    await bot.start()
    ada, ben = pg.person("Ada"), pg.person("Ben")

    asked = await ben.slash(
        "studio", "imagine", prompt="a red house under a starry night sky --steps 100 --size 320x320 --no text"
    )
    grid = asked.message
    assert grid is not None, asked.reason
    previews = await watch(pg, grid)
    assert len(previews) >= 2, previews
    assert labels(grid) == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
    assert [one["filename"] for one in grid["attachments"]] == ["1.png", "2.png", "3.png", "4.png"]

    single = (await ada.click(grid, "U2")).message
    assert single is not None
    await pg.wait_for(lambda: len(single["attachments"]) == 1, 60)
    assert pg.attachment_bytes(single["attachments"][0]) == pg.attachment_bytes(grid["attachments"][1])

    varied = (await ada.click(single, "Vary (Strong)")).message
    again = (await ada.click(grid, "🔄")).message
    assert varied is not None
    assert again is not None
    for child, parent in ((varied, single), (again, grid)):
        await pg.wait_for(lambda child=child: is_result(child), 180)
        assert child["message_reference"]["message_id"] == parent["id"]
    assert "Variations (Strong)" in varied["content"]
    pictures = [pg.attachment_bytes(one) for card in (grid, varied, again) for one in card["attachments"]]
    assert len(set(pictures)) == 12

    shown = (await ben.slash("general", "show", job="1")).message
    assert shown is not None
    await pg.wait_for(lambda: len(shown["attachments"]) == 4, 60)

    cleo = pg.person("Cleo")
    refused = await cleo.click(single, "Delete")
    assert private_words(refused) == f"Only {ben.mention} or a moderator may delete this."
    await ben.click(single, "Delete")
    await pg.wait_for(lambda: "U2" not in labels(grid), 60)
    assert len(grid["attachments"]) == 3
    assert rows("SELECT count(*) FROM images WHERE deleted_at IS NOT NULL") == [(1,)]

    assert pg.pings == []
    assert pg.refusals == []
    await bot.stop()


async def watch(pg: Playground, card: Json) -> list[str]:
    """The texts with a percentage that a card showed beside a preview, until its result stood."""
    seen: list[str] = []

    def finished() -> bool:
        if [one["filename"] for one in card["attachments"]] == ["preview.webp"]:
            percent = card["content"].splitlines()[-1]
            if percent.endswith("%") and percent not in seen:
                seen.append(percent)
        return is_result(card)

    await pg.wait_for(finished, 180)
    return seen
