"""How fast interactions are acknowledged while the engine draws: `python -m bench.ack`.

The real bot with the pocket model, a queue of long jobs so that the device never rests, and bursts of commands and
presses from several people at once. Discord gives three seconds; the playground clocks each answer.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bot_process import PEOPLE, Bot
from bench.report import Report, Table
from playground import Interaction, Playground

AIM = {"p50": 50.0, "p99": 250.0, "max": 2000.0}
"""Milliseconds; `max` is a must."""

Ask = Callable[[str], Awaitable[Interaction]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Milliseconds from interaction to answer by kind, what got none, loop lags in ms, pictures drawn meanwhile."""

    answers: dict[str, list[float]]
    failed: list[str]
    lags: list[float]
    drawn: int


async def measure(*, interactions: int, burst: int, folder: Path) -> Measured:
    lags = folder / "lags.json"
    async with Playground(state_file=folder / "discord.json", rate_limits=False) as playground:
        bot = Bot("bench.watched_bot", folder, playground, str(lags), ATELIER_QUEUE__WAITING_TOTAL="10000")
        await bot.start()
        try:
            first = await playground.person(PEOPLE[0]).slash("studio", "imagine", prompt="a red house", count=4)
            card = first.message
            assert card is not None, first.reason
            await playground.wait_for(lambda: len(card["attachments"]) == 4, 300, what="the first job never ended")
            for _ in range(20):
                await playground.person(PEOPLE[0]).slash("gallery", "imagine", prompt="a blue boat --steps 50", count=4)
            asks = _asks(playground, card["id"])
            answers: dict[str, list[float]] = defaultdict(list)
            failed: list[str] = []
            kinds = itertools.cycle(asks.items())
            people = itertools.cycle(PEOPLE)
            for start in range(0, interactions, burst):
                size = min(burst, interactions - start)
                chosen = [(next(kinds), next(people)) for _ in range(size)]
                done = await asyncio.gather(*(ask(person) for (_, ask), person in chosen))
                for ((kind, _), _), row in zip(chosen, done, strict=True):
                    if row.answered_after is None:
                        failed.append(f"{kind}: {row.reason}")
                    else:
                        answers[kind].append(row.answered_after * 1000)
                print(f"\r{start + size}/{interactions} interactions   ", end="", file=sys.stderr, flush=True)
                await asyncio.sleep(0.5)
            drawn = sum(len(message["attachments"]) for message in playground.messages("gallery"))
            await bot.stop()
        finally:
            if bot.process is not None and bot.process.returncode is None:
                bot.process.kill()
                await bot.process.wait()
    return Measured(
        answers=answers, failed=failed, lags=[lag * 1000 for lag in json.loads(lags.read_text())], drawn=drawn
    )


def _asks(playground: Playground, grid: str) -> dict[str, Ask]:
    return {
        "/imagine": lambda name: playground.person(name).slash("challenges", "imagine", prompt="a green tree"),
        "/queue": lambda name: playground.person(name).slash("general", "queue"),
        "/info": lambda name: playground.person(name).slash("general", "info"),
        "U1": lambda name: playground.person(name).click(grid, "U1"),
        "/history": lambda name: playground.person(name).slash("general", "history"),
        "refused /imagine": lambda name: playground.person(name).slash("general", "imagine", prompt="x --sede 4"),
    }


def spread(values: Sequence[float]) -> list[float]:
    """p50, p99, max."""
    if len(values) < 2:
        return [float("nan")] * 3
    cuts = statistics.quantiles(values, n=100)
    return [cuts[49], cuts[98], max(values)]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.ack", description=__doc__)
    arguments.add_argument("--interactions", type=int, default=500)
    arguments.add_argument("--burst", type=int, default=20, help="how many at once")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="atelier-ack-") as folder:
        found = asyncio.run(measure(interactions=given.interactions, burst=given.burst, folder=Path(folder)))
    everything = [value for values in found.answers.values() for value in values]
    passed = not found.failed and max(everything) < AIM["max"]
    Report(
        name="ack",
        claim="Interactions in bursts are acknowledged in time while the engine draws.",
        command="python -m bench.ack",
        tables=[
            Table(
                "Milliseconds to the acknowledgement",
                ["interaction", "count", "p50", "p99", "max"],
                [
                    *([kind, len(values), *spread(values)] for kind, values in found.answers.items()),
                    ["all", len(everything), *spread(everything)],
                    ["aim (max: must)", "", *AIM.values()],
                ],
            ),
            Table("Loop lag, milliseconds", ["samples", "p50", "p99", "max"], [[len(found.lags), *spread(found.lags)]]),
        ],
        notes=[
            f"bursts of {given.burst}; {found.drawn} pictures were drawn meanwhile",
            "bot, playground and engine share the cores",
            *(f"no answer: {line}" for line in found.failed),
        ],
        packages=["discord.py", "aiohttp", "torch", "diffusers"],
        passed=passed,
    ).publish()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
