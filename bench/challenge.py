"""A whole contest as people play it: 12 entrants, 40 voters in pairs, the bot started anew in every phase.

`python -m bench.challenge` plays it in the playground on the playground's clock, looks at every message for a name, and
compares the winner with two fits of the ballots that are none of ours (`tests.e2e.contest_play`).
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.report import Report, Table
from db.database import default_url
from tests.databases import migrated
from tests.e2e.contest_play import Play


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.challenge", description=__doc__)
    arguments.add_argument("--entrants", type=int, default=12)
    arguments.add_argument("--voters", type=int, default=40)
    arguments.add_argument("--pairs", type=int, default=12, help="pairs that each voter answers")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="atelier-contest-"))
    try:
        url = default_url(folder)
        migrated(url)
        play = Play(folder, url, given.entrants, given.voters, given.pairs, seed=given.seed)
        began = time.perf_counter()
        asyncio.run(play.run())
        seconds = time.perf_counter() - began
        entries, strengths, worth = play.fitted()
        placed = [row[0] for row in play.rows("SELECT entry_id FROM placings ORDER BY place")]
        rewards = play.rows("SELECT user_id, amount FROM ledger WHERE kind = 'reward'")
    finally:
        shutil.rmtree(folder)
    winners = {
        "announced": placed[0],
        "by ascent of the posterior": entries[int(np.argmax(strengths))],
        "by minorization, no prior": entries[int(np.argmax(worth))],
    }
    outcome = [
        ["votes", play.votes],
        ["restarts", play.restarts],
        ["messages looked at for a name", play.scanned],
        ["names found before the end", len(play.leaks)],
        ["public messages", play.posts],
        ["rewards", len(rewards)],
        ["requests Discord would have refused", len(play.refusals)],
        ["seconds", seconds],
    ]
    passed = len(set(winners.values())) == 1 and not play.leaks and len(rewards) == 1 and play.posts == 3
    Report(
        name="challenge",
        claim=f"{given.entrants} entrants, {given.voters} voters, a restart in each phase: ballots choose the winner, "
        "and nobody's name is visible before the end.",
        command="python -m bench.challenge",
        tables=[
            Table("Outcome", ["", "count"], outcome),
            Table("The winner", ["", "entry"], list(map(list, winners.items()))),
        ],
        notes=[f"seed {given.seed}", *play.leaks[:10]],
        packages=["discord.py", "numpy", "SQLAlchemy"],
        passed=passed,
    ).publish()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
