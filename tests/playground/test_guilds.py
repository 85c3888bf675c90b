"""Servers through a real client: threads, forum posts, roles, members, overwrites, emoji, direct messages, typing."""

import asyncio
import base64
import io

import discord
import pytest

from playground import Playground, permissions
from tests.playground.conftest import Bot, Rest, code, online, problems
from tests.playground.test_road import png


def studio(pg: Playground, bot: Bot) -> discord.TextChannel:
    channel = bot.get_channel(int(pg.channel("studio")["id"]))
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_threads_start_from_messages_and_on_their_own(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        message = await studio(pg, bot).send("start")
        thread = await message.create_thread(name="talk")
        assert thread.id == message.id
        await thread.send("inside", file=discord.File(io.BytesIO(png()), "a.png"))
        assert [row["type"] for row in pg.messages(str(thread.id))] == [21, 0]
        with pytest.raises(discord.HTTPException, match="160004"):
            await message.create_thread(name="again")
        own = await studio(pg, bot).create_thread(name="own", type=discord.ChannelType.public_thread)
        await own.edit(archived=True)
        assert pg.channel("own")["thread_metadata"]["archived"] is True
        with pytest.raises(discord.HTTPException, match="50083"):
            await own.edit(name="renamed")
        await own.send("wakes it")
        assert pg.channel("own")["thread_metadata"]["archived"] is False
        assert {row.name for row in await bot.guilds[0].active_threads()} == {"talk", "own"}
    assert bot.errors == []


async def test_a_person_in_a_thread_runs_a_command_there(pg: Playground, bot: Bot) -> None:
    @bot.tree.command(description="d")
    async def here(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.channel, discord.Thread)
        await interaction.response.send_message(f"in {interaction.channel.name}")

    async with online(pg, bot):
        thread = await pg.person("Ben").thread("studio", "bens corner", "hello")
        row = await pg.person("Ben").slash(thread, "here")
        assert row.message is not None
        assert row.message["content"] == "in bens corner"
    assert bot.errors == []


async def test_a_forum_takes_posts(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        forum = bot.get_channel(int(pg.channel("showcase")["id"]))
        assert isinstance(forum, discord.ForumChannel)
        post = await forum.create_thread(name="series", content="first", file=discord.File(io.BytesIO(png()), "a.png"))
        assert post.thread.id == post.message.id
        assert await post.message.attachments[0].read() == png()
    assert [row["content"] for row in pg.messages("series")] == ["first"]


async def test_private_threads_are_for_their_members(rest: Rest) -> None:
    bits = permissions.EVERYONE | permissions.CREATE_PRIVATE_THREADS
    guild = next(iter(rest.pg.world.guilds.values()))
    guild["roles"][0]["permissions"] = str(bits)
    home = rest.pg.channel("studio")["id"]
    status, thread = await rest("POST", f"/channels/{home}/threads", {"name": "secret", "type": 12})
    assert status == 201
    ben = rest.pg.person("Ben")
    assert not rest.pg.world.can_see(thread["id"], ben.id)
    assert (await rest("PUT", f"/channels/{thread['id']}/thread-members/{ben.id}"))[0] == 204
    assert rest.pg.world.can_see(thread["id"], ben.id)
    _, members = await rest("GET", f"/channels/{thread['id']}/thread-members")
    assert len(members) == 2


async def test_the_bot_meets_people_in_direct_messages(pg: Playground, bot: Bot) -> None:
    heard: asyncio.Queue[discord.Message] = asyncio.Queue()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if message.author != bot.user:
            heard.put_nowait(message)

    @bot.tree.command(description="d")
    async def hello(interaction: discord.Interaction) -> None:
        assert interaction.guild is None
        await interaction.response.send_message("in private")

    ben = pg.person("Ben")
    async with online(pg, bot):
        channel = ben.dm()
        await ben.say(channel, "psst")
        message = await asyncio.wait_for(heard.get(), 10)
        assert (message.content, message.guild) == ("psst", None)
        await message.add_reaction("✉️")
        user = await bot.fetch_user(int(ben.id))
        sent = await user.send("answer", file=discord.File(io.BytesIO(png()), "a.png"))
        assert sent.channel.id == int(channel["id"])
        row = await ben.slash(channel, "hello")
        assert row.message is not None
        assert row.message["content"] == "in private"
        ben.close_dms()
        with pytest.raises(discord.Forbidden, match="50007"):
            await user.send("more")
    assert bot.errors == []


async def test_reactions_reach_the_bot_with_who_and_where(pg: Playground, bot: Bot) -> None:
    events: asyncio.Queue[discord.RawReactionActionEvent] = asyncio.Queue()

    @bot.event
    async def on_raw_reaction_add(event: discord.RawReactionActionEvent) -> None:
        events.put_nowait(event)

    @bot.event
    async def on_raw_reaction_remove(event: discord.RawReactionActionEvent) -> None:
        events.put_nowait(event)

    async with online(pg, bot):
        message = await studio(pg, bot).send("card")
        await pg.person("Ben").react(str(message.id), "❌")
        added = await asyncio.wait_for(events.get(), 10)
        assert (added.emoji.name, added.message_id, added.message_author_id) == ("❌", message.id, message.author.id)
        assert added.member is not None
        assert added.member.name == "ben"
        await pg.person("Ben").unreact(str(message.id), "❌")
        removed = await asyncio.wait_for(events.get(), 10)
        assert (removed.event_type, removed.user_id) == ("REACTION_REMOVE", int(pg.person("Ben").id))


async def test_roles_and_members_obey_the_hierarchy(pg: Playground, bot: Bot) -> None:
    guild_row = next(iter(pg.world.guilds.values()))
    own = next(role for role in guild_row["roles"] if role["managed"])
    own["permissions"] = str(int(own["permissions"]) | permissions.MANAGE_ROLES | permissions.MANAGE_CHANNELS)
    moderator = next(role for role in guild_row["roles"] if role["name"] == "Moderator")
    async with online(pg, bot):
        guild = bot.guilds[0]
        role = await guild.create_role(name="Winner", colour=discord.Colour.gold())
        ben = await guild.fetch_member(int(pg.person("Ben").id))
        await ben.add_roles(role)
        assert str(role.id) in pg.world.member(guild_row["id"], pg.person("Ben").id)["roles"]
        with pytest.raises(discord.Forbidden, match="50013"):
            await ben.add_roles(discord.Object(int(moderator["id"])))
        with pytest.raises(discord.Forbidden, match="50013"):
            await ben.edit(nick="B")
        with pytest.raises(discord.NotFound, match="10007"):
            await guild.fetch_member(5)
        channel = await guild.create_text_channel("contest", topic="t")
        await channel.set_permissions(guild.default_role, send_messages=False)
        bits = pg.world.permissions(str(channel.id), pg.person("Ben").id)
        assert bits & permissions.VIEW_CHANNEL
        assert not bits & permissions.SEND_MESSAGES
        await role.delete()
        await channel.delete()
        assert [row.name for row in await guild.query_members("cl")] == ["cleo"]
    assert bot.errors == []


async def test_whoever_may_manage_messages_may_not_pin_them_for_that(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"})
    path = f"/channels/{message['channel_id']}/messages/pins/{message['id']}"
    rest.pg.overwrite("studio", allow=permissions.MANAGE_MESSAGES, deny=permissions.PIN_MESSAGES)
    assert code(await rest("PUT", path)) == (403, 50013)
    rest.pg.overwrite("studio")
    assert (await rest("PUT", path))[0] == 204


async def test_application_emoji_are_made_used_and_deleted(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        emoji = await bot.create_application_emoji(name="sparkle", image=png())
        assert await emoji.read() == png()
        message = await studio(pg, bot).send(f"look {emoji}")
        await message.add_reaction(emoji)
        assert pg.message(str(message.id))["_reactions"][0]["emoji"]["name"] == "sparkle"
        with pytest.raises(discord.HTTPException, match="50035"):
            await bot.create_application_emoji(name="sparkle", image=png())
        await emoji.delete()
        assert await bot.fetch_application_emojis() == []


async def test_a_bad_emoji_is_refused(rest: Rest) -> None:
    path = f"/applications/{rest.pg.world.application['id']}/emojis"
    big = "data:image/png;base64," + base64.b64encode(b"x" * (256 * 1024 + 1)).decode()
    assert problems(await rest("POST", path, {"name": "big", "image": big})) == {"image": "BINARY_TYPE_MAX_SIZE"}
    assert "name" in problems(await rest("POST", path, {"name": "a b", "image": big}))
    assert problems(await rest("POST", path, {"name": "bad", "image": "data:,x"})) == {"image": "BASE64_TYPE_INVALID"}


async def test_people_and_the_bot_see_each_other_type(pg: Playground, bot: Bot) -> None:
    typing: asyncio.Queue[str] = asyncio.Queue()

    @bot.event
    async def on_typing(channel: discord.abc.Messageable, user: discord.User | discord.Member, when: object) -> None:
        typing.put_nowait(user.name)

    async with online(pg, bot):
        pg.type_in(pg.channel("studio"), pg.person("Ada").id)
        assert await asyncio.wait_for(typing.get(), 10) == "ada"
        async with studio(pg, bot).typing():
            pass


async def test_what_the_bot_asks_about_itself(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        info = await bot.application_info()
        assert (info.name, info.owner.name) == ("Atelier", "ada")
        assert (await bot.fetch_guild(bot.guilds[0].id)).name == "Atelier"
        assert [guild.name async for guild in bot.fetch_guilds()] == ["Atelier"]
        fetched = await bot.fetch_channel(int(pg.channel("gallery")["id"]))
        assert isinstance(fetched, discord.TextChannel)
        assert (fetched.name, fetched.is_nsfw()) == ("gallery", False)
        await bot.change_presence(activity=discord.Game("pictures"))
        await pg.wait_for(lambda: pg.gateway.presence["activities"])
        assert await bot.guilds[0].me.display_avatar.read()
    assert pg.refusals == []


async def test_unknown_things_have_their_own_codes(rest: Rest) -> None:
    guild = next(iter(rest.pg.world.guilds))
    for path, expected in {
        "/channels/5": 10003,
        "/guilds/5": 10004,
        f"/guilds/{guild}/members/5": 10007,
        f"/guilds/{guild}/roles/5": 10011,
        "/users/5": 10013,
        f"{rest.studio}/5": 10008,
        f"/applications/{rest.pg.world.application['id']}/emojis/5": 10014,
        f"/webhooks/{rest.pg.world.application['id']}/none/messages/@original": 10015,
    }.items():
        assert code(await rest("GET", path)) == (404, expected), path
