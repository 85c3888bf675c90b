"""The whole recipe: from nothing to the packaged folder, stage by stage, each going on from its last checkpoint.

`python -m engine.pocket.train` and `atelier pocket train` run it. Stages: autoencoder, its sharpening, text side,
transformer (which makes its pool of latents on the way and ends with distilled guidance), package.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from . import checkpoint, course
from .autoencoder import finish_autoencoder, train_autoencoder
from .course import Plan, train_flow
from .flow import Learner
from .packaging import Parts, package, unpackage
from .ranks import barrier, launch
from .samples import PROMPTS, contact_sheet, draw
from .sharpening import finish_sharpening, sharpen
from .text import train_text

WEIGHTS = Path(__file__).parent / "weights"
"""The packaged folder in the repository."""


def _default_plan() -> Plan:
    return Plan(steps=3000, small_steps=400)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Steps of each stage; the default is what the packaged weights were meant to have on two CPU cores.

    Going on from packaged weights, `autoencoder_steps` and `sharpen_steps` come on top. Without `autoencoder_steps` the
    latent space stays as it is: sharpening changes how latents look, and what they mean in small pictures only.
    """

    autoencoder_steps: int = 780
    sharpen_steps: int = 3000
    text_steps: int = 400
    flow: Plan = field(default_factory=_default_plan)


def train(
    folder: Path,
    *,
    seed: int = 0,
    device: str = "auto",
    minutes: float | None = None,
    ranks: int | None = None,
    recipe: Recipe | None = None,
    weights: Path | None = None,
    go_on: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Run every stage in `folder` and package to `weights` (default: the repository's own); returns that folder.

    Safe to stop at any time: a later call goes on from the last checkpoints. `device` is "cpu", "cuda" or "auto";
    `minutes` ends the transformer's training by the clock, its learning rate falling in time; `ranks` is the number
    of single-thread processes on a CPU (default: 2, on a GPU 1). With `go_on` and no transformer checkpoint in `folder`
    the packaged `weights` are trained further (all sizes from the first step on, the optimiser afresh) instead of
    starting from nothing. `say` gets one line per report. Raises `checkpoint.CheckpointError` on a damaged
    checkpoint, OSError if packaged weights to go on from cannot be read.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = recipe or (Recipe(autoencoder_steps=0, sharpen_steps=0) if go_on else Recipe())
    if device != "cpu":
        recipe = replace(recipe, flow=replace(recipe.flow, batch=256, small_batch=512, first_shards=64))
    if minutes is not None:
        recipe = replace(recipe, flow=replace(recipe.flow, minutes=minutes, steps=10**6))
    folder.mkdir(parents=True, exist_ok=True)
    weights = weights or WEIGHTS
    origin = weights if go_on and not (folder / "flow.ckpt").exists() else None
    if origin is not None:
        recipe = replace(recipe, flow=replace(recipe.flow, small_steps=0))
    launch(_stages, folder, seed, device, recipe, say, origin, ranks=1 if device != "cpu" else ranks or 2)
    return export(folder, weights)


def _stages(
    rank: int,
    ranks: int,
    folder: Path,
    seed: int,
    device: str,
    recipe: Recipe,
    say: Callable[[str], None],
    origin: Path | None,
) -> None:
    begin = unpackage(origin) if origin is not None else None
    if not (folder / "vae" / "config.json").exists():
        _autoencoder(rank, ranks, folder, seed, device, recipe, say, begin)
    barrier(ranks)
    if recipe.sharpen_steps:
        sharpen(rank, ranks, folder, seed=seed, steps=recipe.sharpen_steps, device=device, say=say)
        if rank == 0:
            finish_sharpening(folder)
    if begin is None and rank == 0 and not (folder / "flow.ckpt").exists():
        train_text(folder, seed=seed, steps=recipe.text_steps, device=device, say=say)
    barrier(ranks)

    def sheet(learner: Learner, autoencoder: AutoencoderKL, step: int) -> None:
        images = draw(learner, autoencoder, PROMPTS[::4], true_guidance=2.5)
        contact_sheet(images, PROMPTS[::4], folder / f"flow-{step:06d}.png")

    train_flow(rank, ranks, folder, seed=seed, plan=recipe.flow, device=device, say=say, sample=sheet, begin=begin)


def _autoencoder(
    rank: int,
    ranks: int,
    folder: Path,
    seed: int,
    device: str,
    recipe: Recipe,
    say: Callable[[str], None],
    begin: Parts | None,
) -> None:
    """Leave the finished autoencoder in `folder/vae`."""
    steps = recipe.autoencoder_steps
    if begin is not None and steps == 0:
        if rank == 0:
            begin.autoencoder.save_pretrained(folder / "vae")
        return
    start = begin.autoencoder if begin is not None else None
    train_autoencoder(rank, ranks, folder, seed=seed, steps=steps, device=device, say=say, begin=start)
    if rank == 0:
        finish_autoencoder(folder, seed=seed)


def export(folder: Path, weights: Path) -> Path:
    """Package the averaged weights of the last checkpoint; raises `checkpoint.CheckpointError` if it is damaged."""
    learner = Learner()
    learner.load_state_dict(checkpoint.load(folder / "flow.ckpt", course.STAGE)["ema"])
    autoencoder = AutoencoderKL.from_pretrained(folder / "vae")
    package(weights, transformer=learner.transformer, autoencoder=autoencoder, text=learner.text)
    return weights


def say_now(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the pocket model from nothing to the packaged folder.")
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(".pocket/main"), help="keeps checkpoints, pools and samples"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--minutes", type=float, default=None, help="end the transformer's training by the clock")
    parser.add_argument("--ranks", type=int, default=None)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--go-on", action="store_true", help="begin from the packaged weights, not from nothing")
    parser.add_argument("--autoencoder", type=int, metavar="STEPS", help="with --go-on: train it so far first")
    parser.add_argument("--sharpen", type=int, metavar="STEPS", help="with --go-on: train it so far, latents held")
    parser.add_argument("--spread", type=float, help="how far layouts stray, 0 to 1; what it paints is kept apart")
    parser.add_argument("--compile", action="store_true", help="compile the transformer's blocks: needs a compiler")
    parser.add_argument("--export", action="store_true", help="only package the last checkpoint")
    given = parser.parse_args()
    if given.export:
        export(given.folder, given.weights)
        return
    train(
        given.folder,
        recipe=_recipe(given),
        seed=given.seed,
        device=given.device,
        minutes=given.minutes,
        ranks=given.ranks,
        weights=given.weights,
        go_on=given.go_on,
        say=say_now,
    )


def _recipe(given: argparse.Namespace) -> Recipe:
    usual = Recipe(autoencoder_steps=0, sharpen_steps=0) if given.go_on else Recipe()
    flow = replace(_default_plan(), compiled=given.compile)
    if given.spread is not None:
        flow = replace(flow, spread=given.spread)
    return replace(
        usual,
        autoencoder_steps=usual.autoencoder_steps if given.autoencoder is None else given.autoencoder,
        sharpen_steps=usual.sharpen_steps if given.sharpen is None else given.sharpen,
        flow=flow,
    )


if __name__ == "__main__":
    main()
