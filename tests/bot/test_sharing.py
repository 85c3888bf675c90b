"""Sharing by button and menu, the post in the gallery channel, hearts, unsharing, deleting, moderators' hiding."""

import asyncio

from db import shares
from db.models import Share
from tests.bot.studio import Json, Running, private_words


def parts(message: Json) -> list[Json]:
    """Every component of a message, however deep."""

    def within(components: list[Json]) -> list[Json]:
        return [one for part in components for one in (part, *within(part.get("components", [])))]

    return within(message["components"])


def words(message: Json) -> str:
    return "\n".join(part["content"] for part in parts(message) if part["type"] == 10)


def pressed(message: Json, label: str) -> Json:
    """A button by its label, emoji or the beginning of its custom id."""
    for part in parts(message):
        names = (part.get("label"), (part.get("emoji") or {}).get("name"))
        if part["type"] == 2 and (label in names or part["custom_id"].startswith(label)):
            return part
    raise AssertionError(f"no {label} among {[part.get('custom_id') for part in parts(message)]}")


def posts(bot: Running, channel: str = "gallery") -> list[Json]:
    """What everybody sees in the channel."""
    return [message for message in bot.pg.messages(channel) if not message["_viewer"]]


async def use_gallery(bot: Running, channel: str = "gallery") -> None:
    """Ada, who manages the server, sets the gallery channel."""
    place = bot.pg.channel(channel)["id"]
    asked = await bot.pg.person("Ada").slash("studio", "admin channel", use="gallery", channel=place)
    assert "Gallery" in private_words(asked)


async def share(bot: Running, card: Json, person: str = "Ben", *toggles: str) -> Json:
    """Press Share, change what is to be changed, and go; the private answer."""
    asked = await bot.pg.person(person).click(card, "Share")
    question = asked.message
    assert question is not None, asked.reason
    for toggle in toggles:
        await bot.pg.person(person).click(question, toggle)
    await bot.pg.person(person).click(question, "Share")
    await bot.pg.wait_for(lambda: question["content"].startswith("Shared"), what=question["content"])
    return question


async def post(bot: Running, channel: str = "gallery", count: int = 1) -> Json:
    await bot.pg.wait_for(lambda: len(posts(bot, channel)) == count, what="no post in the gallery")
    return posts(bot, channel)[-1]


async def row(bot: Running, image_id: int = 1) -> Share:
    async with bot.database.reading() as session:
        found = await shares.of_image(session, image_id)
    assert found is not None
    return found


