"""The README's pictures of the chat page, gallery, contests and house rules: `python -m bench.screens [FOLDER]`.

The real bot with the pocket model in this process, people who share, like, enter, vote and report in the playground,
and Chromium on the playground's page, on one clock. Pictures are taken as they come.
"""

import argparse
import asyncio
import io
import random
import re
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Page, ViewportSize, async_playwright

from bot import parts
from bot.config import Config
from db.database import default_url
from db.models import Phase
from playground import ManualClock, Playground
from tests.bot import contest
from tests.bot.contest import clock_of
from tests.bot.studio import Json, Running, running
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.databases import migrated

ASKED = "a yellow boat on the sea at sunset"
SHARED = {
    "a red house under a starry night sky": "Ben",
    "a white boat on the sea at sunset": "Cleo",
    "a yellow balloon over the mountains": "Dan",
    "a purple castle in the forest at sunset": "Dan",
    "a green cactus in the desert": "Ada",
    "a blue fish on a yellow ground": "Cleo",
}
ENTERED = {
    "a red house beside a lake at night with a full moon": "Cleo",
    "a white house by the sea at sunset": "Ben",
    "a blue house on a green hill under a cloudy sky": "Dan",
    "a yellow house in the snow": "Ada",
    "a red house under a starry night sky": "Eva",
    "a green house by the sea": "Finn",
}
MORE = ("Eva", "Finn", "Gus", "Hana", "Ida", "Jon", "Kim", "Lea", "Mia", "Noa", "Ole", "Pia")
EDGE, GAP = "#ffffff", 24
TALL: ViewportSize = {"width": 1180, "height": 1400}
WINDOW: ViewportSize = {"width": 1004, "height": 860}
"""What a person has before them; TALL has room for the longest card."""


