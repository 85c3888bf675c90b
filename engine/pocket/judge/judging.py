"""The judge at work: pictures in, readings and embeddings out. It knows neither prompts nor who drew the pictures."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import ModelDamaged, RequestError
from engine.pocket.scenes import COLORS

from .network import (
    EMBEDDING,
    GROUND_CLASSES,
    KIND_CLASSES,
    PLACE_CLASSES,
    STRIDE,
    STYLE_CLASSES,
    TIME_CLASSES,
    JudgeNetwork,
    Maps,
)
from .reading import Reading, Seen

WEIGHTS = Path(__file__).parent / "judge.safetensors"
AREA = 112 * 112
"""Pixels of the working picture, about; its sides are multiples of STRIDE."""
LONGEST, SHORTEST, WIDEST = 4096, 32, 4.0
"""Limits of what is judged: longest and shortest side in pixels, ratio of the sides."""
LAYOUT = 12
"""Side of the layout maps."""
_THERE = 0.4
_NAMED = 0.5


class UnfitPicture(RequestError):
    """The picture cannot be judged: `reason` is "mode", "too large", "too small" or "too narrow"."""

    code = "unfit_picture"

    def __init__(self, width: int, height: int, reason: str) -> None:
        super().__init__(width=width, height=height, reason=reason, longest=LONGEST, shortest=SHORTEST, widest=WIDEST)
        self.width = width
        self.height = height
        self.reason = reason


class Judge:
    """Reads pictures with one set of weights, in fp32 on the CPU. Not to be shared by threads while they load it."""

    def __init__(self, network: JudgeNetwork) -> None:
        self._network = network.eval()

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> "Judge":
        """Open the weights (safetensors); raises ModelDamaged when they are missing or not the judge's."""
        if not weights.is_file():
            raise ModelDamaged(str(weights.parent), f"missing: {weights.name}")
        try:
            tensors = {name: value.float() for name, value in load_file(weights).items()}
            network = JudgeNetwork()
            absent, foreign = network.load_state_dict(tensors, strict=False)
        except (SafetensorError, OSError, RuntimeError) as error:
            raise ModelDamaged(str(weights.parent), f"damaged: {weights.name}") from error
        if foreign or any(not name.endswith("num_batches_tracked") for name in absent):
            raise ModelDamaged(str(weights.parent), f"damaged: {weights.name}")
        if not all(bool(value.isfinite().all()) for value in tensors.values()):
            raise ModelDamaged(str(weights.parent), f"damaged: {weights.name}")
        return cls(network)

    def read(self, picture: Image.Image) -> Reading:
        """Tell what is in one picture; raises UnfitPicture."""
        return self.read_all([picture])[0]

    def read_all(self, pictures: Sequence[Image.Image]) -> list[Reading]:
        """Tell what is in each picture, in their order; sizes may differ. Raises UnfitPicture."""
        return self._judged(pictures, _readings)

    def embed(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Return float32 (n, 128), rows of length 1: alike in things, colours and place is a large dot product."""
        rows = self._judged(pictures, lambda maps: list(maps.embedding.numpy()))
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, EMBEDDING), np.float32)

    def layout(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Return float32 (n, 144): how probably each cell of a 12 x 12 raster belongs to a thing, whatever thing."""

        def covered(maps: Maps) -> list[np.ndarray]:
            raster = F.interpolate(maps.cover.sigmoid()[:, None], size=(LAYOUT, LAYOUT), mode="area")
            return list(raster.flatten(1).numpy())

        rows = self._judged(pictures, covered)
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, LAYOUT * LAYOUT), np.float32)

    def _judged(self, pictures: Sequence[Image.Image], use: Any) -> list[Any]:
        """Run the network over pictures of one working size at a time and put the results back in order."""
        sizes: dict[tuple[int, int], list[int]] = {}
        for i, picture in enumerate(pictures):
            _check(picture)
            sizes.setdefault(working_size(*picture.size), []).append(i)
        results: dict[int, Any] = {}
        for size, indices in sizes.items():
            for start in range(0, len(indices), 32):
                some = indices[start : start + 32]
                with torch.inference_mode():
                    maps = cast(Maps, self._network(to_batch((pictures[i] for i in some), size)))
                    results.update(zip(some, use(maps), strict=True))
        return [results[i] for i in range(len(pictures))]


