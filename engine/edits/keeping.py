"""Putting new pixels among old ones so that what is kept stays bit-exact and nobody sees where it ends.

Arrays and Pillow only; knows no edits and no models.
"""

import numpy as np
from PIL import Image


def feather(width: int, height: int) -> int:
    """Pixels over which new passes into old in a picture of this size: a 16th of the shorter side, 8 at least."""
    return max(8, min(width, height) // 16)


def merged(old: Image.Image, new: Image.Image, mask: Image.Image, depth: int) -> Image.Image:
    """`new` where `mask` is white and `old` where it is black, over `depth` pixels inside the white.

    All of one size; `mask` is "L", at least half white counts as white. Black pixels keep their bytes. Before it is
    merged, `new` is brought to the colours of `old` along the border, since a model's idea of what it was told to keep
    is always a little off.
    """
    inside = np.asarray(mask) >= 128
    if not inside.any():
        return old.copy()
    distance = depth_in(inside)
    share = np.clip(distance / (depth + 1), 0, 1)
    share = (share * share * (3 - 2 * share))[..., None]  # smooth at both ends
    before = np.asarray(old, dtype=np.float32)
    after = np.asarray(new, dtype=np.float32)
    after = after + _difference(before - after, ~inside, distance, depth)
    blended = np.clip(before * (1 - share) + after * share + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(np.where(inside[..., None], blended, np.asarray(old)))


def depth_in(inside: np.ndarray) -> np.ndarray:
    """How many pixels (counted along rows and columns) to the nearest False; int64, 0 where it is False itself.

    A picture that is True all over is as deep as it is long everywhere.
    """
    far = sum(inside.shape)
    distance = np.where(inside, far, 0)
    for axis in (0, 1):
        ramp = np.arange(inside.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
        forth = np.minimum.accumulate(distance - ramp, axis=axis) + ramp
        back = np.flip(np.minimum.accumulate(np.flip(distance + ramp, axis), axis=axis), axis) - ramp
        distance = np.minimum(forth, back)
    return distance


def _difference(difference: np.ndarray, known: np.ndarray, distance: np.ndarray, depth: int) -> np.ndarray:
    """What to add: the difference in the kept part near by, carried over the border and fading out behind it."""
    if not known.any():
        return np.zeros_like(difference)
    radius = 2 * depth
    weight = known.astype(np.float32)
    total = _blurred(weight, radius)
    near = np.stack([_blurred(difference[..., c] * weight, radius) for c in range(3)], axis=-1)
    fading = np.exp(-distance / (4 * depth), dtype=np.float32)
    return near / np.maximum(total, 1e-3)[..., None] * (fading * np.minimum(1, total * 50))[..., None]


def _blurred(values: np.ndarray, radius: float) -> np.ndarray:
    """A blur of numbers of any sign, at a quarter of the size, which nobody sees at such a radius."""
    image = Image.fromarray(values.astype(np.float32))
    small = image.resize((max(1, image.width // 4), max(1, image.height // 4)), Image.Resampling.BOX)
    # Pillow blurs only bytes; a box of sums does the same for numbers, three times is close to a Gaussian.
    array = np.asarray(small)
    for _ in range(3):
        array = _box(_box(array, max(1, round(radius / 4)), 0), max(1, round(radius / 4)), 1)
    return np.asarray(Image.fromarray(array).resize(image.size, Image.Resampling.BILINEAR))


def _box(array: np.ndarray, radius: int, axis: int) -> np.ndarray:
    """The mean over 2 * radius + 1 neighbours along an axis; beyond the border stands the border."""
    widths = [(radius + 1, radius) if one == axis else (0, 0) for one in (0, 1)]
    sums = np.cumsum(np.pad(array, widths, mode="edge"), axis=axis, dtype=np.float64)
    length = array.shape[axis]
    upper = np.take(sums, range(2 * radius + 1, 2 * radius + 1 + length), axis=axis)
    lower = np.take(sums, range(length), axis=axis)
    return ((upper - lower) / (2 * radius + 1)).astype(np.float32)
