"""How well the pocket model draws what it is asked: `python -m bench.pocket` prints it, writes bench/results/pocket.md.

Held-out prompts, fixed seeds, the catalogue's default steps and guidance, the stock FluxPipeline, judged by
`engine.pocket.judge` from the pictures alone. The column "painter" is the same judge on the painter's own pictures of
the same prompts: what a perfect model would score.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from diffusers.pipelines.flux.pipeline_output import FluxPipelineOutput
from PIL import Image

from bench.pocket_prompts import CLAIMS, Asked, asked_for, relaid, right
from bench.report import Report, Table
from engine.models import POCKET, POCKET_FOLDER
from engine.pocket.judge import Judge, Reading
from engine.pocket.scenes import Category, Scene, add_filler, paint

Size = tuple[int, int]
BASE: Size = (POCKET.width, POCKET.height)
OTHER_SIZES: dict[str, Size] = {
    "2:3": (224, 320), "3:2": (320, 224), "16:9": (352, 192), "9:16": (192, 352),
    "128 square": (128, 128), "256 square": (256, 256),
}  # fmt: skip
"""The sizes held against BASE, as sides the model's autoencoder divides (multiples of 32)."""
DRAFT: Size = (128, 128)
SEEDS_EACH = 8
"""Pictures per prompt where the diversity of layouts is measured."""

