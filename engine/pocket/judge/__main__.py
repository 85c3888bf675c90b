"""`python -m engine.pocket.judge train` makes the judge's weights; `... validate` measures them on fresh pictures."""

import argparse
from pathlib import Path

import torch

from . import train, train_namer, validate
from .judging import FINDING, NAMING, WEIGHTS, Judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.pocket.judge", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("train", help="train from nothing, or go on from the checkpoint")
    verb.add_argument("--checkpoints", type=Path, default=Path(".pocket/judge"))
    verb.add_argument("--weights", type=Path, default=WEIGHTS)
    verb.add_argument("--steps", type=int, default=1400, help="of the finding network")
    verb.add_argument("--namer-steps", type=int, default=900)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--threads", type=int, default=1)
    verb = verbs.add_parser("validate", help="measure it on fresh held-out pictures, as a table")
    verb.add_argument("--weights", type=Path, default=WEIGHTS)
    verb.add_argument("--count", type=int, default=240, help="pictures per line")
    verb.add_argument("--seed", type=int, default=1)
    verb.add_argument("--threads", type=int, default=1)
    verb.add_argument("--autoencoder", type=Path, help="spoil by this autoencoder's folder instead of blur and noise")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.verb == "validate":
        print("| | clean | spoiled | pictures |\n|---|---|---|---|")
        spoil = validate.through(given.autoencoder) if given.autoencoder else validate.degraded
        for line in validate.validate(Judge.load(given.weights), count=given.count, seed=given.seed, spoil=spoil):
            print(f"| {line.name} | {100 * line.clean:.1f} % | {100 * line.spoiled:.1f} % | {line.count} |")
        return
    train.train_judge(given.checkpoints, given.weights / FINDING, seed=given.seed, steps=given.steps)
    train_namer.train_namer(given.checkpoints, given.weights / NAMING, seed=given.seed, steps=given.namer_steps)


if __name__ == "__main__":
    main()