async def shown(bot: Running, image_id: int = 1) -> None:
    """Wait until the post shows the row."""
    async with asyncio.timeout(20):
        while (found := await row(bot, image_id)).shown < found.wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_shared_picture_stands_in_the_gallery_channel_and_is_taken_back(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    question = await share(bot, card)
    made = await post(bot)
    assert question["content"] == f"Shared in <#{bot.pg.channel('gallery')['id']}>."
    assert words(made).startswith("**a red house")
    assert bot.pg.person("Ben").mention in words(made)
    assert bot.pg.attachment_bytes(made["attachments"][0]) == bot.pg.attachment_bytes(card["attachments"][0])
    refused = await bot.pg.person("Cleo").click(made, "Unshare")
    assert private_words(refused) == f"Only {bot.pg.person('Ben').mention} or a moderator may unshare this."
    asked = await bot.pg.person("Ben").click(made, "Unshare")
    assert private_words(asked) == "It is private again; its post goes."
    await bot.pg.wait_for(lambda: posts(bot) == [])
    await shown(bot)
    assert (await row(bot)).message_id is None


async def test_the_author_may_keep_prompt_and_name_and_nothing_tells_them(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", prompt="a xylophone", count=1, steps=1)
    await share(bot, card, "Ben", "Prompt shown", "Named")
    made = await post(bot)
    file = bot.pg.attachment_bytes(made["attachments"][0])
    told = str(made)
    for secret in ("xylophone", bot.pg.person("Ben").id, "Ben"):
        assert secret not in told
    assert b"xylophone" not in file
    assert "xylophone".encode("utf-16-be") not in file
    assert b"trainedAlgorithmicMedia" in file
    details = private_words(await bot.pg.person("Cleo").click(made, "Details"))
    assert "xylophone" not in details
    assert bot.pg.person("Ben").id not in details
    refused = await bot.pg.person("Cleo").click(made, "Unshare")
    assert private_words(refused) == "Only its author or a moderator may unshare this."
    assert "xylophone" in private_words(await bot.pg.person("Ben").click(made, "Details"))


async def test_showing_the_prompt_after_all_edits_the_same_post(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card, "Ben", "Prompt shown")
    made = await post(bot)
    await bot.pg.wait_for(lambda: bool(words(made)))
    assert "red house" not in words(made)
    await share(bot, card, "Ben", "Prompt hidden")
    await bot.pg.wait_for(lambda: "red house" in words(made))
    assert len(posts(bot)) == 1


async def test_hearts_are_counted_once_a_person_and_come_from_others_only(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await bot.pg.person("Dan").click(card, "❤️")  # under the ordinary result, before it is shared
    await share(bot, card)
    made = await post(bot)
    assert pressed(made, "a:like:")["label"] == "1"
    own = await bot.pg.person("Ben").click(made, "a:like:1")
    assert private_words(own) == "This is your own picture; hearts come from others."
    for person in ("Ada", "Cleo"):
        await bot.pg.person(person).click(made, "a:like:1")
    await bot.pg.wait_for(lambda: pressed(made, "a:like:").get("label") == "3")
    await bot.pg.person("Cleo").click(made, "a:like:1")
    await bot.pg.wait_for(lambda: pressed(made, "a:like:").get("label") == "2")
    await shown(bot)
    assert (await row(bot)).likes == 2


async def test_deleting_the_picture_removes_its_post(bot: Running) -> None:
    bot.expected_refusals.add(10008)  # its card goes too, and is not drawn again
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    made = await post(bot)
    await bot.pg.person("Ben").click(card, "Delete")
    await bot.pg.wait_for(lambda: posts(bot) == [])
    assert made["id"] not in [message["id"] for message in posts(bot)]


async def test_a_moderator_hides_a_post_and_brings_it_back(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    await post(bot)
    async with bot.database.writing() as session:
        await shares.hide(session, 1, int(bot.pg.person("Ben").id))
    bot.studio.poster.wake()
    await bot.pg.wait_for(lambda: posts(bot) == [])
    asked = await bot.pg.person("Ben").click(card, "Share")
    assert asked.message is not None
    refused = await bot.pg.person("Ben").click(asked.message, "Share")
    assert "A moderator hid this picture" in private_words(refused)
    async with bot.database.writing() as session:
        await shares.restore(session, 1)
    bot.studio.poster.wake()
    await post(bot)


async def test_a_forum_gets_a_post_of_its_own_for_each_picture(bot: Running) -> None:
    bot.expected_refusals.add(10008)  # its card goes too, and is not drawn again
    await use_gallery(bot, "showcase")
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    await shown(bot)
    found = await row(bot)
    assert found.thread_id is not None
    thread = bot.pg.world.channels[str(found.thread_id)]
    assert thread["name"].startswith("a red house")
    assert thread["parent_id"] == bot.pg.channel("showcase")["id"]
    async with bot.database.writing() as session:
        await shares.share(session, 1, show_prompt=False, anonymous=False)
    bot.studio.poster.wake()
    await bot.pg.wait_for(lambda: thread["name"] == "A shared picture", what=thread["name"])
    await bot.pg.person("Ben").click(card, "Delete")
    await bot.pg.wait_for(lambda: thread["thread_metadata"]["archived"])
    assert bot.pg.world.messages[thread["id"]] == {}


async def test_the_menu_shares_one_of_a_grid(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=2, steps=1)
    refused = await bot.pg.person("Cleo").menu(card, "Share to gallery")
    assert "may share this" in private_words(refused)
    asked = await bot.pg.person("Ben").menu(card, "Share to gallery")
    assert asked.message is not None
    second = await bot.pg.person("Ben").click(asked.message, "Image #2")
    assert second.message is not None
    await bot.pg.person("Ben").click(second.message, "Share")
    made = await post(bot)
    assert made["attachments"][0]["filename"] == "2.png"


async def test_without_a_gallery_channel_it_is_in_the_gallery_all_the_same(bot: Running) -> None:
    card = await bot.imagine("Ben", count=1, steps=1)
    question = await share(bot, card)
    assert question["content"] == "Shared in `/gallery`."
    assert shares.is_listed(await row(bot))


async def test_what_comes_from_an_age_restricted_channel_is_not_posted_in_an_ordinary_one(bot: Running) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", channel="after-dark", count=1, steps=1)
    asked = await bot.pg.person("Ben").click(card, "Share")
    assert asked.message is not None
    assert "age-restricted" in asked.message["content"]
    await bot.pg.person("Ben").click(asked.message, "Share")
    await bot.pg.wait_for(lambda: asked.message is not None and asked.message["content"].startswith("Shared"))
    found = await row(bot)
    assert (found.nsfw, found.channel_id) == (True, None)
    assert posts(bot) == []
    await use_gallery(bot, "after-dark")
    before = len(posts(bot, "after-dark"))
    await share(bot, card)
    await post(bot, "after-dark", before + 1)
