"""A browser, a playground and a page for each test. Skipped, with the reason, where there is no Chromium."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from playground import Playground, drafts
from playground.errors import Json
from playground.uploads import Body

pytest.importorskip("playwright", reason="playwright is not installed (extra: dev)")

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, async_playwright, expect

from tests.browser.studio import Studio, studio

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 45_000


@dataclass
class Chat:
    """The page in a browser, and what stands behind it. `errors` must stay empty: the page's own complaints."""

    page: Page
    playground: Playground
    bot: Studio | None
    errors: list[str]
    restarts: list[bool] = field(default_factory=list)

    @property
    def messages(self) -> Locator:
        return self.page.locator("article.message")

    @property
    def last(self) -> Locator:
        return self.messages.last

    @property
    def whispers(self) -> Locator:
        return self.page.locator("article.message.ephemeral")

    async def write(self, text: str) -> None:
        """Type into the message field and press Enter."""
        await self.page.locator("#text").fill(text)
        await self.page.locator("#text").press("Enter")

    async def become(self, name: str) -> None:
        """Press one of the identities."""
        await self.page.locator(f"button.identity[data-name='{name}']").click()
        await expect(self.page.locator(".identity-card strong")).to_have_text(name)

    async def go(self, channel: str) -> None:
        """Press a channel's name."""
        await self.page.locator(f"#channels [data-channel='{channel}']").click()
        await expect(self.page.locator("#chat-head h2")).to_have_text(channel)


def post(playground: Playground, message: Json) -> Json:
    """A message of the bot's in #studio, whether or not there is a bot."""
    draft, channel = drafts.new_message(Body(message)), playground.channel("studio")["id"]
    return playground.posts.send(draft, channel_id=channel, author_id=playground.world.bot["id"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (looked for chromium, chromium-browser, google-chrome)")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def empty_world() -> AsyncIterator[tuple[Playground, list[bool]]]:
    """A playground without a bot, and what its restart button asked for."""
    restarts: list[bool] = []

    async def restarted(kill: bool) -> None:
        restarts.append(kill)

    async with Playground(on_restart=restarted) as playground:
        yield playground, restarts


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lively_world() -> AsyncIterator[tuple[Playground, Studio]]:
    """A playground with the studio bot online."""
    async with Playground() as playground, studio(playground) as bot:
        yield playground, bot


@pytest_asyncio.fixture(loop_scope="session")
async def silent(browser: Browser, empty_world: tuple[Playground, list[bool]]) -> AsyncIterator[Chat]:
    """The page without any bot, as Ada in #studio; nothing has been said."""
    playground, restarts = empty_world
    await _wipe(playground)
    restarts.clear()
    async with opened(browser, playground, None) as chat:
        chat.restarts = restarts
        yield chat


@pytest_asyncio.fixture(loop_scope="session")
async def chat(browser: Browser, lively_world: tuple[Playground, Studio]) -> AsyncIterator[Chat]:
    """The page with the studio bot online, as Ada in #studio; nothing has been said."""
    playground, bot = lively_world
    await _wipe(playground)
    bot.handled.clear()
    async with opened(browser, playground, bot) as chat:
        yield chat


async def _wipe(playground: Playground) -> None:
    """Starting a world and its bot costs more than emptying it."""
    playground.faults.clear()
    playground.refused.rows.clear()
    ada = playground.person("Ada")
    for channel in ("studio", "general"):
        for record in list(playground.messages(channel)):
            viewer = record["_viewer"]
            await (playground.person(viewer) if viewer else ada).delete(record)


class opened:
    """The page in a context of its own; complains at the end about anything the page complained about."""

    def __init__(self, browser: Browser, playground: Playground, bot: Studio | None) -> None:
        self.browser = browser
        self.playground = playground
        self.bot = bot
        self.errors: list[str] = []

    async def __aenter__(self) -> Chat:
        self.context = await self.browser.new_context(viewport={"width": 1280, "height": 820})
        self.context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        page.on("console", self._said)
        page.on("request", self._asked)
        await page.goto(self.playground.url)
        await page.locator("body.ready").wait_for()
        await expect(page.locator(".welcome")).to_be_visible()
        return Chat(page, self.playground, self.bot, self.errors)

    def _said(self, said: ConsoleMessage) -> None:
        # What the browser says of an answer that a test has refused, or of a line that it has cut, is no complaint.
        if said.type in ("error", "warning") and not re.match("Failed to load resource|WebSocket", said.text):
            self.errors.append(said.text)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(self.playground.url):
            self.errors.append(f"asked for {request.url}")

    async def __aexit__(self, *_: object) -> None:
        await self.context.close()
        assert self.errors == []
