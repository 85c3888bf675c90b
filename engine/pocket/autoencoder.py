"""Training the autoencoder: pictures 16 times smaller, in 16 channels; latents kept smooth for the transformer."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image
from torch import Tensor

from . import checkpoint
from .muon import Optimizer, rate_factor
from .precision import mixed
from .ranks import average_gradients
from .scenes import paint, sample_scene

STAGE = "autoencoder"
BLOCKS = (16, 16, 32, 96, 160)
SIDE = 128
"""Pixels of the pieces learnt from."""
SIZES: dict[tuple[int, int], float] = {
    (128, 128): 0.5, (256, 256): 0.18, (352, 192): 0.09, (192, 352): 0.09, (224, 320): 0.07, (320, 224): 0.07,
}  # fmt: skip
"""Width and height in pixels of the pictures that pieces are cut from, and how often."""
KL = 0.004
"""Weight of the latents' divergence from a unit normal distribution."""


def build_autoencoder(blocks: tuple[int, ...] = BLOCKS) -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * len(blocks),  # type: ignore[arg-type]
        up_block_types=("UpDecoderBlock2D",) * len(blocks),  # type: ignore[arg-type]
        block_out_channels=blocks,  # type: ignore[arg-type]
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=8,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        sample_size=256,
        scaling_factor=1.0,
        shift_factor=0.0,
    )


