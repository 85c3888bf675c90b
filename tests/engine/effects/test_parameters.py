"""Parameters on the pocket model, in short: the least and the most of each; the bench has all eight settings."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from bench.claims import CIRCLE, CLAIMS, LIKE_STYLE, Claim, referring
from bench.measures import seam, spearman
from bench.parameters import Bench
from engine.engine import Engine
from engine.models import Catalogue
from engine.pocket.judge import Judge


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture
async def bench(judge: Judge) -> AsyncIterator[Bench]:
    async with Engine(Catalogue(), device="cpu", threads=1, preview_every=0) as engine:
        await engine.ready()
        yield Bench(engine, judge, seeds=4, side=128, folder=None)


async def test_every_parameter_changes_pictures_in_the_direction_it_states(bench: Bench, judge: Judge) -> None:
    wrong = []
    for claim in CLAIMS:
        first = await bench.draw(claim.prompt, **claim.change(claim.settings[0]))
        last = await bench.draw(claim.prompt, **claim.change(claim.settings[-1]))
        low, high = (claim.measure(judge, pictures, [first, last]) for pictures in (first, last))
        difference = high - low
        if difference * (1 if claim.rises else -1) <= 0:
            wrong.append((claim.name, difference))
    assert wrong == []


async def test_tiles_have_no_seam_and_seeds_draw_the_same_in_any_company(bench: Bench) -> None:
    tiled = await bench.draw("a yellow circle on a teal background", tile=True, width=192, height=192)
    assert seam(tiled) <= 1
    plain = await bench.draw(CIRCLE)
    changes = {"chaos": 0.7, "weird": 0.2, "stylize": 0.6} | referring("style", LIKE_STYLE)(1.0)
    together = await bench.draw(CIRCLE, **changes)
    alone = await bench.draw(CIRCLE, **changes, seeds=(2,))
    difference = np.abs(np.asarray(together[2], dtype=int) - np.asarray(alone[0], dtype=int))
    assert difference.max() <= 1
    again = await bench.draw(CIRCLE)
    assert [picture.tobytes() for picture in again] == [picture.tobytes() for picture in plain]


def test_ranks_tell_rising_from_falling() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 30, 35]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_each_claim_has_eight_rising_settings(claim: Claim) -> None:
    assert len(claim.settings) == 8
    assert list(claim.settings) == sorted(set(claim.settings))
