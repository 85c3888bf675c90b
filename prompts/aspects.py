"""Aspect ratios: reading them, their limits, and the picture size that follows.

Knows no model; the caller passes its numbers.
"""

import math

from prompts.errors import BadValue

Aspect = tuple[int, int]

ALLOWED = "1:4..4:1"
_WIDEST = 4
_LARGEST_TERM = 10_000


def parse_aspect(text: str) -> Aspect:
    """`"16:9"` -> `(16, 9)`, as given, not reduced.

    Raises:
        BadValue: not W:H in whole numbers of 1..10000, or outside of 1:4..4:1.
    """
    terms = text.split(":")
    if len(terms) != 2 or not all(term.isascii() and term.isdigit() and len(term) <= 5 for term in terms):
        raise BadValue("ar", text, ALLOWED)
    width, height = int(terms[0]), int(terms[1])
    if not (1 <= width <= _LARGEST_TERM and 1 <= height <= _LARGEST_TERM):
        raise BadValue("ar", text, ALLOWED)
    if width > _WIDEST * height or height > _WIDEST * width:
        raise BadValue("ar", text, ALLOWED)
    return width, height


def write_aspect(aspect: Aspect) -> str:
    return f"{aspect[0]}:{aspect[1]}"


def size_for(aspect: Aspect, base_pixels: int, multiple: int) -> tuple[int, int]:
    """The (width, height) nearest to `aspect` with at most `base_pixels` pixels, both multiples of `multiple`.

    Every side is at least one `multiple`, which is the one case in which `base_pixels` may be exceeded.

    Raises:
        ValueError: a term of the aspect, `base_pixels` or `multiple` below 1.
    """
    if min(*aspect, base_pixels, multiple) < 1:
        raise ValueError(f"aspect, base_pixels and multiple must be positive: {aspect}, {base_pixels}, {multiple}")
    ratio = aspect[0] / aspect[1]
    ideal_width = math.sqrt(base_pixels * ratio)
    ideal_height = ideal_width / ratio
    # Rounding both sides down always fits; one side up, or one more down, may come nearer to the ratio and still fit.
    sizes = [
        (width, height)
        for width in _around(ideal_width, multiple)
        for height in _around(ideal_height, multiple)
        if width * height <= base_pixels
    ]
    if not sizes:
        return _around(ideal_width, multiple)[-2], _around(ideal_height, multiple)[-2]

    def distance(size: tuple[int, int]) -> float:
        width, height = size
        # People see a wrong shape sooner than a slightly smaller picture.
        return 2 * abs(math.log(width / height / ratio)) + abs(math.log(width * height / base_pixels))

    return min(sizes, key=distance)


def _around(side: float, multiple: int) -> list[int]:
    # The root of an exact square may come out a hair below it, and the floor would lose a whole step.
    steps = max(1, math.floor(side / multiple + 1e-9))
    return [count * multiple for count in (steps - 1, steps, steps + 1) if count >= 1]
