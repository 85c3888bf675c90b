"""The painter: scenes as data, their pictures and captions. The pocket model learns from it and is measured by it."""

from .captions import add_filler, caption, phrases, vocabulary
from .painting import CELL, labels, paint
from .sampling import WEIGHTS, sample_scene
from .scene import (
    CATEGORIES,
    COLORS,
    KINDS,
    OBJECTS,
    PLACES,
    RELATIONS,
    SHAPES,
    STYLES,
    TIMES,
    Category,
    Scene,
    Thing,
    held_out,
)

__all__ = [
    "CATEGORIES", "CELL", "COLORS", "KINDS", "OBJECTS", "PLACES", "RELATIONS", "SHAPES", "STYLES", "TIMES", "WEIGHTS",
    "Category", "Scene", "Thing", "add_filler", "caption", "held_out", "labels", "paint", "phrases", "sample_scene",
    "vocabulary",
]  # fmt: skip