class Scene:
    """People, a bot, and a page."""

    def __init__(self, bot: Running, page: Page, folder: Path) -> None:
        self.bot, self.pg, self.page, self.folder = bot, bot.pg, page, folder
        self.dice = random.Random(5)

    async def play(self) -> None:
        for name in MORE:
            self.pg.add_person(name)
        contest.advance(self.pg, contest.DAY)
        await self.page.set_viewport_size(WINDOW)
        await self.chat()
        await self.page.set_viewport_size(TALL)
        await self.gallery()
        await self.report()
        await self.challenge()

    async def chat(self) -> None:
        """The whole page with four new pictures, and while larger ones in more steps are drawn."""
        await self.look("studio")
        card = await self.asked(ASKED)
        await self.pg.wait_for(lambda: "U1" in contest.pressable(card), 120)
        await self.page.wait_for_timeout(800)
        await self.whole("demo")
        slow = await self.asked(f"{ASKED} --hd --steps 50")
        await self.pg.wait_for(lambda: _shown(slow) >= 25, 120, what="a preview that shows something")
        await self.page.wait_for_timeout(100)
        await self.whole("preview")
        await self.pg.wait_for(lambda: "U1" in contest.pressable(slow), 120)

    async def asked(self, prompt: str) -> Json:
        asked = await self.pg.person("Ada").slash("studio", "imagine", prompt=prompt)
        assert asked.message is not None, asked.reason
        return asked.message

    async def draw(self, person: str, prompt: str) -> Json:
        asked = await self.pg.person(person).slash("studio", "imagine", prompt=prompt, count=1)
        assert asked.message is not None, asked.reason
        card = asked.message
        await self.pg.wait_for(lambda: "Share" in contest.pressable(card), 120, what=card["content"])
        return card

    async def gallery(self) -> None:
        await self.pg.person("Ada").slash(
            "studio", "admin channel", use="gallery", channel=self.pg.channel("gallery")["id"]
        )
        posts: list[Json] = []
        for number, (prompt, person) in enumerate(SHARED.items()):
            card = await self.draw(person, prompt)
            question = contest.seen(await self.pg.person(person).click(card, "Share"))
            await self.pg.person(person).click(question, "Share")
            await self.pg.wait_for(lambda number=number: len(self.pg.messages("gallery")) > number, 60)
            posts = self.pg.messages("gallery")
        for post, likes in zip(posts, (9, 12, 6, 4, 3, 7), strict=True):
            heart = next(one for one in contest.pressable(post).values() if one.startswith("a:like:"))
            for fan in self.dice.sample(MORE, likes):
                await self.pg.person(fan).click(post, heart)
        await asyncio.sleep(6)
        await self.shoot("gallery", posts[0], "gallery-card")
        page = (await self.pg.person("Ada").slash("studio", "gallery", sort="hot")).message
        assert page is not None
        await self.pg.wait_for(lambda: len(page["attachments"]) == len(SHARED), 30)
        await self.shoot("studio", page, "gallery-page")
        profile = (await self.pg.person("Ada").slash("studio", "profile", person=self.pg.person("Cleo").id)).message
        assert profile is not None
        await self.pg.wait_for(lambda: len(profile["attachments"]) >= 2, 30)
        await self.shoot("studio", profile, "profile")

    async def report(self) -> None:
        ada = self.pg.person("Ada")
        await ada.slash("studio", "admin channel", use="reports", channel=self.pg.channel("general")["id"])
        post = self.pg.messages("gallery")[0]
        for person, why in {"Cleo": "This is a picture of my house.", "Dan": "It is too red."}.items():
            asked = await self.pg.person(person).click(post, "Report")
            await self.pg.person(person).submit(asked, {"words": why})
        await self.pg.wait_for(lambda: any("Ban" in contest.pressable(one) for one in self.cards("general")), 30)
        card = next(one for one in self.cards("general") if "Ban" in contest.pressable(one))
        await self.pg.wait_for(lambda: "too red" in contest.texts(card), 30)
        await ada.click(card, "Warn")
        await self.pg.wait_for(lambda: "warned" in contest.texts(card), 30)
        await self.shoot("general", card, "report")

    async def challenge(self) -> None:
        number = await contest.create(
            self.bot,
            theme="A house by the sea",
            description="Storm or calm, day or night: show the house you would like to live in.",
            entering="3d",
            voting="2d",
            credits=50,
            fresh=True,
            no_image_prompts=True,
        )
        await contest.reached(self.bot, number, Phase.OPEN)
        (notice,) = self.cards("challenges")
        for prompt, person in ENTERED.items():
            card = await self.draw(person, prompt)
            answer = contest.seen(await self.pg.person(person).click(card, "🏆"))
            await self.pg.wait_for(
                lambda answer=answer: answer["content"].startswith("In: "), 30, what=answer["content"]
            )
        await self.shoot("challenges", notice, "challenge-open")
        await contest.later(self.bot, timedelta(days=3))
        await contest.reached(self.bot, number, Phase.VOTING)
        voting = self.cards("challenges")[-1]
        question = contest.seen(await self.pg.person("Ada").click(voting, "Vote"))
        await self.pg.wait_for(lambda: len(question["attachments"]) == 2, 30)
        await self.shoot("challenges", question, "challenge-pair")
        for person in MORE:
            await self.vote(person, voting)
        await contest.later(self.bot, timedelta(days=2))
        await contest.reached(self.bot, number, Phase.DONE)
        await self.shoot("challenges", self.cards("challenges")[-1], "challenge-podium")
        self.together("challenge", [["challenge-open", "challenge-pair"], ["challenge-podium"]])

    async def vote(self, person: str, notice: Json) -> None:
        """Who is asked looks at sharpness alone, with some whim."""
        question = contest.seen(await self.pg.person(person).click(notice, "Vote"))
        for _ in range(10):
            await self.pg.wait_for(lambda: bool(contest.pressable(question)), 30)
            if "Left" not in contest.pressable(question):
                return
            left, right = (self._size(one) for one in question["attachments"])
            label = "Left" if left * self.dice.uniform(0.7, 1.3) > right * self.dice.uniform(0.7, 1.3) else "Right"
            asked = contest.pressable(question)["Left"]
            await self.pg.person(person).click(question, label)
            await self.pg.wait_for(lambda asked=asked: contest.pressable(question).get("Left") != asked, 30)

    def _size(self, attachment: Json) -> int:
        return len(self.pg.attachment_bytes(attachment))

    def cards(self, channel: str) -> list[Json]:
        """What everybody sees."""
        return contest.public(self.bot, channel)

    async def look(self, channel: str) -> None:
        """Open a channel afresh as Ada."""
        clock: Any = self.page.clock
        # The bot's rows go by the real clock, contests by the playground's.
        await clock.set_fixed_time(max(self.pg.clock.time(), time.time() + 20))
        await self.page.reload()
        await self.page.locator("body.ready").wait_for()
        await self.page.locator("button.identity[data-name='Ada']").click()
        await self.page.locator(f"#channels [data-channel='{channel}']").click()

    async def whole(self, name: str) -> None:
        """The page as it is."""
        with Image.open(io.BytesIO(await self.page.screenshot())) as taken:
            _save(taken.convert("RGB"), self.folder / f"{name}.webp")

    async def shoot(self, channel: str, message: Json, name: str) -> None:
        """The message as Ada sees it."""
        await self.look(channel)
        card = self.page.locator(f"article.message[data-id='{message['id']}'] .container").first
        await card.scroll_into_view_if_needed()
        await self.page.wait_for_timeout(800)
        with Image.open(io.BytesIO(await card.screenshot(animations="disabled"))) as taken:
            _save(taken.convert("RGB"), self.folder / f"{name}.webp")

    def together(self, name: str, columns: list[list[str]]) -> None:
        """Several cards in one picture, column by column."""
        cards = [[Image.open(self.folder / f"{one}.webp").convert("RGB") for one in column] for column in columns]
        width = sum(max(one.width for one in column) for column in cards) + GAP * (len(cards) + 1)
        height = max(sum(one.height + GAP for one in column) for column in cards) + GAP
        sheet, left = Image.new("RGB", (width, height), EDGE), GAP
        for column in cards:
            top = GAP
            for one in column:
                sheet.paste(one, (left, top))
                top += one.height + GAP
            left += max(one.width for one in column) + GAP
        _save(sheet, self.folder / f"{name}.webp")
        for column in columns:
            for one in column:
                (self.folder / f"{one}.webp").unlink()


def _shown(card: Json) -> int:
    """How far a card's preview is, in per cent; 0 before the first one and after the last."""
    found = re.search(r"^(\d+) %", card["content"], re.MULTILINE)
    return int(found[1]) if found and card["attachments"] else 0


def _save(image: Image.Image, file: Path) -> None:
    image.save(file, "WEBP", quality=90, method=6)


async def run(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        url = default_url(Path(made))
        migrated(url)
        config = Config.of({"discord": {"token": "x"}, "storage": {"folder": made}, "database": {"url": url}})
        async with (
            Playground(rate_limits=False, clock=ManualClock(time.time() - contest.DAY.total_seconds())) as pg,
            async_playwright() as playwright,
        ):
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = await chromium.new_context(viewport=TALL, device_scale_factor=1.5)
            page = await context.new_page()
            await page.goto(pg.url)
            engine: Any = parts.engine(config)
            async with running(Path(made), url, pg=pg, engine=engine, clock=clock_of(pg)) as bot:
                await Scene(bot, page, folder).play()
            await chromium.close()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.screens", description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("docs/images"))
    asyncio.run(run(arguments.parse_args().folder))


if __name__ == "__main__":
    main()
