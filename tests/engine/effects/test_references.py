"""`--sref picture|code|random` and `--oref` on the pocket model: style comes nearer, the subject shows, nothing leaks.

Leaking is measured in two ways: what the judge reads in the pictures (things, place and ground of the reference), and
whether light and dark lie where they lie in the reference.
"""

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from PIL import Image

from bench.claims import LIKE_STYLE, referring, scene
from bench.measures import style_distance_to, tealness
from bench.parameters import Bench
from bot.styles import swatch
from engine.engine import Engine
from engine.models import Catalogue
from engine.pocket.judge import Judge

PROMPT = "a red circle on a blue background"
SEEDS = 12
ONE_MORE = 1 / SEEDS + 1e-6  # of the pictures: what chance may do between two settings
STYLES = {"a picture": LIKE_STYLE, "--sref 7": swatch(7), "--sref 42": swatch(42)}
SUBJECT = scene("square", "teal", ground="yellow")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture
async def bench(judge: Judge) -> AsyncIterator[Bench]:
    async with Engine(Catalogue(), device="cpu", threads=1, preview_every=0) as engine:
        await engine.ready()
        yield Bench(engine, judge, seeds=SEEDS, side=128, folder=None)


async def test_style_comes_nearer_and_neither_things_nor_places_come_along(bench: Bench, judge: Judge) -> None:
    plain = await bench.draw(PROMPT)
    for name, style in STYLES.items():
        strong = await bench.draw(PROMPT, **referring("style", style)(1.0))
        distance = style_distance_to(style)
        before, after = (distance(judge, pictures, ()) for pictures in (plain, strong))
        assert after < 0.75 * before, (name, before, after)
        # What was asked for stays as visible as it was, and where it was.
        assert likeness(strong, plain) > 0.5, name
        assert likeness(strong, [style] * SEEDS) <= likeness(plain, [style] * SEEDS) + 0.1, name
        for was, seen in zip(told(judge, plain), told(judge, strong), strict=True):
            assert seen <= was + ONE_MORE, (name, was, seen)


async def test_codes_are_styles_of_their_own(bench: Bench, judge: Judge) -> None:
    """Pictures are nearer to the code that they were drawn with than to other codes."""
    codes = [swatch(code) for code in (7, 42, 99)]
    drawn = [await bench.draw(PROMPT, **referring("style", style)(1.0)) for style in codes]
    distances = np.array([[style_distance_to(style)(judge, pictures, ()) for style in codes] for pictures in drawn])
    own = np.eye(len(codes), dtype=bool)
    assert distances[own].mean() < 0.9 * distances[~own].mean()


async def test_the_subject_shows_and_its_ground_does_not(bench: Bench, judge: Judge) -> None:
    prompt = "a red circle on a white background"
    plain, strong = [await bench.draw(prompt, **referring("subject", SUBJECT)(weight)) for weight in (0.0, 2.0)]
    assert tealness(judge, strong, ()) > tealness(judge, plain, ()) + 0.1
    was, now = (np.mean([one.ground == "yellow" for one in judge.read_all(some)]) for some in (plain, strong))
    assert now <= was + ONE_MORE
    assert blueness_of_corners(strong) > 0.6, "white, and not the subject's yellow"


def told(judge: Judge, pictures: Sequence[Image.Image]) -> tuple[float, float]:
    """Shares of the pictures that show the style's tree, and its desert."""
    readings = judge.read_all(pictures)
    tree = np.mean([any(thing.kind == "tree" for thing in reading.things) for reading in readings])
    return float(tree), float(np.mean([reading.place == "desert" for reading in readings]))


def likeness(pictures: Sequence[Image.Image], others: Sequence[Image.Image]) -> float:
    """How much light and dark lie in the same places, pair by pair: the correlation of 16 x 16 edges, -1..1."""
    values = []
    for picture, other in zip(pictures, others, strict=True):
        one, two = (edges(image) for image in (picture, other))
        values.append(np.corrcoef(one, two)[0, 1])
    return float(np.mean(values))


def edges(image: Image.Image) -> np.ndarray:
    """Where something changes, whatever its colours are."""
    small = np.asarray(image.resize((32, 32), Image.Resampling.BOX), dtype=float)
    down, right = (np.abs(np.diff(small, axis=axis)).sum(-1) for axis in (0, 1))
    both = down[:, :31] + right[:31]
    return both[:30, :30].reshape(15, 2, 15, 2).mean((1, 3)).ravel()


def blueness_of_corners(pictures: Sequence[Image.Image]) -> float:
    """Blue in the four corners, 0..1: yellow has none."""
    values = np.stack([np.asarray(picture.resize((32, 32)), dtype=float) for picture in pictures]) / 255
    return float(np.mean([values[:, y, x, 2] for y in (1, 30) for x in (1, 30)]))