def working_size(width: int, height: int) -> tuple[int, int]:
    """Return the size (width, height) at which a picture is judged: about AREA pixels, multiples of STRIDE."""
    cells = (AREA / (width * height)) ** 0.5 / STRIDE
    return max(1, int(width * cells + 0.5)) * STRIDE, max(1, int(height * cells + 0.5)) * STRIDE


def to_batch(pictures: Iterable[Image.Image], size: tuple[int, int]) -> Tensor:
    """Scale RGB pictures to (n, 3, height, width) in [-1, 1]."""
    arrays = [
        np.asarray(
            picture.convert("RGB").resize(
                size, Image.Resampling.BOX if picture.width > 2 * size[0] else Image.Resampling.BILINEAR
            )
        )
        for picture in pictures
    ]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _check(picture: Image.Image) -> None:
    width, height = picture.size
    if max(width, height) > LONGEST:
        raise UnfitPicture(width, height, "too large")
    if min(width, height) < SHORTEST:
        raise UnfitPicture(width, height, "too small")
    if max(width, height) / min(width, height) > WIDEST:
        raise UnfitPicture(width, height, "too narrow")
    if picture.mode not in ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr"):
        raise UnfitPicture(width, height, "mode")


def _readings(maps: Maps) -> list[Reading]:
    n = len(maps.centre)
    wholes = [getattr(maps, name).softmax(1) for name in ("ground", "place", "time", "style")]
    heat = maps.centre.sigmoid()
    peaks = heat == F.max_pool2d(heat[:, None], 3, 1, 1)[:, 0]
    kinds, colors, sizes = maps.kind.softmax(1), maps.color.softmax(1), maps.size.exp()
    readings = []
    for i in range(n):
        ground, place, time, style = (
            classes[int(whole[i].argmax())]
            for classes, whole in zip((GROUND_CLASSES, PLACE_CLASSES, TIME_CLASSES, STYLE_CLASSES), wholes, strict=True)
        )
        things: list[tuple[float, Seen]] = []
        for y, x in (peaks[i] & (heat[i] > _THERE)).nonzero().tolist():
            sure, kind = (float(v) for v in kinds[i, :, y, x].max(0))
            name = KIND_CLASSES[int(kind)]
            seen = Seen(
                kind=name if name != "unsure" and sure >= _NAMED else None,
                color=COLORS[int(colors[i, :, y, x].argmax())],
                x=(x + 0.5) / heat.shape[2], y=(y + 0.5) / heat.shape[1], size=float(sizes[i, y, x]), sure=sure,
            )  # fmt: skip
            things.append((float(heat[i, y, x]), seen))
        readings.append(
            Reading(
                things=_apart(things, heat.shape[2] / heat.shape[1]),
                ground=cast(Any, None if ground == "none" or time != "none" else ground),
                place=cast(Any, None if place in ("bare", "none", "unsure") else place),
                time=cast(Any, None if time in ("none", "unsure") else time),
                style=cast(Any, style),
            )
        )
    return readings


def _apart(things: list[tuple[float, Seen]], ratio: float) -> tuple[Seen, ...]:
    """Drop the weaker of two peaks inside the same thing; `ratio` is the picture's width by its height."""
    kept: list[Seen] = []
    for _, seen in sorted(things, key=lambda pair: -pair[0]):
        across, down = (ratio, 1.0) if ratio >= 1 else (1.0, 1 / ratio)  # in units of the shorter side
        if all(max(abs(seen.x - o.x) * across, abs(seen.y - o.y) * down) > 0.42 * max(seen.size, o.size) for o in kept):
            kept.append(seen)
    return tuple(sorted(kept, key=lambda seen: -seen.size))
