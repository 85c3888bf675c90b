"""`python -m playground`: runs the stand-in alone and prints where a bot and a browser find it."""

import argparse
import asyncio
import contextlib
from pathlib import Path

from playground.server import Playground


async def _run(port: int, state_file: Path | None) -> None:
    async with Playground(port, state_file=state_file) as playground:
        print(f"chat page  {playground.url}/")
        print(f"API        {playground.api}")
        print(f"gateway    {playground.gateway_url}")
        print(f"token      {playground.token}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Parse the command line and run until interrupted."""
    parser = argparse.ArgumentParser(prog="playground", description="A stand-in for Discord on loopback.")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: 8765)")
    parser.add_argument("--folder", type=Path, help="keep messages and files here over restarts")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(asked.port, asked.folder / "playground.json" if asked.folder else None))


if __name__ == "__main__":
    main()
