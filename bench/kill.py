"""`kill -9` at random moments: no accepted job may be lost, shown twice, or leave a row without its file.

`python -m bench.kill` runs the bot as a process of its own against the playground, has people ask for pictures, kills
the bot again and again, and at last looks at every promise. It knows the bot by its doors only: the chat, the database
file and the storage folder. `--bot` names the module that is killed; tests give one with a fake engine or
a broken one.
"""

import argparse
import asyncio
import contextlib
import hashlib
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.bot_process import FAKE_BOT, PEOPLE, Bot
from bench.report import Report, Table
from playground import Interaction, NotOffered, Playground

Json = dict[str, Any]

LONGEST_LIFE = 4.0
"""Seconds from a start's readiness to its end, at most, when the moment it waits for does not come; at least none."""
LINGER = 0.06
"""The longest wait, in seconds, between seeing that moment and the kill: a transaction or an edit takes this long."""
ACCEPTING, DRAWING, STORING, DELIVERING = "accepting", "drawing", "storing", "delivering"
AIMS = (None, ACCEPTING, DRAWING, STORING, DELIVERING)
"""What a kill waits for, in turns; None dies at any time."""
SECONDS_PER_STEP = "0.08"
"""Of the fake engine: a job of twelve steps takes about a second, so that most lives end within one."""
SETTLING = 300.0
"""Seconds that the last, unkilled bot has to finish what is left."""


@dataclass
class Findings:
    """What a trial saw. `broken` names every broken promise in words; empty is the only good answer."""

    jobs: int = 0
    accepted: int = 0
    unanswered: int = 0
    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    buttons: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


class Trial:
    """One run: `jobs` requests spread over `kills` deaths of the bot in `folder`."""

    def __init__(
        self, folder: Path, *, jobs: int, kills: int, seed: int, bot: str, prompts: Callable[[int], str]
    ) -> None:
        self.folder = folder
        self.wanted, self.kills = jobs, kills
        self.random = random.Random(seed)
        self.module = bot
        self.prompts = prompts
        self.findings = Findings()
        self.asked: list[Interaction] = []
        self.tell: Callable[[str], None] = lambda _: None

    async def run(self) -> Findings:
        began = time.perf_counter()
        self.folder.mkdir(parents=True, exist_ok=True)
        async with Playground(state_file=self.folder / "discord.json") as playground:
            bot = Bot(self.module, self.folder, playground, FAKE_SECONDS_PER_STEP=SECONDS_PER_STEP)
            try:
                for turn in range(self.kills):
                    await bot.start()
                    await self._live(playground, turn)
                    await bot.kill()
                    self.findings.kills += 1
                    self.findings.moments[self._moment()] += 1
                    self.tell(f"{turn + 1}/{self.kills} kills, {len(self.asked)} of {self.wanted} jobs asked for")
                await bot.start()
                await self._ask(playground, self.wanted - len(self.asked))
                await self._settle(playground)
                self._look_at_jobs(playground)
                await self._press(playground)
                await bot.stop()
                self._look_at_files()
            finally:
                if bot.process is not None and bot.process.returncode is None:
                    bot.process.kill()
                    await bot.process.wait()
        self.findings.seconds = time.perf_counter() - began
        return self.findings

    async def _live(self, playground: Playground, turn: int) -> None:
        """One life of the bot: some requests, and a death at a random moment of a kind that takes turns."""
        # All is asked for in the first three quarters, so that most lives begin with something waiting.
        due = round(self.wanted * min(1.0, (turn + 1) / (0.75 * self.kills))) - len(self.asked)
        asking = asyncio.create_task(self._ask(playground, due))
        wanted = AIMS[turn % len(AIMS)]
        deadline = time.monotonic() + self.random.uniform(0.0, LONGEST_LIFE)
        while time.monotonic() < deadline and self._moment() != wanted:  # noqa: ASYNC110 -- another process's rows
            await asyncio.sleep(0.002)
        await asyncio.sleep(self.random.uniform(0.0, LINGER))
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking

    async def _ask(self, playground: Playground, count: int) -> None:
        for _ in range(count):
            person = playground.person(self.random.choice(PEOPLE))
            number = len(self.asked)
            asked = await person.slash(
                "studio", "imagine", wait=False, prompt=self.prompts(number), count=self.random.randint(1, 4)
            )
            self.asked.append(asked)
            await asyncio.sleep(self.random.uniform(0.0, 0.3))

    async def _settle(self, playground: Playground) -> None:
        """Wait until no row is on its way any more, and the chat shows it."""
        deadline = time.monotonic() + SETTLING
        while time.monotonic() < deadline:
            pending = any(asked.state == "pending" for asked in self.asked)
            if not pending and not self._rows("SELECT id FROM jobs WHERE delivered_at IS NULL"):
                return
            await asyncio.sleep(0.2)
        left = self._rows("SELECT id, status, attempts FROM jobs WHERE delivered_at IS NULL")
        self.findings.broken.append(f"not settled after {SETTLING:.0f} s: {[tuple(row) for row in left]}")

    def _look_at_jobs(self, playground: Playground) -> None:
        found = self.findings
        jobs = {str(row["interaction_id"]): row for row in self._rows("SELECT * FROM jobs")}
        found.jobs = len(jobs)
        if len(self._rows("SELECT id FROM jobs")) != len(jobs):
            found.broken.append("an interaction made two jobs")
        found.ends = Counter(row["status"] for row in jobs.values())
        shown = _shown(playground)
        for asked in self.asked:
            job = jobs.get(asked.id)
            if asked.state == "failed":
                found.unanswered += 1
            else:
                found.accepted += 1
                if job is None:
                    found.broken.append(f"interaction {asked.id} was answered, but there is no job")
            if job is None:
                continue
            if job["status"] != "succeeded":
                found.broken.append(f"job {job['id']} ended {job['status']} ({job['error_code']})")
            pictures = self._rows(f"SELECT * FROM images WHERE job_id = {job['id']}")
            if job["status"] == "succeeded" and not pictures:
                found.broken.append(f"job {job['id']} succeeded without pictures")
            for picture in pictures:
                times = shown[str(picture["id"])]
                if times != 1:
                    found.broken.append(f"picture {picture['id']} of job {job['id']} stands in {times} messages")
        for message in playground.messages("studio"):
            if message["_viewer"] is None and not message["attachments"]:
                found.broken.append(f"a card never became a result: {message['content']!r}")

    async def _press(self, playground: Playground) -> None:
        """Press U1 under every result: each was made by a process that is dead by now."""
        for message in [row for row in playground.messages("studio") if row["attachments"]]:
            person = playground.person(self.random.choice(PEOPLE))
            try:
                pressed = await person.click(message, "U1")
            except NotOffered as error:
                # A single picture has no grid and so no U1; any of its own buttons must live.
                if len(message["attachments"]) > 1:
                    self.findings.broken.append(f"message {message['id']}: {error}")
                continue
            with contextlib.suppress(TimeoutError):
                await playground.wait_for(lambda row=pressed: row.state in ("done", "failed"), 30)
            if pressed.state != "done" or not (pressed.message or {}).get("attachments"):
                self.findings.broken.append(f"U1 of message {message['id']}: {pressed.reason or pressed.state}")
            self.findings.buttons += 1

    def _look_at_files(self) -> None:
        """Every living row has its file, whole; every file has its row; nothing temporary is left."""
        pictures = self.folder / "storage" / "pictures"
        known = {row["digest"] for row in self._rows("SELECT digest FROM images WHERE deleted_at IS NULL")}
        for digest in known:
            path = pictures / digest[:2] / f"{digest}.png"
            if not path.is_file():
                self.findings.broken.append(f"row without a file: {digest[:12]}")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                self.findings.broken.append(f"damaged file: {digest[:12]}")
        for path in pictures.rglob("*"):
            if path.is_file() and path.stem not in known:
                self.findings.broken.append(f"file without a row: {path.name}")

    def _moment(self) -> str:
        """What the bot is at, as far as its rows and files tell."""
        rows = self._rows("SELECT status, delivered_at, card_message_id FROM jobs WHERE delivered_at IS NULL")
        if any(row["card_message_id"] is None for row in rows):
            return ACCEPTING
        if any(row["status"] not in ("queued", "running") for row in rows):
            return DELIVERING
        if any(row["status"] == "running" for row in rows):
            return STORING if self._stray() else DRAWING
        return "between jobs" if rows else "idle"

    def _stray(self) -> bool:
        """Whether a file is there that no row knows yet."""
        known = {row["digest"] for row in self._rows("SELECT digest FROM images")}
        return any(path.stem not in known for path in (self.folder / "storage" / "pictures").glob("*/*"))

    def _rows(self, statement: str) -> list[sqlite3.Row]:
        path = self.folder / "storage" / "atelier.db"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            try:
                return connection.execute(statement).fetchall()
            except sqlite3.OperationalError:  # killed before its tables were made
                return []


