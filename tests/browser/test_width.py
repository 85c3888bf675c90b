"""Nothing in the talk is wider than the window: what is, cannot be reached, since the talk scrolls up and down only."""

import pytest
from playwright.async_api import Browser, expect

from playground import Playground
from playground.errors import Json
from tests.browser.conftest import Chat, opened, post

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WIDE = "W" * 80
BEYOND = """() => [...document.querySelectorAll("#timeline *")].filter((node) => {
  const box = node.getBoundingClientRect();
  const cut = node.matches(".button") && node.scrollWidth > node.clientWidth + 1;
  return box.width && (box.right > innerWidth + 1 || cut);
}).map((node) => `${node.tagName}.${node.className}`)"""


def button(custom_id: str, label: str) -> Json:
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id}


async def test_long_names_of_people_and_titles_of_embeds_are_broken_or_cut(browser: Browser) -> None:
    async with Playground() as pg:
        person = pg.add_person(WIDE[:32])
        record = await person.say("studio", "first")
        await person.say("studio", person.mention, reply_to=record)
        fields = [{"name": WIDE, "value": WIDE, "inline": True}] * 3
        post(pg, {"embeds": [{"title": WIDE, "fields": fields}, {"title": WIDE, "url": "https://example.com"}]})
        async with opened(browser, pg, None) as chat:
            await expect(chat.messages).to_have_count(3)
            for width in (1200, 375, 320):
                await chat.page.set_viewport_size({"width": width, "height": 700})
                await expect(chat.last.locator(".embed").first).to_be_visible()
                assert await chat.page.evaluate(BEYOND) == []


async def test_a_panel_beside_the_messages_does_not_cover_them_when_the_window_narrows(silent: Chat) -> None:
    panel, door = silent.page.locator("#panel"), silent.page.locator("[data-panel=members]")
    await expect(panel).to_be_visible()
    await silent.page.set_viewport_size({"width": 390, "height": 700})
    await expect(panel).to_be_hidden()
    await expect(door).to_have_attribute("aria-pressed", "false")
    await door.click()
    await expect(panel).to_be_visible()
    await silent.page.mouse.click(40, 400)
    await expect(panel).to_be_hidden()
    await silent.page.set_viewport_size({"width": 1280, "height": 700})
    await expect(panel).to_be_visible()
    await door.click()
    await silent.page.reload()
    await silent.page.locator("body.ready").wait_for()
    await expect(panel).to_be_hidden()


async def test_the_words_of_an_answered_message_stand_one_after_the_other(silent: Chat) -> None:
    asked = post(silent.playground, {"content": f"**a house** - by {silent.playground.person('Ada').mention}"})
    post(silent.playground, {"content": "here", "message_reference": {"message_id": asked["id"]}})
    words = silent.page.locator(".preface-words > span")
    await expect(words).to_have_text("a house - by @Ada")
    assert await words.evaluate("node => node.innerText") == "a house - by @Ada"
    await silent.page.set_viewport_size({"width": 320, "height": 700})
    asked = post(silent.playground, {"content": f"**{WIDE}** - by {silent.playground.person('Ada').mention}"})
    post(silent.playground, {"content": "here", "message_reference": {"message_id": asked["id"]}})
    await expect(words).to_have_count(2)
    box = await words.last.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 320
    name = silent.page.locator(".preface-name").last
    assert await name.evaluate("node => node.scrollWidth <= node.clientWidth")


async def test_long_words_of_labels_and_authors_are_broken(silent: Chat) -> None:
    row = {"type": 1, "components": [button("a", WIDE), button("b", "many words " * 7), button("c", "short")]}
    authors = [{"name": WIDE * 3}, {"name": WIDE * 3, "url": "https://example.com/who"}]
    post(silent.playground, {"components": [row], "embeds": [{"author": author} for author in authors]})
    section = {"type": 9, "components": [{"type": 10, "content": "beside"}], "accessory": button("d", WIDE)}
    post(silent.playground, {"flags": 1 << 15, "components": [{"type": 17, "components": [section]}]})
    await expect(silent.messages).to_have_count(2)
    for width in (1200, 375, 320):
        await silent.page.set_viewport_size({"width": width, "height": 700})
        await expect(silent.page.locator("[data-custom-id=d]")).to_be_visible()
        assert await silent.page.evaluate(BEYOND) == []
    words = await silent.page.locator(".section-words").bounding_box()
    assert words is not None
    assert words["width"] >= 60