Draw = Callable[[Sequence[Asked], Size], list[Image.Image]]
Check = Callable[[Scene, Reading], bool]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `lower` says that small scores are good; `unit` is "%", "points" or "x"."""

    claim: str
    must: float
    aim: float
    score: float
    painter: float
    pictures: int
    unit: str = "%"
    lower: bool = False

    def reaches(self, bound: float) -> bool:
        return self.score <= bound if self.lower else self.score >= bound

    @property
    def met(self) -> str:
        return "aim" if self.reaches(self.aim) else "must" if self.reaches(self.must) else "NO"

    @property
    def cells(self) -> list[str]:
        """The line as text, in the order of HEADER; shares come with their standard error."""
        error = ""
        if self.unit == "%":
            share = self.score / 100
            error = f" ± {100 * (share * (1 - share) / self.pictures) ** 0.5:.1f}"
        sign = "<= " if self.lower else ""
        must, aim, score, painter = (
            f"{value:.2f}x" if self.unit == "x" else f"{value:.1f} {self.unit}"
            for value in (self.must, self.aim, self.score, self.painter)
        )
        return [self.claim, sign + must, sign + aim, score + error, painter, str(self.pictures), self.met]


HEADER = ["claim", "must", "aim", "score", "painter", "pictures", "met"]


def painter(asked: Sequence[Asked], size: Size) -> list[Image.Image]:
    """Draw what was asked for as the painter does, the best a model can learn."""
    return [paint(one.scene, *size) for one in asked]


class Model:
    """The packaged model behind the stock pipeline, in batches, with a line of progress on standard error."""

    def __init__(self, weights: Path, *, steps: int, guidance: float, batch: int, device: str) -> None:
        began = time.monotonic()
        self.pipeline = FluxPipeline.from_pretrained(weights, dtype=torch.float32).to(device)
        self.loading = time.monotonic() - began
        self.pipeline.set_progress_bar_config(disable=True)
        self.steps, self.guidance, self.batch = steps, guidance, batch
        self.drawn, self.seconds, self.total = 0, 0.0, 0

    def draw(self, asked: Sequence[Asked], size: Size) -> list[Image.Image]:
        return self.draw_prompts([(one.prompt, one.seed) for one in asked], size)

    def draw_prompts(self, asked: Sequence[tuple[str, int]], size: Size) -> list[Image.Image]:
        """Draw a picture for each prompt with its seed."""
        images: list[Image.Image] = []
        for start in range(0, len(asked), self.batch):
            some = asked[start : start + self.batch]
            began = time.monotonic()
            with torch.inference_mode():
                made = self.pipeline(
                    prompt=[prompt for prompt, _ in some],
                    width=size[0],
                    height=size[1],
                    num_inference_steps=self.steps,
                    guidance_scale=self.guidance,
                    max_sequence_length=POCKET.text_tokens,
                    generator=[torch.Generator().manual_seed(seed) for _, seed in some],
                )
            assert isinstance(made, FluxPipelineOutput)
            images += list(made.images)
            self.seconds += time.monotonic() - began
            self.drawn += len(some)
            rate = self.drawn / self.seconds
            note = (
                f"\r{self.drawn}/{self.total} pictures, {rate:.1f}/s, {(self.total - self.drawn) / rate:.0f} s left   "
            )
            print(note, end="", file=sys.stderr, flush=True)
        return images


class Bench:
    """Draws and judges set after set; `keep` is a folder for the pictures, named by their verdicts, or None."""

    def __init__(self, draw: Draw, judge: Judge, *, limit: int, keep: Path | None = None) -> None:
        self.draw, self.judge, self.limit, self.keep = draw, judge, limit, keep

    def rows(self) -> list[Row]:
        """Measure every line of the table."""
        rows: list[Row] = []
        categories: list[Category] = list(dict.fromkeys(claim.category for claim in CLAIMS))
        for category in categories:
            claims = [claim for claim in CLAIMS if claim.category == category]
            results = self._shares(asked_for(category, self.limit), BASE, [claim.passes for claim in claims], category)
            for claim, (score, best) in zip(claims, results, strict=True):
                row = Row(
                    claim=claim.name, must=claim.must, aim=claim.aim, score=score, painter=best, pictures=self.limit
                )
                rows.append(row)
        return [*rows, *self._losses(), self._diversity()]

    def _losses(self) -> list[Row]:
        """What filler and other sizes cost, in points, on prompts of every category."""
        mixed = asked_for(None, self.limit)
        [(plain, best)] = self._shares(mixed, BASE, [right], "mixed")
        rng = random.Random("bench-filler")
        filled = [replace(one, prompt=add_filler(one.prompt, rng)) for one in mixed]
        [(score, _)] = self._shares(filled, BASE, [right], "filler")
        rows = [self._loss("filler and unknown words: loss", 5, 1, plain - score, 0.0)]
        for name, size in OTHER_SIZES.items():
            if size != BASE:
                [(score, own)] = self._shares(mixed, size, [right], name.replace(":", "x"))
                claim = f"{name} ({size[0]}x{size[1]}) against {BASE[0]}x{BASE[1]}: loss"
                rows.append(self._loss(claim, 10, 4, plain - score, best - own))
        return rows

    def _loss(self, claim: str, must: float, aim: float, score: float, own: float) -> Row:
        return Row(
            claim=claim, must=must, aim=aim, score=score, painter=own, pictures=self.limit, unit="points", lower=True
        )  # fmt: skip

    def _shares(
        self, asked: Sequence[Asked], size: Size, checks: Sequence[Check], name: str
    ) -> list[tuple[float, float]]:
        """Return per check how many in a hundred pass, drawn by the model and by the painter."""
        made = self.draw(asked, size)
        read, best = self.judge.read_all(made), self.judge.read_all(painter(asked, size))
        if self.keep is not None:
            folder = self.keep / name
            folder.mkdir(parents=True, exist_ok=True)
            for one, image, reading in zip(asked, made, read, strict=True):
                mark = "right" if right(one.scene, reading) else "wrong"
                image.save(folder / f"{one.seed}-{mark}-{one.prompt[:80].replace('/', ' ')}.png")

        def share(check: Check, readings: list[Reading]) -> float:
            return 100 * sum(check(one.scene, r) for one, r in zip(asked, readings, strict=True)) / len(asked)

        return [(share(check, read), share(check, best)) for check in checks]

    def _diversity(self) -> Row:
        """Hold the spread of layouts over seeds against that of the painter's own layouts of the same words."""
        prompts = [one for one in asked_for(None, self.limit) if one.scene.said_spot is None]
        prompts = prompts[: max(2, self.limit // SEEDS_EACH)]
        rng = random.Random("bench-diversity")
        many = [
            replace(one, scene=relaid(one.scene, rng), seed=5_000 + 100 * i + k)
            for i, one in enumerate(prompts)
            for k in range(SEEDS_EACH)
        ]
        made, own = (
            spread(self.judge.layout(images).reshape(len(prompts), SEEDS_EACH, -1))
            for images in (self.draw(many, BASE), painter(many, BASE))
        )
        claim = "diversity: spread of layouts over seeds against the painter's"
        return Row(claim=claim, must=0.6, aim=0.9, score=made / own, painter=1.0, pictures=len(many), unit="x")


def spread(layouts: np.ndarray) -> float:
    """Return the mean distance between the layouts (prompts, seeds, cells) of one prompt's pictures."""
    off = layouts[:, :, None] - layouts[:, None]
    pairs = layouts.shape[1] * (layouts.shape[1] - 1)
    return float((np.sqrt(np.square(off).sum(-1)).sum((1, 2)) / pairs).mean())


def four_drafts(model: Model) -> float:
    """Return the seconds that four pictures of 128 x 128 take at the default steps, the median of five tries."""
    asked = [("a red house under a starry night sky", seed) for seed in range(4)]
    times = []
    for _ in range(5):
        began = time.monotonic()
        model.draw_prompts(asked, DRAFT)
        times.append(time.monotonic() - began)
    return statistics.median(times)


def report(rows: Sequence[Row], model: Model, drafts: float) -> Report:
    """Lay the rows out; it has passed when every must is met."""
    use = [["the folder is loaded", "3 s", f"{model.loading:.2f} s"], ["four pictures", "2 s", f"{drafts:.2f} s"]]
    return Report(
        name="pocket",
        claim="How well the pocket model draws what it is asked, on combinations that its training never saw.",
        command="python -m bench.pocket",
        tables=[
            Table("Prompt following", HEADER, [row.cells for row in rows]),
            Table("In use", ["what", "must", "found"], use),
        ],
        notes=[
            "painter: the same judge on the painter's own pictures of the same prompts, what a perfect model scores;"
            " its own mistakes are in it (see engine/pocket/judge/README.md).",
            f"{model.steps} steps, guidance {model.guidance:g}, stock FluxPipeline in float32,"
            f" {model.drawn / model.seconds:.2f} pictures/s in batches of {model.batch}.",
            f"In use: stock FluxPipeline on {torch.get_num_threads()} threads, the libraries imported before;"
            f" pictures of {DRAFT[0]} x {DRAFT[1]}, median of five tries.",
        ],
        packages=["torch", "diffusers", "transformers"],
        passed=all(row.reaches(row.must) for row in rows) and model.loading < 3 and drafts < 2,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pocket", description=__doc__)
    parser.add_argument("--limit", type=int, default=256, help="pictures per line (default 256)")
    parser.add_argument("--weights", type=Path, default=POCKET_FOLDER, help="the model's folder")
    parser.add_argument("--steps", type=int, default=POCKET.steps)
    parser.add_argument("--guidance", type=float, default=POCKET.guidance)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--keep", type=Path, help="a folder for the pictures, named by their verdicts")
    parser.add_argument("--no-write", action="store_true", help="only print")
    given = parser.parse_args()
    model = Model(given.weights, steps=given.steps, guidance=given.guidance, batch=given.batch, device=given.device)
    sizes = sum(size != BASE for size in OTHER_SIZES.values())
    model.total = given.limit * (len({claim.category for claim in CLAIMS}) + 3 + sizes)
    drafts = four_drafts(model)
    model.drawn, model.seconds = 0, 0.0
    rows = Bench(model.draw, Judge.load(), limit=given.limit, keep=given.keep).rows()
    print(file=sys.stderr)
    report(rows, model, drafts).publish(save=not given.no_write)


if __name__ == "__main__":
    main()
