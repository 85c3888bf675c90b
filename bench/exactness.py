"""The promise of exactness, whole: 64 requests drawn in company, each against diffusers' own pipeline alone.

Everything differs: prompts, seeds, 4 to 50 steps, guidance, sizes, schedulers, negatives, none to four LoRAs; they
arrive at random and some are given up midway. Then pictures with cached steps, in company against by themselves.
`python -m bench.exactness`
"""

import argparse
import asyncio
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from bench.comparing import PROMPTS, Latents, drawn, in_company, psnr
from bench.report import Report, Table
from bench.stock import Stock
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.requests import SCHEDULERS, ImageRequest, LoraUse
from tests.engine.lora.making import save

REQUESTS = 64
LORAS = 6
KINDS = {"words": "FluxPipeline", "picture": "FluxImg2ImgPipeline", "mask": "FluxInpaintPipeline"}
"""What a request begins with, and the pipeline that it is held against."""
LEAST_DECIBELS, MOST_DIFFERENCE = 60.0, 1e-4


def requests(names: Sequence[str], *, seed: int = 0) -> list[ImageRequest]:
    """Every combination that the engine promises to draw exactly, by lot."""
    dice = random.Random(seed)
    return [_request(dice, names, number) for number in range(REQUESTS)]


def _request(dice: random.Random, names: Sequence[str], number: int) -> ImageRequest:
    side = dice.choice((64, 96))
    scheduler = SCHEDULERS[number % len(SCHEDULERS)] if number % 2 else "euler"
    begun = scheduler in ("euler", "ddim") and number % 4 == 0
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rectangle((0, 0, side // 2, side), fill=255)
    picture = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    return ImageRequest(
        model="pocket",
        prompt=dice.choice(PROMPTS),
        negative_prompt=dice.choice(("", "", "people, text")),
        width=side,
        height=side,
        steps=dice.randint(4, 50),
        guidance=dice.choice((1.5, 2.5, 3.5, 4.0)),
        seeds=(dice.randrange(2**32),),
        scheduler=scheduler,
        image=picture if begun else None,
        strength=dice.choice((0.4, 0.7, 1.0)) if begun else None,
        mask=mask if begun and number % 8 == 0 else None,
        loras=tuple(
            LoraUse(name=name, weight=dice.choice((0.4, 0.8, 1.0, -0.5)))
            for name in dice.sample(names, dice.choice((0, 0, 1, 2, 4)))
        ),
    )


async def compared(folder: Path) -> tuple[list[tuple[str | int | float, ...]], bool]:
    """All of them: the table's rows, and whether every bound holds."""
    stock = Stock(POCKET)
    files = {f"lora {n}": save(stock.pipeline, folder / f"{n}.safetensors", n, text=n == 0) for n in range(LORAS)}
    stock = Stock(POCKET, loras=files)
    wished = requests(list(files))
    given_up = list(range(5, REQUESTS, 9))
    latents = Latents()
    async with Engine(Catalogue(), device="cpu", dtype="float32", find_lora=files.__getitem__) as engine:
        await engine.ready()
        with latents.kept(engine):
            company = await in_company(engine, wished, cancelled=given_up, within=10)
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for index, (request, pictures) in enumerate(zip(wished, company, strict=True)):
        if pictures is None:
            assert index in given_up
            continue
        expected, image = stock.draw(request)
        difference = float((latents.of(pictures.images[0]) - expected).abs().max())
        found[_kind(request)].append((psnr(pictures.images[0], image), difference))
    pairs = {f"{len(found[kind])} in company against {name} alone": found[kind] for kind, name in KINDS.items()}
    pairs["16 with cached steps, in company against alone"] = await _cached()
    rows = [
        (what, min(dB for dB, _ in some), statistics.median(dB for dB, _ in some), max(apart for _, apart in some))
        for what, some in pairs.items()
    ]
    held = all(least >= LEAST_DECIBELS and most <= MOST_DIFFERENCE for _, least, _, most in rows)
    return rows, held


def _kind(request: ImageRequest) -> str:
    return "words" if request.image is None else "picture" if request.mask is None else "mask"


async def _cached() -> list[tuple[float, float]]:
    catalogue = Catalogue({"pocket": replace(POCKET, step_cache=0.1)})
    plain = {"steps": 28, "image": None, "strength": None, "mask": None, "loras": ()}
    wished = [replace(one, **plain) for one in requests(["-"] * 4, seed=7)]
    latents = Latents()
    async with Engine(catalogue, device="cpu", dtype="float32") as engine:
        await engine.ready()
        with latents.kept(engine):
            company = await in_company(engine, wished[:16], within=2)
            alone = [await drawn(engine, request) for request in wished[:16]]
    pairs = [(one.images[0], other.images[0]) for one, other in zip(company, alone, strict=True) if one and other]
    return [(psnr(a, b), float((latents.of(a) - latents.of(b)).abs().max())) for a, b in pairs]


async def main() -> None:
    with TemporaryDirectory() as name:
        rows, held = await compared(Path(name))
    Report(
        name="exactness",
        claim="A picture drawn in company is the stock pipeline's picture, drawn alone",
        command="python -m bench.exactness",
        tables=[Table("fp32", ("requests", "least dB", "median dB", "largest difference of latents"), rows)],
        notes=[
            f"Bounds: {LEAST_DECIBELS:g} dB, {MOST_DIFFERENCE:g}. Every ninth of {REQUESTS} was given up midway.",
            "Heun, DPM++ and UniPC are compared with a plain loop over diffusers' own schedulers, which its pipeline "
            "cannot drive.",
        ],
        packages=("torch", "diffusers", "peft"),
        passed=held,
    ).publish()


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m bench.exactness", description=__doc__).parse_args()
    asyncio.run(main())
