"""Who may do what to a picture in which state: the whole table, each cell by a press of a forged button."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from bot.cogs.history import Open
from bot.ui.buttons import Up
from bot.ui.entering import EnterPicture
from bot.ui.looking import Look
from bot.ui.moderating import ReportPicture
from bot.ui.press import view_of
from bot.ui.sharing import Details, Like, Share, ShareAs, Unshare
from bot.ui.visiting import Similar, Visit
from db import guilds, likes, models, shares
from db.models import Image, Phase, Visibility
from tests.bot.contest import create, reached, texts
from tests.bot.studio import Running, custom_ids

AUTHOR, MODERATOR, MEMBER = "Ben", "Ada", "Cleo"
ELSEWHERE = 4242

# state: what the author, a moderator and a member get
TABLE = {
    "see": """
        private          ok        ok        gone
        guild            ok        ok        ok
        public           ok        ok        ok
        hidden           ok        ok        gone
        unsure           ok        ok        gone
        deleted          gone      gone      gone
        restricted       gone      gone      gone
        foreign private  ok        gone      gone
        foreign guild    ok        gone      gone
        foreign public   ok        ok        ok
    """,
    "like": """
        private          own       ok        ok
        guild            own       ok        ok
        public           own       ok        ok
        hidden           own       gone      gone
        unsure           own       gone      gone
        deleted          gone      gone      gone
        restricted       own       gone      gone
        foreign private  own       gone      gone
        foreign guild    own       gone      gone
        foreign public   own       ok        ok
    """,
    "share": """
        private          ok        ok        not yours
        guild            ok        ok        not yours
        public           ok        ok        not yours
        hidden           hidden    hidden    not yours
        unsure           unsure    unsure    not yours
        deleted          gone      gone      gone
        restricted       ok        ok        not yours
        foreign private  elsewhere elsewhere elsewhere
        foreign guild    elsewhere elsewhere elsewhere
        foreign public   elsewhere elsewhere elsewhere
    """,
    "unshare": """
        private          ok        ok        not yours
        guild            ok        ok        not yours
        public           ok        ok        not yours
        hidden           ok        ok        not yours
        unsure           ok        ok        not yours
        deleted          gone      gone      gone
        restricted       ok        ok        not yours
        foreign private  ok        not yours not yours
        foreign guild    ok        not yours not yours
        foreign public   ok        not yours not yours
    """,
    "draw on": """
        private          ok        ok        ok
        guild            ok        ok        ok
        public           ok        ok        ok
        hidden           ok        ok        gone
        unsure           unsure    unsure    unsure
        deleted          gone      gone      gone
        restricted       age       gone      gone
        foreign private  ok        gone      gone
        foreign guild    ok        gone      gone
        foreign public   ok        ok        ok
    """,
    "visit": """
        private          gone      gone      gone
        guild            ok        ok        ok
        public           ok        ok        ok
        hidden           ok        ok        gone
        unsure           gone      gone      gone
        deleted          gone      gone      gone
        restricted       gone      gone      gone
        foreign private  gone      gone      gone
        foreign guild    ok        gone      gone
        foreign public   ok        ok        ok
    """,
    "report": """
        private          ok        ok        ok
        guild            ok        ok        ok
        public           ok        ok        ok
        hidden           ok        ok        ok
        unsure           ok        ok        ok
        deleted          gone      gone      gone
        restricted       ok        ok        ok
        foreign private  gone      gone      gone
        foreign guild    gone      gone      gone
        foreign public   gone      gone      gone
    """,
    "enter": """
        private          ok        not own   not own
        guild            ok        not own   not own
        public           ok        not own   not own
        hidden           ok        not own   not own
        unsure           unfit     not own   not own
        deleted          gone      gone      gone
        restricted       unfit     not own   not own
        foreign private  unfit     not own   not own
        foreign guild    unfit     not own   not own
        foreign public   unfit     not own   not own
    """,
}
WORDS = {
    "gone": "This picture was deleted.",
    "own": "This is your own picture",
    "not yours": "or a moderator may",
    "elsewhere": "Share it in the server where it was made.",
    "hidden": "A moderator hid this picture",
    "unsure": "A moderator has to look",
    "age": "It comes from an age-restricted channel",
    "not own": "enter and withdraw your own",
    "unfit": "This picture was deleted or is withheld.",
    "unfit nsfw": "the challenge is not in one",
    "unfit elsewhere": "Only pictures made in this server",
}
ALIKE = {"unfit nsfw": "unfit", "unfit elsewhere": "unfit"}
BUTTONS = {
    "see": "a:details:1",
    "like": "a:like:1",
    "share": "a:shareas:go:1:pn",
    "unshare": "a:unshare:1",
    "draw on": "a:up:1:0",
    "visit": "a:visit:1",
    "report": "a:report:1",
    "enter": "a:c:enter:1:1",
}
IN_PLACE = (6, 7)
"""Answers that only change the message."""


def cells(act: str) -> list[tuple[str, str, str]]:
    """(state, person, outcome)"""
    found = []
    for line in TABLE[act].strip().splitlines():
        line = line[8:] if line.startswith(" ") else line
        state, outcomes = line[:17].strip(), [line[17:27].strip(), line[27:37].strip(), line[37:].strip()]
        found += [(state, who, out) for who, out in zip((AUTHOR, MODERATOR, MEMBER), outcomes, strict=True)]
    return found


@pytest.mark.parametrize("act", TABLE)
async def test_every_cell_of_the_table_holds(bot: Running, act: str) -> None:
    card = await bot.imagine(AUTHOR, count=1, steps=1)
    if act == "enter":
        await reached(bot, await create(bot), Phase.OPEN)
    if act == "report":
        where = bot.pg.channel("general")["id"]
        await bot.pg.person(MODERATOR).slash("studio", "admin channel", use="reports", channel=where)
    channel = bot.studio.get_partial_messageable(int(card["channel_id"]))
    wrong = []
    for state, who, expected in cells(act):
        await arrange(bot, state)
        # Buttons that no card would offer these people; sharing changes the message it was pressed on.
        presses = (
            *(Details.on(1), Like.on(1), ShareAs(BUTTONS["share"], label="go"), Unshare.on(1)),
            *(Up(BUTTONS["draw on"], label="up"), Visit(BUTTONS["visit"], label="visit")),
            *(ReportPicture(BUTTONS["report"], label="report"), EnterPicture(BUTTONS["enter"], label="enter")),
        )
        forged = bot.pg.message(str((await channel.send("forged", view=view_of(*presses))).id))
        before = await bot_rows(bot)
        told = await outcome(bot, who, forged, BUTTONS[act])
        after = await bot_rows(bot)
        if told != expected or (told != "ok" and after != before):
            wrong.append((state, who, told, expected))
    assert wrong == []
    assert len(cells(act)) == 30


async def outcome(bot: Running, who: str, message: Any, custom_id: str) -> str:
    """What a press came to: the name of a refusal, or "ok"."""
    before = {one["id"] for one in bot.pg.messages(message["channel_id"])}
    asked = await bot.pg.person(who).click(message, custom_id)
    if asked.modal is not None or asked.callback in IN_PLACE:
        return "ok"

    def told() -> str:
        new = [one for one in bot.pg.messages(message["channel_id"]) if one["id"] not in before]
        return "\n".join(texts(one) + "pictures" * len(one["attachments"]) for one in new).strip()

    words = await bot.pg.wait_for(told)
    found = next((name for name, said in WORDS.items() if said in words), "ok")
    return ALIKE.get(found, found)


async def arrange(bot: Running, state: str) -> None:
    """Bring picture 1 into a state, whatever it was in before."""
    home = int(bot.pg.channel("studio")["guild_id"])
    place, _, kind = state.rpartition(" ")
    async with bot.database.writing() as session:
        await guilds.touch(session, ELSEWHERE, "another server")
        await session.execute(delete(models.Entry))
        await session.execute(delete(models.Like))
        await session.execute(delete(models.Share))
        await session.execute(update(Image).values(guild_id=home, unsure=False, deleted_at=None))
        await session.execute(update(models.Job).values(nsfw=kind == "restricted", guild_id=home))
        if kind in ("guild", "public", "hidden", "restricted"):
            visibility = Visibility.PUBLIC if kind == "public" else Visibility.GUILD
            await shares.share(session, 1, visibility=visibility)
        if kind == "hidden":
            await shares.hide(session, 1, int(bot.pg.person(AUTHOR).id))
        if kind == "unsure":
            await session.execute(update(Image).values(unsure=True))
        if kind == "deleted":
            await session.execute(update(Image).values(deleted_at=Image.created_at))
        if place == "foreign":
            await session.execute(update(Image).values(guild_id=ELSEWHERE))
            await session.execute(update(models.Job).values(guild_id=ELSEWHERE))
            await session.execute(update(models.Share).values(guild_id=ELSEWHERE))


async def bot_rows(bot: Running) -> tuple[int, list[str]]:
    async with bot.database.reading() as session:
        found = await shares.of_image(session, 1)
        return await likes.of_image(session, 1), [] if found is None else [found.visibility.value]


async def test_a_job_is_drawn_again_in_its_server_and_its_kind_of_channel_only(bot: Running) -> None:
    card = await bot.imagine(AUTHOR, count=1, steps=1)
    number = (await bot.jobs())[0].id
    again = next(one for one in custom_ids(card) if one.startswith("a:again:"))
    assert again == f"a:again:{number}"
    for state, told in {"foreign private": "gone", "restricted": "gone"}.items():
        await arrange(bot, state)
        assert await outcome(bot, MEMBER, card, again) == told
    assert await outcome(bot, AUTHOR, card, again) == "age"
    assert len(await bot.jobs()) == 1


async def test_what_comes_from_an_age_restricted_channel_is_shown_again_in_such_channels_only(bot: Running) -> None:
    await bot.imagine(AUTHOR, "after-dark", count=1, steps=1)
    ben = bot.pg.person(AUTHOR)
    presses = view_of(Open("a:open:1", label="Open"), Look("a:look:1", label="Look"))
    for name, told in (("studio", "age"), ("after-dark", "ok")):
        channel = bot.studio.get_partial_messageable(int(bot.pg.channel(name)["id"]))
        forged = bot.pg.message(str((await channel.send("forged", view=presses)).id))
        for custom_id in ("a:open:1", "a:look:1"):
            assert await outcome(bot, AUTHOR, forged, custom_id) == told
        shown = await ben.slash(name, "show", job="1")
        await bot.pg.wait_for(lambda shown=shown: shown.message and texts(shown.message))
        assert shown.message is not None
        assert bool(shown.message["attachments"]) == (told == "ok")
        assert (WORDS["age"] in texts(shown.message)) == (told == "age")
        page = (await ben.slash(name, "history")).message
        assert page is not None
        await bot.pg.wait_for(lambda page=page: page["embeds"])
        assert len(page["attachments"]) == (1 if told == "ok" else 0)


@pytest.mark.parametrize("number", ["404", "9223372036854775807", "9999999999999999999"])
async def test_a_picture_that_never_was_is_gone_for_every_button(bot: Running, number: str) -> None:
    presses = [
        Details(f"a:details:{number}", label="d"),
        Like(f"a:like:{number}", label="l"),
        Share(f"a:share:{number}", label="s"),
        ShareAs(f"a:shareas:set:{number}:pw", label="q"),
        Unshare(f"a:unshare:{number}", label="u"),
        Visit(f"a:visit:{number}", label="v"),
        Similar(f"a:similar:{number}", label="w"),
    ]
    channel = bot.studio.get_partial_messageable(int(bot.pg.channel("studio")["id"]))
    forged = bot.pg.message(str((await channel.send("forged", view=view_of(*presses))).id))
    for press in presses:
        assert await outcome(bot, MEMBER, forged, press.custom_id) == "gone"