def _shown(playground: Playground) -> Counter[str]:
    """In how many messages each picture stands, by the image id that its file is named by."""
    return Counter(
        Path(attachment["filename"]).stem
        for message in playground.messages("studio")
        for attachment in message["attachments"]
    )


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.kill", description=__doc__)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--jobs", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--bot", default=FAKE_BOT, help="module of the bot to kill; `bot` is the real one")
    given = arguments.parse_args()

    async def measure() -> Findings:
        with tempfile.TemporaryDirectory(prefix="atelier-kill-") as folder:
            trial = Trial(
                Path(folder),
                jobs=given.jobs,
                kills=given.kills,
                seed=given.seed,
                bot=given.bot,
                prompts=lambda number: f"a red house number {number}",
            )
            trial.tell = lambda line: print(f"\r{line}   ", end="", file=sys.stderr, flush=True)
            return await trial.run()

    findings = asyncio.run(measure())
    write(findings, seed=given.seed, bot=given.bot)
    sys.exit(1 if findings.broken else 0)


def write(findings: Findings, *, seed: int, bot: str) -> None:
    outcome = [
        ["jobs accepted", findings.accepted],
        ["asked for while the bot was dead", findings.unanswered],
        ["kills", findings.kills],
        ["old buttons pressed afterwards", findings.buttons],
        ["broken promises", len(findings.broken)],
        ["seconds", findings.seconds],
    ]
    Report(
        name="kill",
        claim="Killed at random moments, the bot loses no accepted job, shows none twice, leaves no file half-written.",
        command="python -m bench.kill",
        tables=[
            Table("Outcome", ["", "count"], outcome),
            Table("What the rows said at the kill", ["moment", "kills"], findings.moments.most_common()),
            Table("How the jobs ended", ["status", "jobs"], findings.ends.most_common()),
        ],
        notes=[f"seed {seed}, bot module {bot}", *findings.broken],
        packages=["discord.py", "SQLAlchemy", "aiosqlite"],
        passed=not findings.broken,
    ).publish()


if __name__ == "__main__":
    main()
