"""Numbers for what a parameter changes in pictures: colours, spread, likeness, seams. Knows no parameters."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from engine.pocket.judge import Judge

Series = Sequence[Sequence[Image.Image]]
Measure = Callable[[Judge, Sequence[Image.Image], Series], float]
"""From the pictures at a setting, among those of all settings in order, to a number."""


def pixels(pictures: Sequence[Image.Image]) -> np.ndarray:
    """(n, 32, 32, 3) in 0..1."""
    return np.stack(
        [np.asarray(picture.resize((32, 32), Image.Resampling.BOX), dtype=float) / 255 for picture in pictures]
    )


def diversity(judge: Judge, pictures: Sequence[Image.Image], _all: Series) -> float:
    """Mean distance between two pictures of the setting, by the judge's embedding, 0..2."""
    rows = judge.embed(pictures)
    return float(1 - (rows @ rows.T)[np.triu_indices(len(rows), 1)].mean())


def strangeness(judge: Judge, pictures: Sequence[Image.Image], series: Series) -> float:
    """Mean distance from the usual picture of the prompt, the mean of those at the first setting."""
    usual = judge.embed(series[0]).mean(0)
    return float((1 - judge.embed(pictures) @ (usual / np.linalg.norm(usual))).mean())


def colourfulness(_judge: Judge, pictures: Sequence[Image.Image], _all: Series) -> float:
    """Hasler and Susstrunk 2003, "Measuring colourfulness in natural images"."""
    red, green, blue = np.moveaxis(pixels(pictures), -1, 0)
    opponents = (red - green, (red + green) / 2 - blue)
    spread = np.hypot(*(one.std((1, 2)) for one in opponents))
    mean = np.hypot(*(one.mean((1, 2)) for one in opponents))
    return float((spread + 0.3 * mean).mean())


def redness(_judge: Judge, pictures: Sequence[Image.Image], _all: Series) -> float:
    """Red minus blue over the middle of the pictures."""
    middle = pixels(pictures)[:, 8:24, 8:24]
    return float((middle[..., 0] - middle[..., 2]).mean())


def likeness_to(reference: Image.Image) -> Measure:
    """Mean cosine of the judge's embeddings of picture and reference."""
    return lambda judge, pictures, _all: float((judge.embed(pictures) @ judge.embed([reference])[0]).mean())


def style_distance_to(reference: Image.Image) -> Measure:
    """Between mean and spread of the colours of picture and reference, wherever they are."""

    def look(pictures: Sequence[Image.Image]) -> np.ndarray:
        colours = pixels(pictures).reshape(len(pictures), -1, 3)
        return np.concatenate([colours.mean(1), colours.std(1)], axis=1)

    return lambda _judge, pictures, _all: float(np.linalg.norm(look(pictures) - look([reference]), axis=1).mean())


def tealness(_judge: Judge, pictures: Sequence[Image.Image], _all: Series) -> float:
    """Green and blue minus red over the middle: how much of the subject's colour is there."""
    middle = pixels(pictures)[:, 8:24, 8:24]
    return float((middle[..., 1:].mean(-1) - middle[..., 0]).mean())


def unfinished(_judge: Judge, pictures: Sequence[Image.Image], series: Series) -> float:
    """Root mean square distance to the finished pictures of the same seeds, those of the last setting."""
    return float(np.sqrt(((pixels(pictures) - pixels(series[-1])) ** 2).mean()))


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The correlation of the ranks; 1 when both rise together."""
    one, other = (np.argsort(np.argsort(values)).astype(float) for values in (first, second))
    return float(np.corrcoef(one, other)[0, 1])


def seams(pictures: Sequence[Image.Image]) -> tuple[float, float]:
    """The step over the edge, last row to first and last column to first, over the largest of forty on either side.

    At most 1: the edge is a place like those beside it, among which are borders of the model's own tokens (every 32
    pixels), as the edge is one.
    """
    values = np.stack([np.asarray(picture, dtype=float) for picture in pictures])

    def ratio(axis: int) -> float:
        middle = values.shape[axis] // 2
        turned = np.roll(values, middle, axis)
        steps = np.abs(np.diff(turned, axis=axis)).mean(tuple(set(range(4)) - {axis}))
        beside = np.concatenate([steps[middle - 41 : middle - 1], steps[middle : middle + 40]])
        return float(steps[middle - 1] / beside.max())

    return ratio(1), ratio(2)


def seam(pictures: Sequence[Image.Image]) -> float:
    """The worse of `seams`."""
    return max(seams(pictures))
