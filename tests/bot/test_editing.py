"""`/edit` where it takes away all there is."""

from dataclasses import replace

import pytest

from bot import refining, wishes
from bot.config import Limits
from bot.errors import explain, explain_failure
from bot.wishes import Options, Wish
from engine.errors import NothingLeft
from engine.models import POCKET, Catalogue
from tests.bot.studio import Running

LONGEST = Limits().longest


def edited(instruction: str, *, instructed: bool) -> Wish:
    catalogue = Catalogue({"pocket": replace(POCKET, instructed=instructed)})
    (base,) = wishes.imagine("x", Options(), catalogue=catalogue, model="pocket", limits=Limits())
    return refining.edit(
        base, instruction, picture="a" * 64, shape=(256, 256), scene="a cat", catalogue=catalogue, longest=LONGEST
    )


def test_only_a_model_that_does_as_it_is_told_can_take_away_all_that_the_words_name() -> None:
    assert edited("remove the cat", instructed=True).request["prompt"] == ""
    with pytest.raises(NothingLeft):
        edited("remove the cat", instructed=False)
    assert edited("remove the dog", instructed=False).request["prompt"] == "a cat"


async def test_an_edit_that_leaves_nothing_is_refused_in_words_and_nothing_is_queued(bot: Running) -> None:
    card = await bot.imagine(prompt="a red house", count=1, steps=1)
    own = ("mine.png", bot.pg.attachment_bytes(card["attachments"][0]))
    await bot.pg.person("Ada").slash("studio", "edit", image=own, instruction="remove the house")
    told = await bot.pg.wait_for(lambda: [row["content"] for row in bot.pg.messages("studio") if row["_viewer"]], 90)
    assert told == [explain(NothingLeft())]
    assert [job.kind for job in await bot.jobs()] == ["imagine"]


def test_a_job_that_finds_nothing_left_says_so() -> None:
    assert explain_failure(NothingLeft.code, {}) == (
        "Failed: this takes away all there is to draw. Say what should be there instead. Nothing was charged."
    )
