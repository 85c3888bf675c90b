"""One picture to learn from with its answers. It knows no counterfeits."""

from dataclasses import dataclass

import numpy as np

from engine.pocket.scenes import COLORS, KINDS, Scene, labels, paint

from .network import GROUND_CLASSES, KIND_CLASSES, PLACE_CLASSES, STYLE_CLASSES, TIME_CLASSES, UNSURE

UNKNOWN = -1
"""An answer that is not asked for: it costs nothing in training."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One thing of a sample: centre (fractions of width, height), side (fraction of the shorter one), classes."""

    x: float
    y: float
    size: float
    kind: int
    color: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture uint8 (height, width, 3) and its answers; `cover` is uint8 (height / 8, width / 8), 1 on things."""

    picture: np.ndarray
    things: tuple[Answer, ...]
    cover: np.ndarray
    ground: int
    place: int
    time: int
    style: int
    whole: bool
    """Whether every thing in it is sound, so that its content may be asked for."""


def sound(scene: Scene, width: int, height: int) -> Sample:
    """Paint a scene and write down what is in it."""
    return answered(scene, np.asarray(paint(scene, width, height)), labels(scene, width, height)[..., 0] > 0)


def answered(scene: Scene, picture: np.ndarray, cover: np.ndarray, fakes: frozenset[int] = frozenset()) -> Sample:
    """Write down what is in a picture of this scene; the things numbered in `fakes` are not to be named."""
    unsure = KIND_CLASSES.index(UNSURE)
    return Sample(
        picture=picture,
        things=tuple(
            Answer(
                x=thing.x, y=thing.y, size=thing.size, color=COLORS.index(thing.color),
                kind=unsure if i in fakes else KINDS.index(thing.kind),
            )
            for i, thing in enumerate(scene.things)
        ),
        cover=cover.astype(np.uint8),
        ground=GROUND_CLASSES.index(scene.ground or "none"),
        place=PLACE_CLASSES.index(scene.place or ("bare" if scene.time else "none")),
        time=TIME_CLASSES.index(scene.time or "none"),
        style=STYLE_CLASSES.index(scene.style),
        whole=not fakes,
    )  # fmt: skip


def untold(picture: np.ndarray) -> Sample:
    """Write down that nothing can be told of this picture."""
    height, width = picture.shape[:2]
    return Sample(
        picture=picture, things=(), cover=np.zeros((height // 8, width // 8), np.uint8),
        ground=GROUND_CLASSES.index("none"), place=PLACE_CLASSES.index(UNSURE), time=TIME_CLASSES.index(UNSURE),
        style=UNKNOWN, whole=False,
    )  # fmt: skip
