"""The judge at work: pictures in, readings and embeddings out. It knows neither prompts nor who drew the pictures."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.errors import ModelDamaged, RequestError

from .finding import Name, Spot, find, told
from .namer import Namer, cut, to_tensor
from .network import EMBEDDING, STRIDE, JudgeNetwork, Maps
from .reading import Reading

WEIGHTS = Path(__file__).parent
"""The folder that holds the packaged weights."""
FINDING, NAMING = "finding.safetensors", "naming.safetensors"
AREA = 112 * 112
"""Pixels of the working picture, about; its sides are multiples of STRIDE."""
LONGEST, SHORTEST, WIDEST = 4096, 32, 4.0
"""Limits of what is judged: longest and shortest side in pixels, ratio of the sides."""
LAYOUT = 12
"""Side of the layout maps."""
_LOOKS = 3
"""How often the place of a thing is corrected before it is named."""
_HANDY = 384
"""Longest side of the picture from which things are cut."""

T = TypeVar("T")


class UnfitPicture(RequestError):
    """The picture cannot be judged: `reason` is "mode", "too large", "too small" or "too narrow"."""

    code = "unfit_picture"

    def __init__(self, width: int, height: int, reason: str) -> None:
        super().__init__(width=width, height=height, reason=reason, longest=LONGEST, shortest=SHORTEST, widest=WIDEST)
        self.width = width
        self.height = height
        self.reason = reason


class Judge:
    """Reads pictures with one set of weights, in fp32 on the CPU.

    Two looks: the network finds things, ground, place and time in the whole picture, the namer looks at each thing.
    """

    def __init__(self, network: JudgeNetwork, namer: Namer) -> None:
        self._network, self._namer = network.eval(), namer.eval()

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> Self:
        """Open the folder with both weights (safetensors); raises ModelDamaged when one is missing or damaged."""
        network, namer = JudgeNetwork(), Namer()
        _load_into(network, weights / FINDING)
        _load_into(namer, weights / NAMING)
        return cls(network, namer)

    def read(self, picture: Image.Image) -> Reading:
        """Tell what is in one picture; raises UnfitPicture."""
        return self.read_all([picture])[0]

    def read_all(self, pictures: Sequence[Image.Image]) -> list[Reading]:
        """Tell what is in each picture, in their order; sizes may differ. Raises UnfitPicture."""

        def readings(maps: Maps, some: list[Image.Image]) -> list[Reading]:
            found = find(maps)
            for _ in range(_LOOKS):
                looked = iter(self._look(some, found))
                found = [
                    [next(looked).corrected(*spot, image.size) for spot in spots]
                    for image, spots in zip(some, found, strict=True)
                ]
            named = iter(self._look(some, found))
            things = [[next(named).at(*spot) for spot in spots] for spots in found]
            return [told(maps, i, seen) for i, seen in enumerate(things)]

        return self._judged(pictures, readings)

    def embed(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Return float32 (n, 128), rows of length 1: alike in things, colours and place is a large dot product."""
        rows = self._judged(pictures, lambda maps, _: list(maps.embedding.numpy()))
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, EMBEDDING), np.float32)

    def layout(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Return float32 (n, 144): how probably each cell of a 12 x 12 raster belongs to a thing, whatever thing."""

        def covered(maps: Maps, _: list[Image.Image]) -> list[np.ndarray]:
            raster = F.interpolate(maps.cover.sigmoid()[:, None], size=(LAYOUT, LAYOUT), mode="area")
            return list(raster.flatten(1).numpy())

        rows = self._judged(pictures, covered)
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, LAYOUT * LAYOUT), np.float32)

    def _look(self, images: list[Image.Image], found: list[list[Spot]]) -> list[Name]:
        """Name what stands at each spot, picture after picture."""
        pieces = [piece for image, spots in zip(images, found, strict=True) for piece in cut(image, spots)]
        names: list[Name] = []
        for start in range(0, len(pieces), 64):
            with torch.inference_mode():
                kinds, colors, offs = self._namer(to_tensor(pieces[start : start + 64]))
            names += [Name.of(*said) for said in zip(kinds.softmax(1), colors, offs, strict=True)]
        return names

    def _judged(self, pictures: Sequence[Image.Image], use: Callable[[Maps, list[Image.Image]], list[T]]) -> list[T]:
        """Run the network over pictures of one working size at a time and put the results back in order."""
        sizes: dict[tuple[int, int], list[int]] = {}
        for i, picture in enumerate(pictures):
            _check(picture)
            sizes.setdefault(working_size(*picture.size), []).append(i)
        results: dict[int, T] = {}
        for size, indices in sizes.items():
            for start in range(0, len(indices), 32):
                some = indices[start : start + 32]
                images = [_handy(pictures[i]) for i in some]
                with torch.inference_mode():
                    results.update(zip(some, use(self._network(to_batch(images, size)), images), strict=True))
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


def _handy(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGB")
    if max(picture.size) > _HANDY:
        picture.thumbnail((_HANDY, _HANDY), Image.Resampling.BOX)
    return picture


def _load_into(network: nn.Module, weights: Path) -> None:
    if not weights.is_file():
        raise ModelDamaged(str(weights.parent), f"missing: {weights.name}")
    try:
        tensors = {name: value.float() for name, value in load_file(weights).items()}
        absent, foreign = network.load_state_dict(tensors, strict=False)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ModelDamaged(str(weights.parent), f"damaged: {weights.name}") from error
    whole = all(bool(value.isfinite().all()) for value in tensors.values())
    if not whole or foreign or any(not name.endswith("num_batches_tracked") for name in absent):
        raise ModelDamaged(str(weights.parent), f"damaged: {weights.name}")
