"""`python -m playground`: runs the stand-in alone and prints where a bot and a browser find it."""

import argparse
import asyncio
import signal
from pathlib import Path

from playground.server import Playground


async def _run(port: int, state_file: Path | None) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with Playground(port, state_file=state_file) as playground:
        print(f"chat page  {playground.url}/")
        print(f"API        {playground.api}")
        print(f"gateway    {playground.gateway_url}")
        print(f"token      {playground.token}", flush=True)
        await stopped.wait()


def main() -> None:
    """Parse the command line and run until interrupted; what cannot start says why and exits with 1."""
    parser = argparse.ArgumentParser(prog="playground", description="A stand-in for Discord on loopback.")
    parser.add_argument("--port", type=_port, default=8765, help="0 takes a free one (default: 8765)")
    parser.add_argument("--folder", type=Path, help="keep messages and files here over restarts")
    asked = parser.parse_args()
    try:
        asyncio.run(_run(asked.port, asked.folder / "playground.json" if asked.folder else None))
    except (OSError, ValueError) as error:
        parser.exit(1, f"playground: {error}\n")


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


if __name__ == "__main__":
    main()
