"""The invite link asks for enough, and for what the playground gives: a dependency on more shows in every test."""

from bot import invitation
from playground import permissions, seed
from tests.bot.studio import Running
from tests.bot.test_sharing import post, posts, share, use_gallery


def test_the_playground_gives_the_bot_what_the_invite_link_asks_for_and_no_more() -> None:
    assert invitation.PERMISSIONS.value == seed.BOT_PERMISSIONS


async def test_the_invite_links_permissions_are_enough_where_everybody_has_none(bot: Running) -> None:
    bot.expected_refusals.add(10008)  # a deleted card is not drawn again
    for channel in [row for row in bot.pg.world.channels.values() if "permission_overwrites" in row]:
        bot.pg.overwrite(channel, deny=permissions.ALL & ~invitation.PERMISSIONS.value)
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    made = await post(bot)
    await bot.pg.person("Cleo").click(made, "a:like:1")
    await bot.pg.person("Ben").click(made, "Unshare")
    await bot.pg.wait_for(lambda: posts(bot) == [])
    await use_gallery(bot, "showcase")
    await share(bot, card)
    await bot.pg.wait_for(lambda: any(row["type"] == 11 for row in bot.pg.world.channels.values()))
    thread = await bot.pg.person("Ben").thread("studio", "houses")
    asked = await bot.pg.person("Ben").slash(thread, "imagine", prompt="a house", count=1, steps=1)
    assert asked.message is not None, asked.reason
    await bot.pictures(asked.message)
    await bot.pg.person("Ben").react(card, "❌")
    await bot.pg.wait_for(lambda: card["id"] not in [row["id"] for row in bot.pg.messages("studio")])
