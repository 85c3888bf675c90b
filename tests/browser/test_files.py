"""Files that people hand in: pasted, chosen, refused, shown."""

import pytest
from playwright.async_api import expect

from playground.errors import Json
from tests.browser.conftest import Chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_pasted_picture_waits_beside_the_field(silent: Chat) -> None:
    await silent.page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(["x"], "pasted.png", { type: "image/png" }));
          const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.querySelector("#text").dispatchEvent(paste);
        }"""
    )
    await expect(silent.page.locator("#tray figure")).to_contain_text("pasted.png")


async def test_files_are_attached_shown_and_sent(silent: Chat) -> None:
    files = [
        {"name": "dot.svg", "mimeType": "text/plain", "buffer": b"<svg onload=alert(1)>"},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"a" * 2048},
    ]
    await silent.page.locator("#chooser").set_input_files(files)  # pyright: ignore[reportArgumentType]
    await expect(silent.page.locator("#tray figure")).to_have_count(2)
    await silent.page.get_by_role("button", name="Remove dot.svg").click()
    await silent.write("here")
    await expect(silent.last.locator(".file-card")).to_contain_text("notes.txt2.0 KB")
    await expect(silent.page.locator("#tray")).to_be_hidden()


async def test_files_that_cannot_be_sent_are_refused_when_they_are_chosen(silent: Chat) -> None:
    def file(name: str, size: int = 9) -> Json:
        return {"name": name, "mimeType": "image/png", "buffer": b"0" * size}

    chooser, waiting = silent.page.locator("#chooser"), silent.page.locator("#tray figcaption span")
    large = file("large.png", silent.playground.interactions.file_limit + 1)
    await chooser.set_input_files([large, file("none.png")])  # pyright: ignore[reportArgumentType]
    await expect(silent.page.locator(".toast.error")).to_have_text("large.png has 10.00 MB; a file may have 10.00 MB.")
    await expect(waiting).to_have_text(["none.png"])
    await chooser.set_input_files([file(f"{number}.png") for number in range(12)])  # pyright: ignore[reportArgumentType]
    await expect(waiting).to_have_text(["none.png", *(f"{number}.png" for number in range(9))])
    await expect(silent.page.locator("#tray img")).to_have_count(0)
    await silent.write("no pictures")
    await expect(silent.last.locator(".file-card")).to_have_count(10)
    await expect(silent.last.locator(".tile")).to_have_count(0)
