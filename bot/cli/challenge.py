"""`atelier challenge ...`: contests from outside the bot. Reads only, also beside a running bot."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import ConfigFile
from bot.cli.words import Declined
from bot.config import Config

app = typer.Typer(help="Challenges: count the ballots again.", no_args_is_help=True)


@app.callback()
def verbs() -> None:
    """Contests from outside the bot."""


@app.command()
def verify(
    number: Annotated[int, typer.Argument(min=1, help="The challenge's number, as `/challenge list` shows it.")],
    config: ConfigFile = None,
) -> None:
    """Count a finished challenge again from its ballots, and compare with the result that was announced."""
    for line in asyncio.run(_verify(Config.load(config), number)):
        typer.echo(line)


async def _verify(config: Config, number: int) -> list[str]:
    from db.challenges import finding, results
    from db.challenges.errors import NoSuchChallenge, WrongPhase
    from db.database import Database

    async with Database.open(config.database_url, read_only=True) as database, database.reading() as session:
        try:
            challenge = await finding.get(session, number)
            written, again = await results.verify(session, challenge)
        except NoSuchChallenge:
            raise Declined(f"there is no challenge {number}") from None
        except WrongPhase as error:
            raise Declined(f"challenge {number} is {error.phase.value}; only a finished one has a result") from None
    differing = [
        place.entry_id
        for place, counted in zip(written, again, strict=False)
        if (place.entry_id, place.score, place.low, place.high, place.ballots)
        != (counted.entry_id, counted.score, counted.low, counted.high, counted.ballots)
    ]
    if differing or len(written) != len(again):
        which = ", ".join(map(str, differing[:10])) or f"{len(written)} places, {len(again)} counted"
        raise Declined(f"challenge {number}: the ballots give another result than was announced (entries {which})")
    lines = [
        f"{place.place:4}  entry {place.entry_id:6}  {place.score:.6f}  ({place.low:.4f} to {place.high:.4f})"
        for place in written
    ]
    told = "nobody voted" if not written else f"{challenge.voters} voters, {len(written)} places"
    return [*lines, f"Challenge {number}: {told}; the ballots give the announced result"]
