"""Training the autoencoder's second half alone: sharper pictures, above all small and wide ones, of the same latents.

The encoder, and with it what the transformer has learnt to draw, stays as it is.
"""

import random
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from . import checkpoint
from .autoencoder import busiest, fit, reconstruction_loss, to_tensor
from .scenes import paint, sample_scene

STAGE = "decoder"
SIDE = 128
"""Pixels of the pieces learnt from."""
SIZES: dict[tuple[int, int], float] = {
    (128, 128): 0.5, (256, 256): 0.18, (352, 192): 0.09, (192, 352): 0.09, (224, 320): 0.07, (320, 224): 0.07,
}  # fmt: skip
"""Width and height in pixels of the pictures that pieces are cut from, and how often."""


def pieces(rng: random.Random, count: int) -> Tensor:
    """Cut (count, 3, SIDE, SIDE) near things from pictures of all sizes: of twice as many those with the most edges."""
    drawn = []
    for _ in range(2 * count):
        scene = sample_scene(rng)
        width, height = rng.choices(list(SIZES), list(SIZES.values()))[0]
        near = rng.choice(scene.things) if scene.things else None
        x, y = (near.x, near.y) if near else (rng.random(), rng.random())
        left, top = (
            min(side - SIDE, max(0, round(at * side - SIDE / 2 + rng.uniform(-60, 60))))
            for at, side in ((x, width), (y, height))
        )
        drawn.append(to_tensor(paint(scene, width, height).crop((left, top, left + SIDE, top + SIDE))))
    return busiest(drawn, count)


def decoder_loss(model: AutoencoderKL, pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the reconstruction loss, twice: half of the latents as they are, half with the encoder's own noise."""
    with torch.no_grad():
        posterior = model.encode(pictures).latent_dist  # type: ignore[union-attr]
        latents, std = posterior.mean.float(), posterior.std.float()
        half = len(latents) // 2
        noise = torch.randn(latents[:half].shape, generator=generator).to(latents.device)
        latents[:half] += std[:half] * noise
    loss = reconstruction_loss(model.decode(latents).sample.float(), pictures)  # type: ignore[union-attr]
    return loss, loss.detach()


def train_decoder(
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
    """Train the decoder of `folder/vae` to `steps`, going on from `folder/decoder.ckpt` if it is there.

    `finish_decoder` puts it in its place. Raises `checkpoint.CheckpointError` on a damaged checkpoint.
    """
    torch.manual_seed(seed)
    model = AutoencoderKL.from_pretrained(folder / "vae").to(device)  # type: ignore[arg-type]
    model.encoder.requires_grad_(False)

    def ask(rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return decoder_loss(model, pieces(rng, batch).to(device), generator)

    path = folder / "decoder.ckpt"
    fit(rank, ranks, path, STAGE, model, ask, seed=seed, steps=steps, matrix_rate=0.006, device=device, say=say)


def finish_decoder(folder: Path) -> None:
    """Write the averaged decoder of the checkpoint into `folder/vae`."""
    model = AutoencoderKL.from_pretrained(folder / "vae")
    model.load_state_dict(checkpoint.load(folder / "decoder.ckpt", STAGE)["ema"])
    model.save_pretrained(folder / "vae")
