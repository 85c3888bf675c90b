"""The real bot with a watch on its event loop: `python -m bench.watched_bot FILE` writes the lags to FILE at the end.

A lag is how much later than asked a sleep of ten milliseconds ends: what the loop could not do meanwhile.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from bot import log
from bot.__main__ import serve
from bot.config import Config

PERIOD = 0.01


async def watched(config: Config, file: Path) -> None:
    lags: list[float] = []

    async def watch() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(PERIOD)
            lags.append(time.perf_counter() - asked - PERIOD)

    watching = asyncio.create_task(watch())
    try:
        await serve(config)
    finally:
        watching.cancel()
        file.write_text(json.dumps(lags))


def main() -> None:
    config = Config.load()
    log.setup(config.log.level, secrets=[config.token()])
    asyncio.run(watched(config, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
