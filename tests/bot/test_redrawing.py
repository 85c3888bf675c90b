"""A card that shows a picture which is hidden or deleted by now is drawn again, also by the next process."""

from pathlib import Path

import pytest

from db import images
from tests.bot.studio import running, world


@pytest.mark.parametrize("word", ["hidden", "deleted"])
async def test_a_decision_that_died_before_the_card_was_drawn_is_drawn_after_the_restart(
    tmp_path: Path, sqlite_url: str, word: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await bot.imagine("Ben", steps=1, count=1)
            await bot.delivered(1)
            assert card["attachments"]
            async with bot.database.writing() as session:
                if word == "hidden":
                    await images.withhold(session, 1)
                else:
                    await images.delete(session, 1)
        async with running(tmp_path, sqlite_url, pg=pg):
            await pg.wait_for(lambda: not card["attachments"])
        assert len(pg.messages("studio")) == 1
