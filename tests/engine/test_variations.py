"""Variations on the pocket model: the subtle one keeps what the strong one lets go."""

import numpy as np
from PIL import Image

from bot.refining import STRENGTH
from engine.engine import Engine
from engine.models import Catalogue
from engine.requests import ImageRequest, Pictures

SEEDS = (1, 2, 3, 4, 5, 6)


async def drawn(engine: Engine, image: Image.Image | None, strength: float | None, seeds: tuple[int, ...]):
    request = ImageRequest(
        model="pocket",
        prompt="a red house beside a green tree by day",
        width=192,
        height=192,
        steps=8,
        guidance=4.0,
        seeds=seeds,
        image=image,
        strength=strength,
    )
    async for event in engine.generate(request):
        if isinstance(event, Pictures):
            return event.images
    raise AssertionError("no pictures came")


def layout(picture: Image.Image) -> np.ndarray:
    """Where what colour is, without any detail."""
    return np.asarray(picture.resize((8, 8), Image.Resampling.BOX), dtype=float)


async def test_subtle_keeps_the_layout_and_strong_changes_it() -> None:
    async with Engine(Catalogue(), device="cpu", threads=1, preview_every=0) as engine:
        await engine.ready()
        (parent,) = await drawn(engine, None, None, (7,))
        subtle = await drawn(engine, parent, STRENGTH["subtle"], SEEDS)
        strong = await drawn(engine, parent, STRENGTH["strong"], SEEDS)
        anew = await drawn(engine, None, None, SEEDS)
    near, far, other = (
        np.mean([np.abs(layout(picture) - layout(parent)).mean() for picture in pictures])
        for pictures in (subtle, strong, anew)
    )
    assert near < 0.6 * far
    assert far < other
