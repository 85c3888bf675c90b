"""Training the autoencoder further without a change of what the transformer has learnt to draw.

The latents of large pictures are held where they are; those of small ones may move, where the encoder needs it most.
"""

import random
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from . import checkpoint
from .autoencoder import KL, divergence, fit, pieces, reconstruction_loss
from .pool import encode, normalise

STAGE = "sharpening"
HOLD = 0.3
"""Weight of the mean square way that a large picture's normalised latents have moved; 0.013 is what came of it."""


def sharpening_loss(
    model: AutoencoderKL, before: AutoencoderKL, pictures: Tensor, small: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the loss to train on and the plain reconstruction loss; half of the latents carry the encoder's own noise.

    `before` is the model as it was; `small` (n,) tells which of the pictures are whole small ones.
    """
    posterior = model.encode(pictures).latent_dist  # type: ignore[union-attr]
    mean, std = posterior.mean.float(), posterior.std.float()
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    noise[::2] = 0
    plain = reconstruction_loss(model.decode(mean + std * noise).sample.float(), pictures)  # type: ignore[union-attr]
    moved = (normalise(model, mean) - encode(before, pictures)).square().mean((1, 2, 3))
    return plain + KL * divergence(mean, std) + HOLD * (moved * ~small).mean(), plain.detach()


def sharpen(
    rank: int,
    ranks: int,
    folder: Path,
    *,
    seed: int,
    steps: int,
    batch: int = 8,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> None:
    """Train what is in `folder/vae` to `steps`, going on from `folder/sharpening.ckpt` if it is there.

    `finish_sharpening` puts it in its place. Raises `checkpoint.CheckpointError` on a damaged checkpoint.
    """
    torch.manual_seed(seed)
    model, before = (AutoencoderKL.from_pretrained(folder / "vae").to(device) for _ in range(2))  # type: ignore[arg-type]
    before.requires_grad_(False)

    def ask(rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        pictures, small = pieces(rng, batch)
        return sharpening_loss(model, before, pictures.to(device), small.to(device), generator)

    path = folder / "sharpening.ckpt"
    fit(rank, ranks, path, STAGE, model, ask, seed=seed, steps=steps, matrix_rate=0.006, device=device, say=say)


def finish_sharpening(folder: Path) -> None:
    """Write the checkpoint's averaged weights into `folder/vae`; scale and shift of its latents stay."""
    model = AutoencoderKL.from_pretrained(folder / "vae")
    model.load_state_dict(checkpoint.load(folder / "sharpening.ckpt", STAGE)["ema"])
    model.save_pretrained(folder / "vae")
