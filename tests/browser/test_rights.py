"""What a person may not do is not offered, from the moment that it changes."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from playground import Playground, permissions
from playground.errors import Json
from tests.browser.conftest import Chat, opened

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
BOTH = permissions.MANAGE_GUILD | permissions.KICK_MEMBERS
COMMANDS = [
    {"name": "go", "description": "Goes"},
    {"name": "after", "description": "For adults", "nsfw": True},
    {"name": "guard", "description": "Takes both", "default_member_permissions": str(BOTH)},
]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Chat]:
    """A page as Ben, in a world of its own whose bot may do everything and answers nothing."""
    async with Playground() as pg:
        guild_id = next(iter(pg.world.guilds))
        role = next(row for row in pg.world.roles(guild_id).values() if row["managed"])
        role["permissions"] = str(permissions.ADMINISTRATOR)
        await asked(pg, "PUT", f"/applications/{pg.world.application['id']}/commands", COMMANDS)
        async with opened(browser, pg, None) as chat:
            await chat.become("Ben")
            yield chat


async def asked(pg: Playground, method: str, path: str, body: Json | list[Json]) -> None:
    """A request of the bot's."""
    headers = {"Authorization": f"Bot {pg.token}"}
    async with aiohttp.ClientSession() as http, http.request(method, pg.api + path, json=body, headers=headers) as said:
        assert said.status == 200, await said.text()


async def everyone(pg: Playground, bits: int) -> None:
    """The bot gives @everyone these permissions."""
    guild_id = next(iter(pg.world.guilds))
    await asked(pg, "PATCH", f"/guilds/{guild_id}/roles/{guild_id}", {"permissions": str(bits)})


async def test_commands_are_offered_to_those_who_may_use_them(page: Chat) -> None:
    offered, guild_id = page.page.get_by_role("option"), next(iter(page.playground.world.guilds))
    await page.page.locator("#text").fill("/")
    await expect(offered).to_have_text(["/goGoesAtelier"])
    await everyone(page.playground, permissions.EVERYONE | permissions.MANAGE_GUILD)
    await page.page.locator("#text").fill("/g")
    await expect(offered).to_have_text(["/goGoesAtelier"])
    await everyone(page.playground, permissions.EVERYONE | BOTH)
    await expect(offered).to_have_text(["/goGoesAtelier", "/guardTakes bothAtelier"])
    page.playground.overwrite("studio", guild_id, deny=permissions.USE_APPLICATION_COMMANDS)
    await expect(offered).to_have_count(0)
    await page.go("after-dark")
    await page.page.locator("#text").fill("/af")
    await expect(offered).to_have_text(["/afterFor adultsAtelier"])


async def test_who_may_not_write_has_no_field_to_write_in(page: Chat) -> None:
    field, guild_id = page.page.locator("#text"), next(iter(page.playground.world.guilds))
    await page.playground.person("Ada").thread("studio", "talk")
    page.playground.overwrite("studio", guild_id, deny=permissions.SEND_MESSAGES)
    await expect(field).to_be_disabled()
    await expect(field).to_have_attribute("placeholder", "You may not send messages in this channel")
    await page.page.locator("[data-channel=talk]").click()
    await expect(field).to_be_enabled()
    await page.write("in the thread")
    await expect(page.last).to_contain_text("in the thread")
    await page.go("studio")
    await expect(field).to_be_disabled()
    page.playground.overwrite("studio", guild_id)
    await expect(field).to_be_enabled()


async def test_a_channel_that_a_person_may_not_see_goes_and_comes_back_with_its_threads(page: Chat) -> None:
    guild_id = next(iter(page.playground.world.guilds))
    await page.playground.person("Ada").thread("general", "talk")
    channels = page.page.locator("#channels .channel-name")
    await expect(channels.filter(has_text="talk")).to_be_visible()
    page.playground.overwrite("general", guild_id, deny=permissions.VIEW_CHANNEL)
    await expect(channels.filter(has_text="general")).to_have_count(0)
    await expect(channels.filter(has_text="talk")).to_have_count(0)
    page.playground.overwrite("general", guild_id)
    await expect(channels.filter(has_text="general")).to_be_visible()
    await expect(channels.filter(has_text="talk")).to_be_visible()
    await everyone(page.playground, permissions.EVERYONE & ~permissions.VIEW_CHANNEL)
    await expect(channels).to_have_count(0)
