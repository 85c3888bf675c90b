"""The focus stays where a person put it, whatever is drawn anew around it."""

import pytest
from playwright.async_api import Browser, expect

from playground import ManualClock, Playground, drafts
from playground.errors import Json
from playground.uploads import Body
from tests.browser.conftest import Chat, opened, post
from tests.browser.studio import picture

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


def edited(playground: Playground, record: Json) -> None:
    """The bot edits a message, as a picture in work is edited every few seconds."""
    playground.posts.edit(record, drafts.edit_of(record, Body({"content": f"{record['content']} again"})))


async def test_what_closes_gives_the_focus_back_to_a_button_that_was_drawn_anew(silent: Chat) -> None:
    options = [{"label": name, "value": name} for name in ("Oil", "Ink")]
    choice = {"type": 1, "components": [{"type": 3, "custom_id": "style", "options": options}]}
    card = post(silent.playground, {"content": "a card", "components": [choice]})
    keyboard = silent.page.keyboard
    await expect(silent.last).to_contain_text("a card")
    for opener, key, box in (
        (silent.last.get_by_role("combobox"), "Enter", silent.page.get_by_role("listbox")),
        (silent.last.get_by_role("button", name="More"), "Enter", silent.page.get_by_role("menu")),
        (silent.last.get_by_role("button", name="Add a reaction"), "Enter", silent.page.get_by_role("dialog")),
        (silent.last.locator("button.author"), "Enter", silent.page.get_by_role("menu")),
        (silent.last, "Shift+F10", silent.page.get_by_role("menu")),
    ):
        await opener.press(key)
        await expect(box).to_be_visible()
        edited(silent.playground, card)
        await expect(silent.last).to_contain_text(card["content"])
        await keyboard.press("Escape")
        await expect(box).to_have_count(0)
        await expect(opener).to_be_focused()


async def test_a_picture_shown_large_gives_the_focus_back_to_its_tile(browser: Browser) -> None:
    clock = ManualClock()
    async with Playground(clock=clock) as pg, opened(browser, pg, None) as chat:
        card = await pg.person("Ada").say("studio", "pictures", files=[("a.png", picture(0).fp.read())])
        tile = chat.last.locator(".tile")
        await tile.press("Enter")
        await expect(chat.page.locator("dialog.lightbox")).to_be_visible()
        clock.advance(5)  # from now on addresses are signed otherwise
        edited(pg, card)
        await expect(chat.last).to_contain_text("again")
        await chat.page.keyboard.press("Escape")
        await expect(chat.page.locator("dialog.lightbox")).to_have_count(0)
        await expect(tile).to_be_focused()


async def test_a_form_gives_the_focus_back_to_the_button_that_opened_it(chat: Chat) -> None:
    await chat.playground.person("Ada").slash("studio", "paint", prompt="a red house", count=1)
    button = chat.last.get_by_role("button", name="Remix")
    await button.press("Enter")
    await expect(chat.page.locator("dialog.modal")).to_be_visible()
    edited(chat.playground, chat.playground.messages("studio")[0])
    await expect(chat.last).to_contain_text("again")
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("dialog.modal")).to_have_count(0)
    await expect(button).to_be_focused()
