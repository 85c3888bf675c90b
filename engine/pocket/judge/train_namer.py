"""Training the namer on things cut out of samples, as loosely as the judge finds them; a seed decides all."""

import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from engine.pocket import checkpoint

from .degrade import degrade
from .namer import Namer, cut, to_tensor
from .network import KIND_CLASSES, UNSURE
from .sample import UNKNOWN
from .samples import make_sample
from .train import SIZES, follow, write_weights

STAGE = "namer"
POOL = 5_000
"""Pictures whose cuttings are kept to be met again, degraded differently."""

Off = tuple[float, float, float]
Cutting = tuple[np.ndarray, int, int, Off]
"""A cutting with its kind and colour, and how far it is off (see Namer)."""


def cuttings_of(seed: str, width: int, height: int) -> list[Cutting]:
    """Cut all things out of the sample of this seed, a little off, and now and then a place where nothing stands."""
    sample = make_sample(seed, width, height)
    rng = random.Random(f"namer-{seed}")
    places, answers = [], []
    short = min(width, height)
    for thing in sample.things:
        shift, low, high = (0.07, 0.87, 1.17) if rng.random() < 0.5 else (0.28, 0.48, 1.55)
        size = thing.size * rng.uniform(low, high)
        dx, dy = (rng.uniform(-shift, shift) * thing.size for _ in range(2))
        places.append((thing.x - dx * short / width, thing.y - dy * short / height, size))
        answers.append((thing.kind, thing.color, (dx / size, dy / size, math.log(thing.size / size))))
    if rng.random() < (0.2 if sample.things else 0.8):
        x, y, size = rng.random(), rng.random(), rng.uniform(0.2, 0.6)
        gaps = (math.hypot((x - t.x) * width, (y - t.y) * height) / short / (size + t.size) for t in sample.things)
        if min(gaps, default=1.0) > 0.3:
            places.append((x, y, size))
            answers.append((KIND_CLASSES.index(UNSURE), UNKNOWN, (0.0, 0.0, 0.0)))
    pieces = cut(Image.fromarray(sample.picture), places)
    return [(piece, *answer) for piece, answer in zip(pieces, answers, strict=True)]


def train_namer(
    folder: Path,
    weights: Path,
    *,
    seed: int = 0,
    steps: int = 900,
    total: int | None = None,
    batch: int = 96,
    pictures: int = 18,
    rate: float = 4e-3,
    save_every: int = 100,
    say: Callable[[str], None] = print,
) -> None:
    """Train to `steps`, going on from `folder/namer.ckpt` if it is there, and write `weights` at every checkpoint.

    Each step cuts up `pictures` new samples. The learning rate falls over `total` steps (default `steps`). Raises
    `CheckpointError` on a damaged checkpoint.
    """
    torch.manual_seed(seed)
    model = Namer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    path, start = folder / "namer.ckpt", 0
    if path.exists():
        state = checkpoint.load(path, STAGE)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, start = state["average"], state["step"]
    pool: dict[int, list[Cutting]] = {}
    began, mean = time.monotonic(), {}
    for step in range(start, steps):
        count = (step + 8) * pictures
        for i in [i for i in pool if i < count - POOL]:
            del pool[i]
        for i in range(max(0, count - POOL, max(pool, default=-1) + 1), count):
            pool[i] = cuttings_of(f"{seed}-cut-{i}", *SIZES[i % len(SIZES)])
        cuttings = [one for some in pool.values() for one in some]
        rng = random.Random(f"{seed}-{STAGE}-{step}")
        generator = torch.Generator().manual_seed(rng.getrandbits(40))
        chosen = rng.sample(cuttings, min(batch, len(cuttings)))
        pieces = to_tensor([one[0] for one in chosen])
        kinds, colors, offs = (torch.tensor([one[k] for one in chosen]) for k in (1, 2, 3))
        mirrored = torch.rand(len(chosen), generator=generator) < 0.5
        pieces[mirrored] = pieces[mirrored].flip(-1)
        offs[mirrored, 0] *= -1
        for group in optimizer.param_groups:
            group["lr"] = rate * _factor(step, total or steps)
        model.train()
        with torch.autocast("cpu", torch.bfloat16):
            kind, color, off = model(degrade(pieces, generator, strength=0.8))
        standing = colors != UNKNOWN
        losses = (
            F.cross_entropy(kind, kinds),
            F.cross_entropy(color, colors, ignore_index=UNKNOWN),
            3 * (off - offs).abs().mean(1)[standing].sum() / standing.sum().clamp(min=1),
        )
        optimizer.zero_grad()
        sum(losses, torch.zeros(())).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        keep = min(0.98, (step + 1) / (step + 10))
        follow(average, model, keep)
        right = (kind.argmax(1) == kinds).float().mean().item()
        for name, value in (
            ("kind", losses[0].item()),
            ("color", losses[1].item()),
            ("off", losses[2].item() / 3),
            ("right", right),
        ):
            mean[name] = 0.9 * mean.get(name, value) + 0.1 * value
        if (step + 1) % 20 == 0:
            speed = (step + 1 - start) * batch / (time.monotonic() - began)
            told = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
            say(f"namer {step + 1}/{steps} {told} {speed:.0f} cuttings/s")
        if (step + 1) % save_every == 0 or step + 1 == steps:
            state = {"stage": STAGE, "step": step + 1, "model": model.state_dict(), "average": average}
            checkpoint.save(path, {**state, "optimizer": optimizer.state_dict()})
            write_weights(average, weights, {"seed": str(seed), "steps": str(step + 1)})


def _factor(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / 40)
    return warm * max(0.01, 0.5 * (1 + math.cos(math.pi * step / steps)))
