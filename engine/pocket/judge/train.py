"""Training the judge: paints its own samples, resumes from its checkpoint, writes the weights; a seed decides all."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.pocket import checkpoint
from engine.pocket.scenes import COLORS, KINDS

from .degrade import degrade
from .network import JudgeNetwork, Maps
from .sample import UNKNOWN, Sample
from .samples import make_sample

STAGE = "judge"
SIZES = ((112, 112), (112, 112), (112, 112), (88, 136), (136, 88), (152, 88), (88, 152))
"""Working sizes, (width, height): about the same area in the painter's aspects."""
FRESH = 3
"""One sample in this many of a batch is painted for it; the others are met again, degraded differently."""
POOL = 6000


def batch_of(pool: list[Sample], generator: torch.Generator) -> tuple[Tensor, list[Sample]]:
    """Stack pictures of one size to (n, 3, height, width) in [-1, 1], half of them mirrored with their answers."""
    samples = [_mirrored(s) if float(torch.rand((), generator=generator)) < 0.5 else s for s in pool]
    pixels = torch.from_numpy(np.stack([sample.picture for sample in samples]))
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1, samples


def _mirrored(sample: Sample) -> Sample:
    return replace(
        sample,
        picture=sample.picture[:, ::-1],
        cover=sample.cover[:, ::-1],
        things=tuple(replace(thing, x=1 - thing.x) for thing in sample.things),
    )


def judge_loss(maps: Maps, samples: list[Sample]) -> dict[str, Tensor]:
    """Return the parts of the loss by name, weighted."""
    n, h, w = maps.centre.shape
    heat = torch.zeros(n, h, w)
    spots: list[tuple[int, int, int]] = []
    kinds, colors, sizes, weights = [], [], [], []
    ys, xs = np.mgrid[0:h, 0:w]
    short = min(h, w)
    for i, sample in enumerate(samples):
        for thing in sample.things:
            cx, cy = thing.x * w - 0.5, thing.y * h - 0.5
            sigma = max(0.6, 0.12 * thing.size * short)
            bump = np.exp(-((xs - cx) ** 2 + (ys - cy) ** 2) / (2 * sigma**2)).astype(np.float32)
            bump[min(h - 1, max(0, round(cy))), min(w - 1, max(0, round(cx)))] = 1.0
            heat[i] = torch.maximum(heat[i], torch.from_numpy(bump))
            near = np.argwhere(bump > 0.55)
            for y, x in near:
                spots.append((i, int(y), int(x)))
                kinds.append(thing.kind)
                colors.append(thing.color)
                sizes.append(thing.size)
                weights.append(1 / len(near))
    cover = torch.from_numpy(np.stack([sample.cover for sample in samples])).float()
    p = maps.centre.sigmoid().clamp(1e-4, 1 - 1e-4)
    there = heat == 1
    focal = torch.where(there, (1 - p) ** 2 * -p.log(), (1 - heat) ** 4 * p**2 * -(1 - p).log())
    things = max(1, sum(len(sample.things) for sample in samples))
    parts = {
        "centre": focal.sum() / things,
        "cover": F.binary_cross_entropy_with_logits(maps.cover, cover),
    }
    if spots:
        i, y, x = (torch.tensor(part) for part in zip(*spots, strict=True))
        weight = torch.tensor(weights) / things
        parts["kind"] = (F.cross_entropy(maps.kind[i, :, y, x], torch.tensor(kinds), reduction="none") * weight).sum()
        parts["color"] = (
            F.cross_entropy(maps.color[i, :, y, x], torch.tensor(colors), reduction="none") * weight
        ).sum()
        off = (maps.size[i, y, x] - torch.tensor(sizes).log()).abs()
        parts["size"] = (off * weight).sum()
    for name in ("ground", "place", "time", "style"):
        wanted = torch.tensor([getattr(sample, name) for sample in samples])
        told = F.cross_entropy(getattr(maps, name), wanted, ignore_index=UNKNOWN, reduction="sum")
        parts[name] = 0.5 * told / (wanted != UNKNOWN).sum().clamp(min=1)
    content = torch.zeros_like(maps.content)
    asked = torch.tensor([sample.whole for sample in samples]).float()
    for i, sample in enumerate(samples):
        for thing in sample.things if sample.whole else ():
            content[i, thing.kind] = content[i, len(KINDS) + thing.color] = 1.0
    told = F.binary_cross_entropy_with_logits(maps.content, content, reduction="none").sum(1)
    parts["content"] = 0.2 * (told * asked).sum() / asked.sum().clamp(min=1)
    assert maps.content.shape[1] == len(KINDS) + len(COLORS)
    return parts


