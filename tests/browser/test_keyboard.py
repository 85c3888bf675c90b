"""The focus stays where a person put it, whatever is drawn anew around it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_faults_are_opened_set_and_left_with_the_keys_alone(silent: Chat) -> None:
    faults = silent.playground.faults
    door, slider = silent.page.locator("[data-panel=faults]"), silent.page.locator("[data-fault=slow]")
    await door.focus()
    await silent.page.keyboard.press("Enter")
    await expect(slider).to_be_visible()
    await expect(door).to_be_focused()
    await slider.focus()
    await silent.page.keyboard.press("ArrowRight")
    await silent.playground.wait_for(lambda: faults.shown()["slow"] == 0.25, 45)
    await silent.page.keyboard.press("ArrowRight")
    await silent.playground.wait_for(lambda: faults.shown()["slow"] == 0.5, 45)
    await expect(slider).to_be_focused()
    await expect(slider).to_have_value("0.5")
    await silent.page.get_by_role("button", name="All well again").press("Enter")
    await expect(slider).to_have_value("0")
    await expect(silent.page.get_by_role("button", name="All well again")).to_be_focused()
    await silent.page.keyboard.press("Escape")
    await expect(silent.page.locator("#panel")).to_be_hidden()
    await expect(door).to_be_focused()


async def test_what_happens_elsewhere_leaves_the_focus_alone(silent: Chat) -> None:
    page, head = silent.page, silent.page.locator("#chat-head .bot-state")
    for selector in ("[data-panel=members]", "#chat-head .restart", "#panel [aria-label^=Close]"):
        await page.locator(selector).focus()
        await head.evaluate("node => node.dataset.old = 'yes'")
        silent.playground.gateway.announce()
        await expect(page.locator(".bot-state[data-old]")).to_have_count(0)
        await expect(page.locator(selector)).to_be_focused()
    tile = page.get_by_role("button", name="Direct messages")
    await tile.focus()
    await silent.playground.person("Ben").say("general", "elsewhere")
    await expect(page.locator("#channels .unread")).to_have_count(1)
    await expect(tile).to_be_focused()
    await page.get_by_role("button", name="Use the dark theme").press("Enter")
    await expect(page.get_by_role("button", name="Use the light theme")).to_be_focused()
    await page.get_by_role("button", name="Kill the bot and start it again").press("Enter")
    await expect(head).to_contain_text("Bot restarting")
    await expect(page.locator("#chat-head .restart")).to_be_focused()
