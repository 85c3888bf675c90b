"""Putting new pixels among old ones so that what is kept stays bit-exact and nobody sees where it ends.

Arrays and Pillow only; knows no edits and no models.
"""

import numpy as np
from PIL import Image

_ALIKE = 80.0
"""Levels, of 255, by which two colours may differ and still be taken for one seen twice."""


def feather(width: int, height: int) -> int:
    """Pixels over which new passes into old in a picture of this size: a 16th of the shorter side, 8 at least."""
    return max(8, min(width, height) // 16)


def merged(old: Image.Image, new: Image.Image, mask: Image.Image, depth: int) -> Image.Image:
    """`new` where `mask` is white and `old` where it is black, over `depth` pixels inside the white.

    All of one size; `mask` is "L", at least half white counts as white. Black pixels keep their bytes. Before it is
    merged, `new` is brought to the colours that `old` has along the border.
    """
    inside = np.asarray(mask) >= 128
    if not inside.any():
        return old.copy()
    distance = depth_in(inside)
    share = np.clip(distance / (depth + 1), 0, 1)
    share = (share * share * (3 - 2 * share))[..., None]  # smooth at both ends
    before = np.asarray(old, dtype=np.float32)
    after = np.asarray(new, dtype=np.float32)
    after = after + _membrane(before - after, inside & (distance <= depth), depth)
    blended = np.clip(before * (1 - share) + after * share + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(np.where(inside[..., None], blended, np.asarray(old)))


def is_plain(picture: Image.Image, mask: Image.Image, depth: int) -> bool:
    """Whether what is kept within `depth` pixels of the mask's white is one surface: four in five alike in colour."""
    inside = np.asarray(mask) >= 128
    beside = np.asarray(picture.convert("RGB"), dtype=np.float32)[~inside & (depth_in(~inside) <= depth)]
    if not len(beside):
        return False
    alike = np.abs(beside - np.median(beside, axis=0)).max(-1) <= _ALIKE / 2
    return bool(alike.mean() >= 0.8)


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


def _membrane(difference: np.ndarray, border: np.ndarray, depth: int) -> np.ndarray:
    """What to add to a new picture so that its colours are the old one's along the border, smooth everywhere else.

    The idea of seamless cloning (Perez, Gangnet, Blake: Poisson Image Editing, 2003), with two changes: the border is a
    band, whose mean counts and not its texture; and where the two differ so much that they must show different things,
    nothing is carried over.
    """
    trust = np.exp(-((np.abs(difference).max(-1) / _ALIKE) ** 2), dtype=np.float32)
    height, width = border.shape
    cell = max(1, depth // 2)
    small = (max(1, round(width / cell)), max(1, round(height / cell)))
    weight = _resized(border, small, Image.Resampling.BOX)
    carried = _planes(difference * (trust * border)[..., None], small, Image.Resampling.BOX)
    known = carried / np.maximum(weight, 1e-6)[..., None]
    return _planes(_pulled(known, np.minimum(1, 4 * weight)), (width, height), Image.Resampling.BICUBIC)


def _pulled(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`values` (height, width, 3) where `weight`, 0 to 1, is 1; elsewhere what the nearest of them go over into.

    Pull and push (Gortler et al.: The Lumigraph, 1996): what is missing at one size is taken from half the size.
    """
    height, width = weight.shape
    if max(height, width) <= 1:
        return values
    half = (max(1, width // 2), max(1, height // 2))
    mean = _resized(weight, half, Image.Resampling.BOX)
    less = _planes(values * weight[..., None], half, Image.Resampling.BOX) / np.maximum(mean, 1e-6)[..., None]
    pulled = _planes(_pulled(less, np.minimum(1, 4 * mean)), (width, height), Image.Resampling.BILINEAR)
    return pulled + (values - pulled) * weight[..., None]


def _planes(values: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    return np.stack([_resized(values[..., plane], size, how) for plane in range(values.shape[-1])], axis=-1)


def _resized(values: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(np.ascontiguousarray(values, dtype=np.float32)).resize(size, how))