def train_judge(
    folder: Path,
    weights: Path,
    *,
    seed: int = 0,
    steps: int = 1400,
    batch: int = 32,
    total: int | None = None,
    rate: float = 3e-3,
    save_every: int = 250,
    say: Callable[[str], None] = print,
) -> None:
    """Train to `steps`, going on from `folder/judge.ckpt` if it is there, and write `weights` at every checkpoint.

    The learning rate falls over `total` steps (default `steps`). Raises `CheckpointError` on a damaged checkpoint.
    """
    torch.manual_seed(seed)
    model = JudgeNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}], lr=rate
    )
    average = {name: value.clone() for name, value in model.state_dict().items()}
    path, start = folder / "judge.ckpt", 0
    if path.exists():
        state = checkpoint.load(path, STAGE)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, start = state["average"], state["step"]
    per_step = max(1, batch // FRESH)
    run = 2 * batch  # so many samples of one size are painted before the next size's turn
    pool: dict[int, Sample] = {}

    def painted(step: int) -> list[Sample]:
        """Return the pool's samples of this step's size; the pool is the last POOL painted, also after a resume."""
        count = run * len(SIZES) * 2 + step * per_step
        for i in [i for i in pool if i < count - POOL]:
            del pool[i]
        for i in range(max(0, count - POOL, max(pool, default=-1) + 1), count):
            pool[i] = make_sample(f"{seed}-{i}", *SIZES[i // run % len(SIZES)])
        return [sample for i, sample in pool.items() if i // run % len(SIZES) == step % len(SIZES)]

    began, mean = time.monotonic(), {}
    for step in range(start, steps):
        rng = random.Random(f"{seed}-{STAGE}-{step}")
        generator = torch.Generator().manual_seed(rng.getrandbits(40))
        pictures, samples = batch_of(rng.sample(painted(step), batch), generator)
        with torch.no_grad():
            pictures = degrade(pictures, generator)
        for group in optimizer.param_groups:
            group["lr"] = rate * _factor(step, total or steps)
        model.train()
        with torch.autocast("cpu", torch.bfloat16):
            maps = model(pictures.contiguous(memory_format=torch.channels_last))
        parts = judge_loss(maps, samples)
        loss = torch.stack(list(parts.values())).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        keep = min(0.995, (step + 1) / (step + 10))
        follow(average, model, keep)
        for name, part in parts.items():
            mean[name] = 0.95 * mean.get(name, part.item()) + 0.05 * part.item()
        if (step + 1) % 50 == 0:
            speed = (step + 1 - start) * batch / (time.monotonic() - began)
            told = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
            say(f"judge {step + 1}/{steps} {told} {speed:.0f} pictures/s")
        if (step + 1) % save_every == 0 or step + 1 == steps:
            state = {"stage": STAGE, "step": step + 1, "model": model.state_dict(), "average": average}
            checkpoint.save(path, {**state, "optimizer": optimizer.state_dict()})
            write_weights(
                average, weights, {"seed": str(seed), "steps": str(step + 1), "pictures": str((step + 1) * batch)}
            )


@torch.no_grad()
def follow(average: dict[str, Tensor], model: nn.Module, keep: float) -> None:
    """Move the running average of a model's state towards its present one, in place; counters are copied."""
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - keep)
        else:
            average[name].copy_(value)


def _factor(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / 100)
    return warm * max(0.01, 0.5 * (1 + math.cos(math.pi * step / steps)))


def write_weights(average: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write the averaged weights, whole or not at all: matrices in fp16, vectors (the norms' statistics) in fp32."""
    tensors = {
        name: value.to(torch.float16 if value.ndim > 1 else torch.float32).contiguous()
        for name, value in average.items()
        if value.is_floating_point()
    }
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata=metadata)
    part.replace(path)
