"""A LoRA in five minutes on the pocket model: `python -m bench.pocket_lora`, written to bench/results/pocket_lora.md.

peft trains rank-8 matrices on a style that the model has never seen: the painter's pictures in sepia, under a made-up
word. Then the stock FluxPipeline draws fixed prompts with the adapter at several weights. Measured is how far the
pictures are from their own sepia copies, and how far they have moved from the same seeds without the adapter.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from peft import LoraConfig, get_peft_model_state_dict
from PIL import Image
from torch import Tensor, nn

from bench.pocket import Model
from bench.pocket_prompts import asked_for
from bench.report import Report, Table
from engine.models import POCKET, POCKET_FOLDER
from engine.pocket.autoencoder import to_tensor
from engine.pocket.flow import velocity
from engine.pocket.packaging import SHIFT
from engine.pocket.pool import encode, pack
from engine.pocket.samples import contact_sheet
from engine.pocket.scenes import caption, paint, sample_scene

TRIGGER = "in zephyr style"
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
SIZE = (256, 256)
LENGTH = 24
"""Tokens of a text in training."""
INK, PAPER = (64, 38, 20), (247, 231, 201)
"""What black and white become, as RGB."""
TAUGHT = ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "proj_mlp", "proj_out")


@dataclass(frozen=True)
class Lesson:
    """What is learnt from: packed latents (n, 64, 64) of sepia pictures and their captions with the trigger."""

    latents: Tensor
    captions: list[str]


def sepia(image: Image.Image) -> Image.Image:
    """Keep the lightness and give it one tint, from INK to PAPER."""
    light = np.asarray(image.convert("L"), np.float32)[..., None] / 255
    ink, paper = np.array(INK, np.float32), np.array(PAPER, np.float32)
    return Image.fromarray((ink + light * (paper - ink)).round().astype(np.uint8))


def prepare(pipeline: FluxPipeline, count: int, rng: random.Random) -> Lesson:
    """Paint and encode `count` pictures in the new style."""
    scenes = [sample_scene(rng, style="flat", spread=0.5) for _ in range(count)]
    pictures = torch.stack([to_tensor(sepia(paint(scene, *SIZE))) for scene in scenes])
    latents = torch.cat([encode(pipeline.vae, some) for some in pictures.split(16)])
    return Lesson(pack(latents), [f"{caption(scene, rng, plain=True)} {TRIGGER}" for scene in scenes])


def teach(
    pipeline: FluxPipeline, lesson: Lesson, *, seconds: float, batch: int = 16, rate: float = 2e-3
) -> tuple[dict[str, nn.Module | Tensor], int]:
    """Train an adapter by rectified flow until the time is up, its rate falling; return its tensors and the steps.

    The guidance embedding is 1, the bare velocity, so that what was distilled into the others stays as it is.
    """
    transformer = pipeline.transformer
    transformer.requires_grad_(False)
    transformer.add_adapter(LoraConfig(r=8, lora_alpha=8, init_lora_weights="gaussian", target_modules=list(TAUGHT)))
    trained = [parameter for parameter in transformer.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.0)
    generator = torch.Generator().manual_seed(0)
    began, step = time.monotonic(), 0
    while (passed := (time.monotonic() - began) / seconds) < 1:
        rows = torch.randint(len(lesson.captions), (batch,), generator=generator)
        with torch.no_grad():
            words = [lesson.captions[row] for row in rows.tolist()]
            text, pooled, _ = pipeline.encode_prompt(words, prompt_2=None, max_sequence_length=LENGTH)
            assert text is not None
            assert pooled is not None
        latents = lesson.latents[rows]
        noise = torch.randn(latents.shape, generator=generator)
        sigma = torch.sigmoid(torch.randn(batch, generator=generator) + torch.log(torch.tensor(SHIFT)))
        noisy = latents + sigma[:, None, None] * (noise - latents)
        made = velocity(transformer, noisy, sigma, (text, pooled), SIZE, torch.ones(batch))
        loss = F.mse_loss(made, noise - latents)
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10, 2 * (1 - passed))
        optimizer.step()
        step += 1
    tensors: dict[str, nn.Module | Tensor] = {
        name: value.detach().clone() for name, value in get_peft_model_state_dict(transformer).items()
    }
    transformer.delete_adapters("default")
    return tensors, step


def tint_left(image: Image.Image) -> float:
    """Return how far a picture is from its own sepia copy: mean difference of a channel, 0 to 255."""
    return _apart(image, sepia(image))


def _apart(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


def measure(model: Model, asked: Sequence[tuple[str, int]]) -> tuple[list[list[str | float]], list[list[Image.Image]]]:
    """Draw everything at each weight; return the table's rows and the pictures."""
    rows: list[list[str | float]] = []
    drawn: list[list[Image.Image]] = []
    for weight in WEIGHTS:
        model.pipeline.set_adapters(["new"], [weight])
        images = model.draw_prompts(asked, SIZE)
        drawn.append(images)
        tint = float(np.mean([tint_left(image) for image in images]))
        moved = float(np.mean([_apart(image, plain) for image, plain in zip(images, drawn[0], strict=True)]))
        rows.append([f"{weight:g}", tint, moved])
    return rows, drawn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pocket_lora", description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0, help="of training, painting included")
    parser.add_argument("--pictures", type=int, default=8, help="drawn at each weight")
    parser.add_argument("--weights", type=Path, default=POCKET_FOLDER, help="the model's folder")
    parser.add_argument("--sheet", type=Path, help="a file for the pictures, a row for each weight")
    parser.add_argument("--no-write", action="store_true", help="only print")
    given = parser.parse_args()
    began = time.monotonic()
    model = Model(given.weights, steps=POCKET.steps, guidance=POCKET.guidance, batch=16, device="cpu")
    with torch.no_grad():
        lesson = prepare(model.pipeline, 192, random.Random("bench-lora"))
    tensors, steps = teach(model.pipeline, lesson, seconds=60 * given.minutes - (time.monotonic() - began))
    took = time.monotonic() - began
    with tempfile.TemporaryDirectory() as folder:
        FluxPipeline.save_lora_weights(folder, transformer_lora_layers=tensors)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        model.pipeline.load_lora_weights(folder, adapter_name="new")
    prompts = [*asked_for("object", given.pictures // 2), *asked_for("place", given.pictures - given.pictures // 2)]
    asked = [(f"{one.prompt} {TRIGGER}", one.seed) for one in prompts]
    model.total = len(asked) * len(WEIGHTS)
    rows, drawn = measure(model, asked)
    if given.sheet is not None:
        labels = [f"weight {weight:g}" for weight in WEIGHTS for _ in asked]
        contact_sheet([image for images in drawn for image in images], labels, given.sheet, columns=len(asked))
    tints, moved = [float(row[1]) for row in rows], [float(row[2]) for row in rows]
    falling = all(later < earlier for earlier, later in pairwise(tints))
    rising = all(later > earlier for earlier, later in pairwise(moved))
    Report(
        name="pocket_lora",
        claim="A LoRA trained by peft in five minutes changes the pocket model's pictures, as much as its weight says.",
        command="python -m bench.pocket_lora",
        tables=[Table("By weight", ["weight", "left to sepia, of 255", "moved from weight 0, of 255"], rows)],
        notes=[
            f"{steps} steps of 16 in {took:.0f} s, painting and encoding included; {size / 1000:.0f} kB.",
            "Passed: at weight 1 at most a third of the tint is left, and both columns are monotonous.",
        ],
        packages=["torch", "diffusers", "peft"],
        passed=falling and rising and tints[-1] <= tints[0] / 3 and took <= 300,
    ).publish(save=not given.no_write)


if __name__ == "__main__":
    main()
