"""The real bot with an engine that draws coloured cards: `python -m tests.e2e.fake_bot`, configured by environment.

Everything but the pixels is the product: the same tower, rows, files, worker, delivery and buttons.
"""

import asyncio
import os
import sys

from bot import log
from bot.__main__ import serve
from bot.config import Config
from tests.fakes import FakeEngine

SECONDS_PER_STEP = "FAKE_SECONDS_PER_STEP"
"""Environment variable: how long each step of the fake engine takes."""


def main() -> None:
    config = Config.load()
    log.setup(config.log.level, secrets=[config.token()])
    pause = float(os.environ.get(SECONDS_PER_STEP, "0.02"))
    asyncio.run(serve(config, make_engine=lambda _: FakeEngine(seconds_per_step=pause)))


if __name__ == "__main__":
    sys.exit(main())
