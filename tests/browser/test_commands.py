"""Slash commands as a person types them into the page."""

import re

import pytest
from playwright.async_api import Browser, expect

from playground import Playground
from tests.browser.conftest import Chat, opened
from tests.browser.studio import studio

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_slash_command_is_completed_filled_and_answered_with_four_pictures(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").press_sequentially("/pa")
    await expect(chat.page.locator("#completion [aria-selected=true]")).to_contain_text("/paint")
    await chat.page.keyboard.press("Tab")
    await chat.page.keyboard.type("a red house")
    await chat.page.keyboard.press("Tab")
    await expect(chat.page.locator("#completion")).to_contain_text("Options of /paint")
    await chat.page.keyboard.press("Tab")
    await expect(chat.page.locator("#completion")).to_contain_text("square")
    await chat.page.keyboard.type("wi")
    await chat.page.keyboard.press("Enter")
    await chat.page.keyboard.press("Enter")
    await expect(chat.last).to_contain_text("a red house (wide, pocket)")
    await expect(chat.last.locator(".mosaic .tile")).to_have_count(4)
    await expect(chat.last.locator(".preface")).to_have_text("AAda used /paint")
    assert chat.bot.handled == ["paint a red house|wide|4|pocket|None|None"]


async def test_a_bot_is_seen_thinking_and_its_edits_arrive_live(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.write("/ponder")
    await chat.page.keyboard.press("Enter")
    await expect(chat.last.locator(".thinking")).to_have_text("Atelier is thinking…")
    chat.bot.go.set()
    await expect(chat.last.locator(".content")).to_contain_text("half way")
    preview = await chat.last.locator(".tile img").get_attribute("src")
    await chat.last.locator(".tile img").evaluate("image => image.decode()")
    chat.bot.go.set()
    await expect(chat.last.locator(".content")).to_contain_text("all done")
    assert await chat.last.locator(".tile img").get_attribute("src") != preview
    drawn = await chat.last.locator(".tile img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn == 256


async def test_a_whole_pasted_command_is_taken_apart(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").fill("/paint a blue cat on a hill count: 2 shape: tall friend: Ben")
    await chat.page.keyboard.press("Enter")
    await expect(chat.last.locator(".mosaic .tile")).to_have_count(2)
    assert chat.bot.handled == ["paint a blue cat on a hill|tall|2|pocket|None|ben"]


async def test_autocomplete_asks_the_bot_and_sends_the_chosen_value(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").fill("/paint a house model: ")
    await chat.page.locator("[data-option=model] input").click()
    await chat.page.keyboard.type("wat")
    await expect(chat.page.locator("#completion .completion-row")).to_have_text(["watercolour"])
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator("#completion")).to_be_hidden()
    await chat.page.keyboard.press("Enter")
    await expect(chat.last).to_contain_text("watercolour")
    assert chat.bot.handled == ["paint a house|square|4|watercolour|None|None"]


async def test_an_attachment_option_takes_a_file(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").fill("/paint a house count: 1")
    await chat.page.locator(".pill-more").click()
    await chat.page.locator("#completion .completion-row", has_text="image").click()
    picture = {"name": "start.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    await chat.page.locator(".command-bar input[type=file]").set_input_files(picture)  # pyright: ignore[reportArgumentType]
    await expect(chat.page.locator("[data-option=image]")).to_contain_text("start.png")
    await chat.page.locator("#send").click()
    await expect(chat.last).to_contain_text("a house (square, pocket)")
    assert chat.bot.handled == ["paint a house|square|1|pocket|start.png|None"]


async def test_a_missing_or_wrong_option_is_named_and_nothing_is_sent(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").fill("/paint count: 9")
    await chat.page.locator("#send").click()
    await expect(chat.page.locator("[data-option=prompt] .pill-error")).to_have_text("This option is required.")
    await expect(chat.page.locator("[data-option=count] .pill-error")).to_have_text("4 or less.")
    await expect(chat.page.locator("[data-option=prompt] textarea")).to_be_focused()
    assert chat.bot.handled == []
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("#text")).to_be_focused()


async def test_only_a_moderator_is_offered_the_moderators_command(chat: Chat) -> None:
    await chat.page.locator("#text").fill("/gov")
    await expect(chat.page.locator("#completion")).to_contain_text("/govern")
    await chat.page.locator("#text").fill("")
    await chat.become("Ben")
    await chat.page.locator("#text").fill("/gov")
    await expect(chat.page.locator("#completion")).to_contain_text("No such command")


async def test_a_command_whose_bot_is_gone_says_so(browser: Browser) -> None:
    async with Playground() as playground:
        async with studio(playground):
            pass
        async with opened(browser, playground, None) as chat:
            await expect(chat.page.locator(".bot-state")).to_contain_text("Bot offline")
            await chat.write("/whisper")
            await chat.page.keyboard.press("Enter")
            failure = chat.page.locator("article.echo .press-failed")
            await expect(failure).to_contain_text(re.compile("application (is offline|did not respond)"))
            await chat.page.locator("article.echo button.link").click()
            await expect(chat.page.locator("article.echo")).to_have_count(0)


async def test_commands_of_moderators_are_listed_behind_those_of_everybody(chat: Chat) -> None:
    await chat.page.locator("#text").fill("/")
    names = chat.page.locator("#completion .completion-words > :first-child")
    await expect(names.first).to_be_visible()
    shown = await names.all_inner_texts()
    assert shown[-1] == "/govern"
    assert shown[:-1] == sorted(shown[:-1])


async def test_an_option_is_found_by_typing_its_name(chat: Chat) -> None:
    assert chat.bot is not None
    await chat.page.locator("#text").fill("/paint a red house")
    keyboard, offered = chat.page.keyboard, chat.page.get_by_role("option")
    await keyboard.press("Tab")
    await expect(offered).to_have_count(6)
    await keyboard.type("mix")
    await expect(offered).to_have_count(0)
    await keyboard.press("Enter")
    await keyboard.press("Backspace")
    await keyboard.press("Backspace")
    await expect(offered).to_have_text(["modelWhich model", "imageA start"])
    await keyboard.press("Backspace")
    await keyboard.type("cou")
    await expect(offered).to_have_text(["countHow many"])
    await keyboard.press("Enter")
    await keyboard.type("2")
    await keyboard.press("Enter")
    await expect(chat.last.locator(".mosaic .tile")).to_have_count(2)
    assert chat.bot.handled == ["paint a red house|square|2|pocket|None|None"]
