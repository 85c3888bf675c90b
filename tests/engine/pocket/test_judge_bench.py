"""The pocket bench's arithmetic, with painters of known skill in the model's place."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from bench.pocket import BASE, OTHER_SIZES, Bench, Row, Size, painter, spread
from bench.pocket_prompts import CLAIMS, Asked, asked_for, relaid
from engine.pocket.judge import Judge
from engine.pocket.scenes import held_out, paint


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


def test_the_prompts_are_fixed_held_out_and_of_their_category() -> None:
    for category in ("shape", "object", "count", "pair"):
        asked = asked_for(category, 12)
        assert asked == asked_for(category, 20)[:12]
        assert all(held_out(one.scene) and one.scene.category == category for one in asked)
        assert len({one.seed for one in asked}) == 12
    places = asked_for("place", 8)
    assert all(one.scene.place for one in places)
    assert {bool(one.scene.things) for one in places} == {True, False}


def test_another_layout_keeps_the_words_and_moves_the_things() -> None:
    rng = random.Random(2)
    for one in asked_for(None, 15):
        again = relaid(one.scene, rng)
        assert [(t.kind, t.color) for t in again.things] == [(t.kind, t.color) for t in one.scene.things]
        assert (again.ground, again.place, again.time) == (one.scene.ground, one.scene.place, one.scene.time)
        assert [(t.x, t.y) for t in again.things] != [(t.x, t.y) for t in one.scene.things]


def test_the_painter_itself_meets_every_must(judge: Judge) -> None:
    rows = Bench(painter, judge, limit=20).rows()
    assert len(rows) == len(CLAIMS) + 2 + sum(size != BASE for size in OTHER_SIZES.values())
    assert [row.claim for row in rows if row.met == "NO"] == []
    assert all(row.score == row.painter for row in rows if row.unit == "%")


def test_a_model_that_draws_one_thing_whatever_it_is_asked_fails(judge: Judge) -> None:
    same = asked_for("shape", 1)[0].scene

    def stubborn(asked: Sequence[Asked], size: Size) -> list[Image.Image]:
        return [paint(same, *size)] * len(asked)

    rows = {row.claim: row for row in Bench(stubborn, judge, limit=16).rows()}
    for claim in CLAIMS:
        if claim.name not in ("count (1-4) right", "place and time of day right"):
            assert rows[claim.name].met == "NO"
    diversity = next(row for name, row in rows.items() if name.startswith("diversity"))
    assert diversity.score < 0.01
    assert diversity.met == "NO"


def test_spread_is_the_mean_distance_of_pairs() -> None:
    layouts = np.array([[[0.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert spread(layouts) == pytest.approx(2.5)


def test_a_loss_is_met_from_above_and_a_share_from_below() -> None:
    share = Row(claim="", must=80, aim=97, score=85, painter=100, pictures=256)
    loss = Row(claim="", must=5, aim=1, score=6, painter=0, pictures=256, unit="points", lower=True)
    assert (share.met, loss.met) == ("must", "NO")
    assert share.cells[3] == "85.0 % ± 2.2"
