"""Sixty-four fixed prompts on one contact sheet: `python -m bench.pocket_sheet` writes docs/images/pocket.webp.

Prompt number i is drawn from seed i with the catalogue's steps and guidance by the stock FluxPipeline: nothing is
chosen. It measures nothing; it is there to be looked at.
"""

import argparse
from pathlib import Path

from PIL import Image

from bench.pocket import Model
from engine.models import POCKET, POCKET_FOLDER
from engine.pocket.samples import PROMPTS, contact_sheet

SHEET = Path(__file__).parent.parent / "docs" / "images" / "pocket.webp"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pocket_sheet", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=SHEET)
    parser.add_argument("--weights", type=Path, default=POCKET_FOLDER, help="the model's folder")
    parser.add_argument("--side", type=int, default=128, help="pixels of each picture on the sheet")
    given = parser.parse_args()
    model = Model(given.weights, steps=POCKET.steps, guidance=POCKET.guidance, batch=16, device="cpu")
    model.total = len(PROMPTS)
    images = model.draw_prompts([(prompt, seed) for seed, prompt in enumerate(PROMPTS)], (POCKET.width, POCKET.height))
    small = [image.resize((given.side, given.side), Image.Resampling.BOX) for image in images]
    contact_sheet(small, PROMPTS, given.output)


if __name__ == "__main__":
    main()
