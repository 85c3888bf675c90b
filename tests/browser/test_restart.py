"""What an open page does when the playground behind it ends and another one answers at its address."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from playground import Playground
from playground.errors import Json
from playground.uploads import Body
from tests.browser.conftest import Chat, opened, post

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
BUTTON: Json = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}
FORM: Json = {
    "custom_id": "form",
    "title": "Wishes",
    "components": [
        {"type": 18, "label": "Wish", "component": {"type": 4, "custom_id": "wish", "style": 1, "required": False}}
    ],
}


class Deaf:
    """A playground whose bot counts as online and never answers by itself; it can be started again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "playground.json"
        self.pg = self._made(0)

    def _made(self, port: int) -> Playground:
        pg = Playground(port, state_file=self.file)
        pg.interactions.is_bot_online = lambda: True
        return pg

    async def again(self, *, fresh: bool = False) -> None:
        """End the playground and start one at the same address; `fresh`: without the old one's state file."""
        await self.pg.stop()
        if fresh:
            self.file.unlink()
        self.pg = self._made(self.pg.port)
        await self.pg.start()

    async def offer(self) -> None:
        """A button in #studio, and the command /go."""
        post(self.pg, {"content": "press me", "components": [BUTTON]})
        path = f"{self.pg.api}/applications/{self.pg.world.application['id']}/commands"
        headers = {"Authorization": f"Bot {self.pg.token}"}
        command = [{"name": "go", "description": "Goes"}]
        async with aiohttp.ClientSession() as http, http.put(path, json=command, headers=headers) as answer:
            assert answer.status == 200

    async def answer(self, kind: int, data: dict[str, Any]) -> None:
        """The bot's answer to the newest interaction, once there is one that waits."""
        rows = self.pg.interactions.rows
        row = await self.pg.wait_for(lambda: next((row for row in rows.values() if row.state == "pending"), None))
        assert row is not None
        self.pg.interactions.answer(row.id, row.token, Body({"type": kind, "data": data}))


@pytest_asyncio.fixture(loop_scope="session")
async def deaf(tmp_path: Path) -> AsyncIterator[Deaf]:
    world = Deaf(tmp_path)
    await world.pg.start()
    await world.offer()
    yield world
    await world.pg.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, deaf: Deaf) -> AsyncIterator[Chat]:
    async with opened(browser, deaf.pg, None) as chat:
        yield chat


async def test_a_press_that_a_restart_left_without_an_answer_has_failed(deaf: Deaf, page: Chat) -> None:
    button = page.page.locator("[data-custom-id=go]")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await deaf.again()
    await expect(page.last.locator(".press-failed")).to_contain_text("did not respond")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await deaf.answer(7, {"content": "pressed"})
    await expect(page.last).to_contain_text("pressed")


async def test_a_press_whose_answer_the_lost_line_would_have_told_is_settled(deaf: Deaf, page: Chat) -> None:
    button = page.page.locator("[data-custom-id=go]")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    heard = deaf.pg.pages.hear
    deaf.pg.feed.listeners.remove(heard)
    await deaf.answer(6, {})
    deaf.pg.feed.listeners.append(heard)
    await deaf.pg.pages.close()
    await expect(button).not_to_have_attribute("aria-busy", "true")
    await expect(page.last.locator(".press-failed")).to_have_count(0)


async def test_a_command_that_a_restart_left_without_an_answer_has_failed(deaf: Deaf, page: Chat) -> None:
    await page.page.locator("#text").fill("/go")
    await page.page.keyboard.press("Enter")
    await page.page.keyboard.press("Enter")
    await expect(page.last.locator(".thinking")).to_have_text("Sending command…")
    await deaf.again()
    await expect(page.last.locator(".press-failed")).to_contain_text("did not respond")


async def test_a_form_that_a_restart_left_without_an_answer_says_so_and_keeps_its_words(deaf: Deaf, page: Chat) -> None:
    await page.page.locator("[data-custom-id=go]").click()
    await deaf.answer(9, FORM)
    form = page.page.locator("dialog.modal")
    await form.get_by_label("Wish").fill("a red house")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".busy")).to_be_visible()
    await deaf.again()
    await expect(form.locator(".press-failed")).to_contain_text("did not respond")
    await expect(form.get_by_label("Wish")).to_have_value("a red house")
    await expect(form.get_by_role("button", name="Submit")).to_be_enabled()


async def test_a_form_that_opened_while_the_line_was_lost_opens_once_it_is_back(deaf: Deaf, page: Chat) -> None:
    await page.page.locator("[data-custom-id=go]").click()
    await expect(page.page.locator("[data-custom-id=go]")).to_have_attribute("aria-busy", "true")
    heard = deaf.pg.pages.hear
    deaf.pg.feed.listeners.remove(heard)
    await deaf.answer(9, FORM)
    deaf.pg.feed.listeners.append(heard)
    await deaf.pg.pages.close()
    form = page.page.locator("dialog.modal")
    await form.get_by_label("Wish").fill("a red house")
    await form.get_by_role("button", name="Submit").click()
    await deaf.answer(4, {"content": "wished"})
    await expect(form).to_have_count(0)
    # Its answer is part of every later state as well.
    sockets = set(deaf.pg.pages.open)
    await deaf.pg.pages.close()
    await deaf.pg.wait_for(lambda: len(set(deaf.pg.pages.open) - sockets) == len(sockets), 45)
    await page.write("after the form")
    await expect(page.last).to_contain_text("after the form")
    await expect(form).to_have_count(0)


async def test_a_press_that_a_bot_offline_fails_at_once_needs_no_line(deaf: Deaf, page: Chat) -> None:
    deaf.pg.feed.listeners.remove(deaf.pg.pages.hear)
    deaf.pg.interactions.is_bot_online = lambda: False
    await page.page.locator("[data-custom-id=go]").click()
    await expect(page.last.locator(".press-failed")).to_contain_text("The application is offline")


async def test_a_fresh_world_at_the_same_address_takes_the_old_ones_place_on_the_page(deaf: Deaf, page: Chat) -> None:
    await expect(page.last).to_contain_text("press me")
    await page.page.evaluate("document.body.dataset.old = 'yes'")
    await deaf.again(fresh=True)
    await page.page.locator("body.ready:not([data-old])").wait_for()
    await expect(page.messages).to_have_count(0)
    await expect(page.page.locator("#line")).to_be_hidden()
    await page.write("a new beginning")
    await expect(page.last).to_contain_text("a new beginning")


async def test_a_bot_that_was_asked_to_restart_does_so_until_it_is_back(chat: Chat) -> None:
    pg, state = chat.playground, chat.page.locator(".bot-state")

    async def restarted(_: bool) -> None: ...

    pg.on_restart = restarted
    try:
        await chat.page.reload()
        await state.get_by_role("button").click()
        await expect(state).to_have_text("Bot restarting")
        await expect(state).to_have_class("bot-state online")
        pg.faults.invalid_session()
        await expect(state).to_have_text("Bot online")
    finally:
        pg.on_restart = None
