"""A whole contest played by people in the playground, with a restart of the bot in each phase, and what was seen of it.

Knows the bot by its messages and its database file only. Used by the test in its short form and by `bench.challenge`.
"""

import contextlib
import io
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from db.models import Phase
from playground import Person, Playground
from playground.feed import Event
from tests.bot import contest
from tests.bot.studio import Json, Running, world

HOUR = timedelta(hours=1)


@dataclass
class Play:
    """Who takes part, and what came of it. `leaks` names everything that gave an author away before the end."""

    folder: Path
    url: str
    entrants: int
    voters: int
    pairs: int
    seed: int = 1
    leaks: list[str] = field(default_factory=list)
    scanned: int = 0
    restarts: int = 0
    votes: int = 0
    number: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.is_over = False
        self.makers: list[Person] = []
        self.pictures: dict[str, np.ndarray] = {}

    async def run(self) -> None:
        async with world() as pg:
            self.pg = pg
            self.makers = [pg.add_person(f"Maker{number:02}") for number in range(self.entrants)]
            self.people = [pg.add_person(f"Voter{number:02}") for number in range(self.voters)]
            contest.advance(pg, contest.DAY)
            pg.feed.listeners.append(self._scan)
            await self._announce(pg)
            await self._enter(pg)
            await self._vote(pg)
            await self._close(pg)

    async def _announce(self, pg: Playground) -> None:
        async with contest.contests(self.folder, self.url, pg) as bot:
            self.number = await contest.create(bot, theme="Colours", opens="2h", credits=30, pin=True)
            await contest.reached(bot, self.number, Phase.SCHEDULED)
            self.restarts += 1
        contest.advance(pg, 2 * HOUR)

    async def _enter(self, pg: Playground) -> None:
        half = self.entrants // 2
        for makers in (self.makers[:half], self.makers[half:]):
            async with contest.contests(self.folder, self.url, pg) as bot:
                await contest.reached(bot, self.number, Phase.OPEN)
                for maker in makers:
                    await self._enter_one(bot, maker)
                self.restarts += 1
        contest.advance(pg, contest.DAY)

    async def _enter_one(self, bot: Running, maker: Person) -> None:
        made = await bot.imagine(maker.name, prompt=f"a secret of {maker.name}", count=1, steps=1)
        self.pictures[maker.id] = _pixels(bot.pg.attachment_bytes(made["attachments"][0]))
        entered = contest.seen(await maker.click(made, "🏆"))
        await bot.pg.wait_for(lambda: entered["content"].startswith("In: "), what=entered["content"])

    async def _vote(self, pg: Playground) -> None:
        half = self.voters // 2
        for people in (self.people[:half], self.people[half:]):
            async with contest.contests(self.folder, self.url, pg) as bot:
                await contest.reached(bot, self.number, Phase.VOTING)
                notice = contest.public(bot)[-1]
                for voter in people:
                    await self._vote_one(bot, voter, notice)
            self.restarts += 1
        async with contest.contests(self.folder, self.url, pg) as bot:
            # A question that an earlier process asked is answered by the next one.
            old = next(m for m in pg.messages("challenges") if m["_viewer"] == self.people[0].id)
            if "Left" in contest.pressable(old):
                await self._answer(bot, self.people[0], old)

    async def _vote_one(self, bot: Running, voter: Person, notice: Json) -> None:
        question = contest.seen(await voter.click(notice, "Vote"))
        await bot.pg.wait_for(lambda: contest.pressable(question))
        for _ in range(self.pairs):
            if "Left" not in contest.pressable(question):
                return
            await self._answer(bot, voter, question)

    async def _answer(self, bot: Running, voter: Person, question: Json) -> None:
        await bot.pg.wait_for(lambda: len(question["attachments"]) == 2)
        left, right = (self._strength(bot, one) for one in question["attachments"])
        chance = 1 / (1 + np.exp(right - left))
        asked = contest.pressable(question)["Left"]
        await voter.click(question, "Left" if self.dice.random() < chance else "Right")
        await bot.pg.wait_for(lambda: contest.pressable(question).get("Left") != asked, what=contest.texts(question))
        self.votes += 1

    def _strength(self, bot: Running, attachment: Json) -> float:
        """A voter's eye: which of the pictures this is; the later a maker, the better the picture."""
        shown = _pixels(bot.pg.attachment_bytes(attachment))
        order = [maker.id for maker in self.makers]
        maker = min(order, key=lambda one: float(np.abs(self.pictures[one] - shown).mean()))
        return 4.0 * order.index(maker) / max(1, len(order) - 1)

    async def _close(self, pg: Playground) -> None:
        contest.advance(pg, contest.DAY)
        # Everything from here on is the result, and it is made by a process that was not there at the close.
        self.is_over = True
        async with contest.contests(self.folder, self.url, pg) as bot:
            await contest.reached(bot, self.number, Phase.DONE)
            await self._pinned(pg)
            self.restarts += 1
        async with contest.contests(self.folder, self.url, pg) as bot:
            self.podium = contest.public(bot)[-1]
            told = contest.seen(await pg.person("Dan").click(self.podium, "All places"))
            self.told = contest.texts(told)
            self.posts = len(contest.public(bot))
        self.refusals = [row for row in pg.refusals if row.code]

    async def _pinned(self, pg: Playground) -> None:
        await pg.wait_for(lambda: any(m.get("pinned") for m in pg.messages("challenges")), what="no podium was pinned")

    # What may not be seen

    def _scan(self, event: Event) -> None:
        if self.is_over or event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return
        message = self.pg.world.messages.get(str(event.record.get("channel_id")), {}).get(str(event.record.get("id")))
        if message is None or message["channel_id"] != self.pg.channel("challenges")["id"]:
            return
        self.scanned += 1
        words = [contest.texts(message), *contest.alt_texts(message), *contest.pressable(message).values()]
        words += [attachment["filename"] for attachment in message["attachments"]]
        words += [str(part.get("placeholder")) for part in contest.walk(message)]
        for maker in self.makers:
            if message["_viewer"] == maker.id:
                continue
            for word in words:
                if maker.id in word or maker.name in word or "secret" in word:
                    self.leaks.append(word)
        for attachment in message["attachments"]:
            content = self.pg.attachment_bytes(attachment)
            if b"secret" in content or "secret".encode("utf-16-be") in content:
                self.leaks.append(f"{attachment['filename']} carries a prompt")
            if any(attachment["filename"] == other for other in self._earlier_names(message)):
                self.leaks.append(f"{attachment['filename']} was shown to two people")

    def _earlier_names(self, message: Json) -> list[str]:
        return [
            attachment["filename"]
            for other in self.pg.messages("challenges")
            if other["_viewer"] != message["_viewer"]
            for attachment in other["attachments"]
        ]

    # What the rows say, read from outside

    def rows(self, query: str) -> list[tuple[int, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'atelier.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def fitted(self, spread: float = 1.5) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Entries, and their strengths by two ways that are none of ours: plain ascent of the posterior, and MM."""
        entries = [row[0] for row in self.rows("SELECT id FROM entries WHERE slot IS NOT NULL ORDER BY id")]
        index = {entry: number for number, entry in enumerate(entries)}
        wins = np.zeros((len(entries), len(entries)))
        for one, other, value in self.rows("SELECT entry_id, other_id, value FROM ballots WHERE value IN (-1, 1)"):
            winner, loser = (one, other) if value == 1 else (other, one)
            wins[index[winner], index[loser]] += 1
        games = wins + wins.T
        strengths = np.zeros(len(entries))
        for _ in range(20_000):
            chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
            strengths += 0.01 * (wins.sum(axis=1) - (games * chance).sum(axis=1) - strengths / spread**2)
        # Hunter 2004; a hundredth of a game each way where nobody compared, so that everybody is connected.
        few = 0.01 * (1 - np.eye(len(entries)))
        worth, all_games = np.ones(len(entries)), games + 2 * few
        for _ in range(5_000):
            worth = (wins + few).sum(axis=1) / (all_games / (worth[:, None] + worth[None, :])).sum(axis=1)
            worth /= worth.sum()
        return entries, strengths, np.log(worth)


def _pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB").resize((16, 16)), dtype=float)
