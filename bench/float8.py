"""What keeping the large weights in float8 changes in the pocket model's pictures: `python -m bench.float8`.

Drawn by diffusers' own pipeline under its own layerwise casting, which is what the plan "float8" uses; that the engine
draws the same then, `tests/engine/test_float8.py` says.
"""

import argparse
import statistics

import torch

from bench.comparing import PROMPTS, psnr
from bench.report import Report, Table
from bench.stock import Stock
from engine.models import POCKET
from engine.requests import ImageRequest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    requests = [
        ImageRequest(
            model="pocket",
            prompt=prompt,
            width=POCKET.width,
            height=POCKET.height,
            steps=POCKET.steps,
            guidance=POCKET.guidance,
            seeds=(seed,),
        )
        for seed, prompt in enumerate(PROMPTS)
    ]
    plain, rounded, half = Stock(POCKET), Stock(POCKET), Stock(POCKET)
    rounded.pipeline.transformer.enable_layerwise_casting(torch.float8_e4m3fn, torch.float32)
    half.pipeline.to(dtype=torch.bfloat16)
    exact = [plain.draw(request)[1] for request in requests]
    found = [
        [psnr(picture, stock.draw(request)[1]) for stock in (rounded, half)]
        for picture, request in zip(exact, requests, strict=True)
    ]
    medians = [statistics.median(column) for column in zip(*found, strict=True)]
    Report(
        name="float8",
        claim="How far a picture is from that in float32: with weights kept in float8, and with bfloat16 throughout.",
        command="python -m bench.float8",
        tables=[
            Table(
                title="PSNR against float32, dB",
                columns=("prompt", "weights kept in float8", "bfloat16 throughout"),
                rows=[
                    *((prompt, *decibels) for prompt, decibels in zip(PROMPTS, found, strict=True)),
                    ("median", *medians),
                ],
            )
        ],
        notes=[
            f"the packaged pocket model, {POCKET.width} x {POCKET.height}, {POCKET.steps} steps, each its seed",
            "FLUX.1 has other weights, of which this says nothing",
        ],
        packages=("torch", "diffusers"),
    ).publish(save=not arguments.no_save)


if __name__ == "__main__":
    main()
