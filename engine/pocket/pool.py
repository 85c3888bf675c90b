"""The pool the transformer learns from: painted scenes with latents and label maps, made once and used many times.

A scene is a function of (seed, size, shard, index), so a shard holds no scenes and captions are drawn afresh each time.
"""

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from . import checkpoint
from .autoencoder import to_tensor
from .precision import mixed
from .scenes import CELL, COLORS, KINDS, Scene, labels, paint, sample_scene

STAGE = "shard"
PATCH = 32
"""Side in pixels of what one token of the transformer covers."""

SIZES: dict[tuple[int, int], float] = {
    (256, 256): 0.37, (224, 320): 0.09, (320, 224): 0.06, (192, 352): 0.08, (352, 192): 0.09, (224, 288): 0.02,
    (288, 224): 0.02, (128, 128): 0.25, (96, 160): 0.01, (160, 96): 0.01,
}  # fmt: skip
"""Width and height in pixels of the pictures trained on, and how often."""

CELLS = (PATCH // CELL) ** 2
LABELS = CELLS + len(KINDS) + 1 + len(COLORS) + 1
"""Numbers in one token's label: which of its cells a thing covers, and the shares of each kind and colour."""


def pack(latents: Tensor) -> Tensor:
    """Turn (n, 16, h, w) into the transformer's tokens (n, h/2 * w/2, 64), in the stock pipeline's order."""
    n, channels, h, w = latents.shape
    split = latents.view(n, channels, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return split.reshape(n, (h // 2) * (w // 2), channels * 4)


def unpack(tokens: Tensor, width: int, height: int) -> Tensor:
    """Undo `pack` for a picture of `width` x `height` pixels."""
    n, h, w = len(tokens), height // PATCH, width // PATCH
    return tokens.view(n, h, w, -1, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(n, -1, 2 * h, 2 * w)


def label_targets(maps: Tensor) -> Tensor:
    """Turn label maps (n, height / 8, width / 8, 2) into (n, tokens, LABELS): cover, shares of kinds, of colours."""
    n, h, w, _ = maps.shape
    side = PATCH // CELL
    cells = maps.view(n, h // side, side, w // side, side, 2).permute(0, 1, 3, 2, 4, 5).reshape(n, -1, CELLS, 2).long()
    kinds = torch.nn.functional.one_hot(cells[..., 0], len(KINDS) + 1).float().mean(2)
    colors = torch.nn.functional.one_hot(cells[..., 1], len(COLORS) + 1).float().mean(2)
    return torch.cat([(cells[..., 0] > 0).float(), kinds, colors], dim=-1)


class Pool:
    """This rank's shards of `shard` scenes each, by size. `autoencoder` encodes new ones; `folder` keeps them.

    `spread` is the painter's; a folder must only ever see one.
    """

    def __init__(
        self,
        folder: Path,
        autoencoder: AutoencoderKL,
        *,
        seed: int,
        rank: int = 0,
        ranks: int = 1,
        shard: int = 256,
        spread: float = 1.0,
    ) -> None:
        self.shard, self.spread = shard, spread
        self.folder, self.autoencoder, self.seed, self.rank, self.ranks = folder, autoencoder, seed, rank, ranks
        self.held: dict[tuple[int, int], list[tuple[list[Scene], Tensor, Tensor]]] = {}

    def grow(self, size: tuple[int, int], shards: int) -> None:
        """See to it that this rank holds `shards` shards of this size, encoding what is not on disk."""
        held = self.held.setdefault(size, [])
        while len(held) < shards:
            held.append(self._shard(size, len(held) * self.ranks + self.rank))

    def _scenes(self, size: tuple[int, int], number: int) -> Iterable[Scene]:
        for i in range(self.shard):
            yield sample_scene(random.Random(f"{self.seed}-{size[0]}x{size[1]}-{number}-{i}"), spread=self.spread)

    def _shard(self, size: tuple[int, int], number: int) -> tuple[list[Scene], Tensor, Tensor]:
        path = self.folder / f"{size[0]}x{size[1]}-{number:04d}.ckpt"
        scenes = list(self._scenes(size, number))
        if path.exists():
            state = checkpoint.load(path, STAGE)
            return scenes, state["latents"], state["labels"]
        maps = torch.from_numpy(np.stack([labels(scene, *size) for scene in scenes]))
        latents = []
        for at in range(0, self.shard, 16):
            pictures = torch.stack([to_tensor(paint(scene, *size)) for scene in scenes[at : at + 16]])
            latents.append(encode(self.autoencoder, pictures.to(self.autoencoder.device)).cpu())
        packed = pack(torch.cat(latents)).half()
        checkpoint.save(path, {"stage": STAGE, "latents": packed, "labels": maps})
        return scenes, packed, maps

    def batch(self, size: tuple[int, int], count: int, rng: random.Random) -> tuple[list[Scene], Tensor, Tensor]:
        """Draw scenes with latents (count, tokens, 64) and label targets (count, tokens, LABELS), both float32."""
        held = self.held[size]
        scenes, latents, maps = [], [], []
        for _ in range(count):
            shard = rng.randrange(len(held))
            i = rng.randrange(self.shard)
            scenes.append(held[shard][0][i])
            latents.append(held[shard][1][i])
            maps.append(held[shard][2][i])
        return scenes, torch.stack(latents).float(), label_targets(torch.stack(maps))


@torch.no_grad()
def encode(autoencoder: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Return the normalised latents (n, 16, h / 16, w / 16) of pictures in [-1, 1]."""
    with mixed(pictures.device):
        mean = autoencoder.encode(pictures).latent_dist.mode()  # type: ignore[union-attr]
    return normalise(autoencoder, mean.float())


def normalise(autoencoder: AutoencoderKL, raw: Tensor) -> Tensor:
    """Return the transformer's latents, of unit spread, of the encoder's raw ones."""
    return (raw - autoencoder.config["shift_factor"]) * autoencoder.config["scaling_factor"]


@torch.no_grad()
def decode(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """Return pictures in [-1, 1] of normalised latents."""
    raw = latents / autoencoder.config["scaling_factor"] + autoencoder.config["shift_factor"]
    return autoencoder.decode(raw).sample.clamp(-1, 1)  # type: ignore[union-attr]