def to_tensor(image: Image.Image) -> Tensor:
    """Turn an RGB picture into (3, height, width) in [-1, 1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def pieces(rng: random.Random, count: int) -> tuple[Tensor, Tensor]:
    """Cut (count, 3, SIDE, SIDE) near things from painted pictures of all SIZES, and tell which are whole small ones.

    Of twice as many those with the most edges are kept: there the errors are.
    """
    drawn: list[tuple[Tensor, bool]] = []
    for _ in range(2 * count):
        scene = sample_scene(rng)
        width, height = rng.choices(list(SIZES), list(SIZES.values()))[0]
        near = rng.choice(scene.things) if scene.things else None
        x, y = (near.x, near.y) if near else (rng.random(), rng.random())
        left, top = (
            min(side - SIDE, max(0, round(at * side - SIDE / 2 + rng.uniform(-60, 60))))
            for at, side in ((x, width), (y, height))
        )
        piece = paint(scene, width, height).crop((left, top, left + SIDE, top + SIDE))
        drawn.append((to_tensor(piece), width == height == SIDE))
    drawn.sort(key=lambda one: _edges(one[0]), reverse=True)
    pictures, small = zip(*drawn[:count], strict=True)
    return torch.stack(pictures), torch.tensor(small)


def _edges(picture: Tensor) -> float:
    return float(picture.diff(dim=-1).abs().mean() + picture.diff(dim=-2).abs().mean())


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """L1, L2 and the L1 of horizontal and vertical differences (edges)."""
    off = made - wanted
    edges = off.diff(dim=-1).abs().mean() + off.diff(dim=-2).abs().mean()
    return off.abs().mean() + off.square().mean() + edges


def divergence(mean: Tensor, std: Tensor) -> Tensor:
    """Return the mean Kullback-Leibler divergence of these normal distributions from the unit one, per number."""
    return 0.5 * (mean.square() + std.square() - 1 - 2 * std.log()).mean()


def autoencoder_loss(model: AutoencoderKL, pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the loss to train on and the plain reconstruction loss.

    A third of the batch is decoded from mirrored or transposed latents against equally turned pictures, a sixth also
    from halved latents against halved pictures, all with noise: neighbours in latent space then look alike.
    """
    posterior = model.encode(pictures).latent_dist  # type: ignore[union-attr]
    mean, std = posterior.mean.float(), posterior.std.float()
    latents = mean + std * torch.randn(mean.shape, generator=generator).to(mean.device)
    turned = len(pictures) // 3
    kind = int(torch.randint(3, (), generator=generator))
    wanted = pictures
    if turned:

        def turn(x: Tensor) -> Tensor:
            return x.flip(-1) if kind == 0 else x.flip(-2) if kind == 1 else x.transpose(-1, -2)

        latents = torch.cat([turn(latents[:turned]), latents[turned:]])
        wanted = torch.cat([turn(pictures[:turned]), pictures[turned:]])
    made = model.decode(latents).sample.float()  # type: ignore[union-attr]
    plain = reconstruction_loss(made, wanted)
    loss = plain + KL * divergence(mean, std)
    few = max(1, len(pictures) // 6)
    small = model.decode(F.avg_pool2d(latents[-few:], 2)).sample.float()  # type: ignore[union-attr]
    loss = loss + 0.1 * reconstruction_loss(small, F.avg_pool2d(wanted[-few:], 2))
    return loss, plain.detach()


def train_autoencoder(
    rank: int,
    ranks: int,
    folder: Path,
    *,
    seed: int,
    steps: int,
    batch: int = 8,
    device: str = "cpu",
    say: Callable[[str], None] = print,
    begin: AutoencoderKL | None = None,
) -> None:
    """Train to `steps`, going on from `folder/autoencoder.ckpt` if it is there, else from `begin` or from nothing."""
    torch.manual_seed(seed)
    model = build_autoencoder().to(device)  # type: ignore[arg-type]
    if begin is not None:
        model.load_state_dict(begin.state_dict())

    def ask(rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return autoencoder_loss(model, pieces(rng, batch)[0].to(device), generator)

    path = folder / "autoencoder.ckpt"
    fit(rank, ranks, path, STAGE, model, ask, seed=seed, steps=steps, matrix_rate=0.012, device=device, say=say)


def fit(
    rank: int,
    ranks: int,
    path: Path,
    stage: str,
    model: AutoencoderKL,
    ask: Callable[[random.Random, torch.Generator], tuple[Tensor, Tensor]],
    *,
    seed: int,
    steps: int,
    matrix_rate: float,
    device: str,
    say: Callable[[str], None],
    save_every: int = 100,
) -> None:
    """Train what of `model` wants gradients to `steps`, from the checkpoint at `path` if there is one.

    `ask` draws a batch and returns the loss to train on and the one to report. Checkpoints keep averaged weights too.
    """
    optimizer = Optimizer(
        model.named_parameters(),
        matrix_rate=matrix_rate,
        rest_rate=matrix_rate / 6,
        adam_only=("conv_in", "conv_out", "shortcut"),
        rank=rank,
        ranks=ranks,
    )
    average_model = {name: value.clone() for name, value in model.state_dict().items()}
    start = 0
    if path.exists():
        state = checkpoint.load(path, stage)
        model.load_state_dict(state["model"])
        average_model = state["ema"]
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    began, mean_loss = time.monotonic(), 0.0
    for step in range(start, steps):
        rng = random.Random(f"{seed}-{stage}-{step}-{rank}")
        generator = torch.Generator().manual_seed(rng.getrandbits(40))
        with mixed(device):
            loss, plain = ask(rng, generator)
        loss.backward()
        average_gradients(optimizer.parameters, ranks)
        norm = torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step(rate_factor(step, steps=steps, warm=40, decay=0.45))
        keep = min(0.99, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average_model[name].lerp_(value, 1 - keep)
        mean_loss = float(plain) if step == start else 0.95 * mean_loss + 0.05 * float(plain)
        if rank == 0 and step % 25 == 0:
            rate = (step - start + 1) / (time.monotonic() - began)
            say(f"{stage} {step}/{steps} loss {mean_loss:.4f} norm {float(norm):.2f} {60 * rate:.0f} steps/min")
        if rank == 0 and ((step + 1) % save_every == 0 or step + 1 == steps):
            state = {
                "stage": stage,
                "step": step + 1,
                "model": model.state_dict(),
                "ema": average_model,
                "optimizer": optimizer.state_dict(),
            }
            checkpoint.save(path, state)
            sample = build_autoencoder()
            sample.load_state_dict(average_model)
            large = quality(sample, path.with_suffix(".png"))
            say(f"{stage} {step + 1}: {large:.2f} dB, at 128 x 128 {quality(sample, side=128):.2f} dB")


@torch.no_grad()
def quality(model: AutoencoderKL, sheet: Path | None = None, *, count: int = 16, side: int = 256) -> float:
    """Return the mean PSNR in dB over `count` fixed square pictures; write them and their copies to `sheet`."""
    rng = random.Random(7)
    pictures = torch.stack([to_tensor(paint(sample_scene(rng, held=None), side, side)) for _ in range(count)])
    with mixed("cpu"):
        made = model.decode(model.encode(pictures).latent_dist.mode()).sample.float().clamp(-1, 1)  # type: ignore[union-attr]
    psnr = -10 * torch.log10(((made - pictures) / 2).square().mean((1, 2, 3)))
    if sheet is not None:
        half = count // 2
        rows = [pictures[:half], made[:half], pictures[half:], made[half:]]
        grid = torch.cat([torch.cat(list(row), dim=-1) for row in rows], dim=-2)
        Image.fromarray(((grid.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()).save(sheet)
    return float(psnr.mean())


@torch.no_grad()
def finish_autoencoder(folder: Path, *, seed: int, count: int = 48) -> AutoencoderKL:
    """Take the averaged weights, measure the latents' mean and spread over `count` pictures, and write `folder/vae`."""
    state = checkpoint.load(folder / "autoencoder.ckpt", STAGE)
    model = build_autoencoder().eval()
    model.load_state_dict(state["ema"])
    rng = random.Random(f"{seed}-{STAGE}-scale")
    pictures = torch.stack([to_tensor(paint(sample_scene(rng), 256, 256)) for _ in range(count)])
    with mixed("cpu"):
        latents = model.encode(pictures).latent_dist.mode().float()  # type: ignore[union-attr]
    model.register_to_config(shift_factor=float(latents.mean()), scaling_factor=float(1 / latents.std()))
    model.save_pretrained(folder / "vae")
    return model
