"""What messages carry and what can be pressed on them."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def painted(chat: Chat) -> None:
    """A grid with its buttons, made by Ada."""
    await chat.playground.person("Ada").slash("studio", "paint", prompt="a red house")
    await expect(chat.last.locator(".mosaic .tile")).to_have_count(4)


async def test_a_pressed_button_is_answered_in_reply_to_its_message(chat: Chat) -> None:
    await painted(chat)
    await chat.last.get_by_role("button", name="U1").click()
    await expect(chat.messages).to_have_count(2)
    await expect(chat.last).to_contain_text("Image 1")
    await expect(chat.last.locator(".preface-words")).to_contain_text("a red house")
    await chat.last.locator(".preface-words").click()
    await expect(chat.messages.first).to_be_focused()
    await expect(chat.messages.first.get_by_role("button", name="Off")).to_be_disabled()
    link = chat.messages.first.get_by_role("link", name="Read more")
    await expect(link).to_have_attribute("href", "https://example.com/more")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def test_a_button_that_nobody_answers_says_so_under_the_message(chat: Chat) -> None:
    await painted(chat)
    await chat.last.get_by_role("button", name="Deaf").click()
    await expect(chat.last.locator("[data-custom-id=deaf]")).to_have_attribute("aria-busy", "true")
    await expect(chat.last.locator(".press-failed")).to_contain_text("did not respond")
    await expect(chat.last.locator("[data-custom-id=deaf]")).not_to_have_attribute("aria-busy", "true")
    await chat.last.locator(".press-failed button").click()
    await expect(chat.last.locator(".press-failed")).to_have_count(0)


async def test_several_choices_are_sent_when_the_list_closes(chat: Chat) -> None:
    await painted(chat)
    await chat.last.get_by_role("combobox").click()
    await chat.page.get_by_role("option", name="Oil").click()
    await chat.page.get_by_role("option", name="Chalk").click()
    await expect(chat.last).to_contain_text("a red house")
    await chat.page.keyboard.press("Escape")
    await expect(chat.last).to_contain_text("styles: Chalk, Oil")
    await expect(chat.last.locator(".edited")).to_have_text("(edited)")


async def test_a_form_checks_its_fields_and_sends_them(chat: Chat) -> None:
    await painted(chat)
    await chat.last.get_by_role("button", name="Remix").click()
    form = chat.page.locator("dialog.modal")
    await expect(form.get_by_role("heading", name="Remix")).to_be_visible()
    await expect(form.locator("textarea")).to_be_focused()
    await chat.page.keyboard.type("abc")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".field-error:visible")).to_have_text(
        ["At least 5 characters.", "This field is required."]
    )
    await form.locator("textarea").fill("a green house")
    await form.get_by_role("combobox").click()
    await form.get_by_role("option", name="Ink").click()
    await form.get_by_label("Strong").check()
    await form.get_by_label("Frame").check()
    await form.get_by_label("Signature").check()
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"words"}
    await form.locator("input[type=file]").set_input_files(note)  # pyright: ignore[reportArgumentType]
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_have_count(0)
    await expect(chat.last).to_contain_text("form: a green house, ink, strong, frame+signature, note.txt")


async def test_a_form_with_people_and_a_check_box(chat: Chat) -> None:
    await painted(chat)
    await chat.last.get_by_role("button", name="Tune").click()
    form = chat.page.locator("dialog.modal")
    await expect(form.locator("strong", has_text="once")).to_be_visible()
    await form.get_by_label("Tile it").check()
    await form.get_by_role("combobox").click()
    await form.get_by_role("option", name="Cleo").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(chat.last).to_contain_text("form: True, Cleo")


async def test_pictures_open_large_and_are_walked_with_the_keys(chat: Chat) -> None:
    await painted(chat)
    await chat.last.locator(".tile").nth(1).click()
    box = chat.page.locator("dialog.lightbox")
    await expect(box.locator(".lightbox-words")).to_contain_text("house 2")
    await expect(box.locator(".lightbox-words")).to_contain_text("2 of 4")
    await chat.page.keyboard.press("ArrowRight")
    await expect(box.locator(".lightbox-words")).to_contain_text("house 3")
    await chat.page.keyboard.press("ArrowLeft")
    await chat.page.keyboard.press("ArrowLeft")
    await expect(box.locator(".lightbox-words")).to_contain_text("house 1")
    await expect(box.get_by_label("Download")).to_have_attribute("download", "house-1.png")
    drawn = await box.locator(".lightbox-picture").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn == 256
    await chat.page.keyboard.press("Escape")
    await expect(box).to_have_count(0)


async def test_the_newer_components_and_embeds_are_drawn_with_their_pictures(chat: Chat) -> None:
    ada = chat.playground.person("Ada")
    await ada.slash("studio", "card")
    container = chat.last.locator(".container.accented")
    await expect(container.get_by_role("heading", name="A card")).to_be_visible()
    await expect(container.locator(".section .thumbnail img")).to_be_visible()
    await expect(container.locator(".gallery img")).to_be_visible()
    await expect(chat.last.locator(".attachments")).to_have_count(0)
    await ada.slash("studio", "note")
    embed = chat.last.locator(".embed")
    await expect(embed.get_by_role("link", name="Queue")).to_have_attribute("href", "https://example.com/queue")
    await expect(embed.locator(".embed-field")).to_have_count(2)
    await expect(embed.locator(".embed-footer")).to_have_text("measured")
    await expect(embed.locator(".embed-thumbnail img")).to_be_visible()
    await expect(chat.last.locator(".attachments")).to_have_count(0)


async def test_a_message_menu_runs_the_apps_command_and_only_that_person_sees_the_answer(chat: Chat) -> None:
    await chat.playground.person("Ben").say("studio", "a lamp on a table")
    await chat.last.click(button="right")
    await chat.page.get_by_role("menuitem", name="Describe it").click()
    await expect(chat.whispers).to_contain_text("described: a lamp on a table")
    await expect(chat.whispers).to_contain_text("Only you can see this")
    await chat.become("Ben")
    await expect(chat.messages).to_have_count(1)
    await expect(chat.whispers).to_have_count(0)
    await chat.become("Ada")
    await chat.whispers.get_by_role("button", name="Dismiss message").click()
    await expect(chat.messages).to_have_count(1)


async def test_the_menu_opens_from_the_keyboard(chat: Chat) -> None:
    await chat.playground.person("Ben").say("studio", "a lamp on a table")
    await expect(chat.messages).to_have_count(1)
    await chat.page.locator("#timeline").focus()
    await chat.page.keyboard.press("ArrowUp")
    await expect(chat.last).to_be_focused()
    await chat.page.keyboard.press("Shift+F10")
    await expect(chat.page.get_by_role("menuitem", name="Describe it")).to_be_focused()
    await chat.page.keyboard.press("Enter")
    await expect(chat.whispers).to_contain_text("described: a lamp on a table")
