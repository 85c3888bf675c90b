"""What people and the bot may do adds up from @everyone, roles and overwrites, wherever it is asked."""

import pytest

from playground import ManualClock, Playground, permissions
from playground.errors import ApiError, Json
from playground.offered import NotOffered
from tests.playground.conftest import Rest, problems
from tests.playground.test_road import png


def everyone(pg: Playground) -> Json:
    """The role that everybody has."""
    guild_id = next(iter(pg.world.guilds))
    return pg.world.role(guild_id, guild_id)


def take_from_everyone(pg: Playground, *bits: int) -> None:
    role = everyone(pg)
    for bit in bits:
        role["permissions"] = str(int(role["permissions"]) & ~bit)


def allow_bot(pg: Playground, bits: int) -> None:
    """Give the bot's own role more."""
    role = next(row for row in pg.world.roles(everyone(pg)["id"]).values() if row["managed"])
    role["permissions"] = str(int(role["permissions"]) | bits)


async def test_a_new_role_begins_with_what_everyone_may(rest: Rest) -> None:
    allow_bot(rest.pg, permissions.MANAGE_ROLES)
    take_from_everyone(rest.pg, permissions.ADD_REACTIONS)
    status, role = await rest("POST", f"/guilds/{everyone(rest.pg)['id']}/roles", {"name": "Painter"})
    assert status == 200
    assert role["permissions"] == everyone(rest.pg)["permissions"]


async def test_who_may_not_write_in_a_channel_may_in_its_threads_if_that_is_allowed(free: Playground) -> None:
    ada, ben = free.person("Ada"), free.person("Ben")
    thread = await ada.thread("studio", "talk")
    free.overwrite("studio", everyone(free)["id"], deny=permissions.SEND_MESSAGES)
    with pytest.raises(ApiError) as refused:
        await ben.say("studio", "here")
    assert refused.value.code == 50013
    assert free.world.permissions(thread["id"], ben.id) & permissions.ATTACH_FILES
    assert (await ben.say(thread, "there"))["content"] == "there"
    free.overwrite("studio", everyone(free)["id"], deny=permissions.SEND_MESSAGES_IN_THREADS)
    assert not free.world.permissions(thread["id"], ben.id) & permissions.ATTACH_FILES
    assert free.world.permissions(free.channel("studio")["id"], ben.id) & permissions.ATTACH_FILES
    with pytest.raises(ApiError) as refused:
        await ben.say(thread, "there")
    assert refused.value.code == 50013


async def test_people_attach_files_only_where_they_may(free: Playground) -> None:
    free.overwrite("studio", everyone(free)["id"], deny=permissions.ATTACH_FILES)
    with pytest.raises(ApiError) as refused:
        await free.person("Ben").say("studio", "a picture", files=[("a.png", png())])
    assert refused.value.code == 50013


async def test_nobody_reads_or_reacts_to_what_was_said_without_the_history(free: Playground) -> None:
    record = await free.person("Ada").say("studio", "before")
    free.overwrite("studio", everyone(free)["id"], deny=permissions.READ_MESSAGE_HISTORY)
    ben = free.person("Ben")
    assert ben.messages("studio") == []
    with pytest.raises(ApiError) as refused:
        await ben.react(record, "👍")
    assert refused.value.code == 50013
    assert free.person("Ada").messages("studio") == [record]


async def test_a_time_out_leaves_reading_until_it_is_over_and_spares_administrators(rest: Rest) -> None:
    allow_bot(rest.pg, permissions.MODERATE_MEMBERS)
    ben, studio = rest.pg.person("Ben"), rest.pg.channel("studio")["id"]
    before = rest.pg.world.permissions(studio, ben.id)
    clock = rest.pg.clock
    assert isinstance(clock, ManualClock)
    path = f"/guilds/{everyone(rest.pg)['id']}/members/{ben.id}"
    status, _ = await rest("PATCH", path, {"communication_disabled_until": clock.iso(clock.time() + 60)})
    assert status == 200
    reading = permissions.VIEW_CHANNEL | permissions.READ_MESSAGE_HISTORY
    assert rest.pg.world.permissions(studio, ben.id) == reading
    assert rest.pg.world.guild_permissions(everyone(rest.pg)["id"], ben.id) == reading
    with pytest.raises(ApiError):
        await ben.say("studio", "hello")
    clock.advance(61)
    assert rest.pg.world.permissions(studio, ben.id) == before
    ada = rest.pg.person("Ada")
    rest.pg.world.members[everyone(rest.pg)["id"]][ada.id]["communication_disabled_until"] = clock.iso(
        clock.time() + 60
    )
    assert rest.pg.world.permissions(studio, ada.id) == permissions.ALL


async def test_a_time_out_until_no_moment_is_refused(rest: Rest) -> None:
    allow_bot(rest.pg, permissions.MODERATE_MEMBERS)
    path = f"/guilds/{everyone(rest.pg)['id']}/members/{rest.pg.person('Ben').id}"
    answer = await rest("PATCH", path, {"communication_disabled_until": "tomorrow"})
    assert problems(answer) == {"communication_disabled_until": "DATE_TIME_TYPE_PARSE"}


async def test_a_chosen_channel_comes_with_what_the_person_may_there(rest: Rest) -> None:
    option = {"type": 7, "name": "channel", "description": "d", "required": True}
    path = f"/applications/{rest.pg.world.application['id']}/commands"
    assert (await rest("PUT", path, [{"name": "look", "description": "d", "options": [option]}]))[0] == 200
    ben, general = rest.pg.person("Ben"), rest.pg.channel("general")["id"]
    rest.pg.overwrite("general", everyone(rest.pg)["id"], deny=permissions.SEND_MESSAGES)
    asked = await ben.slash("studio", "look", channel=general, wait=False)
    bits = int(asked.data["resolved"]["channels"][general]["permissions"])
    assert bits == rest.pg.world.permissions(general, ben.id)
    assert not bits & permissions.SEND_MESSAGES
    rest.pg.overwrite("general", everyone(rest.pg)["id"], deny=permissions.VIEW_CHANNEL)
    with pytest.raises(NotOffered):
        await ben.slash("studio", "look", channel=general, wait=False)
