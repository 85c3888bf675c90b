"""What the buttons and message menus do, and who may."""

import itertools

import discord
import pytest

from bot.cogs import history, lora, settings
from bot.cogs.admin import book
from bot.ui import buttons, confirm, described, entering, looking, moderating, press, sharing, visiting, voting
from bot.ui import regions as ui_regions
from bot.ui.press import Press
from tests.bot.rows import image, job
from tests.bot.studio import Running, custom_ids, labels, private_words
from tests.bot.studio import buttons as raw_buttons

SINGLE = [
    *("Upscale (Subtle)", "Upscale (Creative)"),
    *("Vary (Subtle)", "Vary (Strong)", "Vary (Region)"),
    *("Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom"),
    *("⬅️", "➡️", "⬆️", "⬇️"),
    *("Remix", "❤️", "Share", "🏆", "Delete"),
]


async def test_u_shows_one_picture_by_itself_and_the_grid_shows_that_it_was_taken(bot: Running) -> None:
    card = await bot.imagine(count=3, steps=1)
    asked = await bot.pg.person("Ben").click(card, "U2")
    single = asked.message
    assert single is not None
    await bot.pg.wait_for(lambda: bool(single["attachments"]))
    assert single["attachments"][0]["filename"] == "2.png"
    assert bot.pg.attachment_bytes(single["attachments"][0]) == bot.pg.attachment_bytes(card["attachments"][1])
    assert "Image #2" in single["content"]
    assert labels(single) == SINGLE
    assert single["message_reference"]["message_id"] == card["id"]
    await bot.pg.wait_for(lambda: [one["style"] for one in raw_buttons(card)].count(press.TAKEN.value) == 1)
    assert [one["label"] for one in raw_buttons(card) if one["style"] == press.TAKEN.value] == ["U2"]


@pytest.mark.parametrize(("label", "title"), [("V2", "Variations (Strong)"), ("🔄", "by <@")])
async def test_anybody_may_vary_and_reroll_and_the_result_answers_its_parent(
    bot: Running, label: str, title: str
) -> None:
    card = await bot.imagine(count=2, steps=1)
    asked = await bot.pg.person("Ben").click(card, label)
    child = asked.message
    assert child is not None
    await bot.pictures(child)
    assert title in child["content"]
    assert child["message_reference"]["message_id"] == card["id"]
    _, made = await bot.delivered(2)
    assert made.author_id == int(bot.pg.person("Ben").id)
    assert made.parent_message_id == int(card["id"])
    assert made.parent_image_id == (2 if label == "V2" else None)


async def test_a_single_picture_can_be_varied_in_two_strengths(bot: Running) -> None:
    card = await bot.imagine(count=1, steps=4)
    assert labels(card) == [*SINGLE[:2], "🔄", *SINGLE[2:]]
    for label in ("Vary (Subtle)", "Vary (Strong)"):
        asked = await bot.pg.person("Ada").click(card, label)
        assert asked.message is not None
        await bot.pictures(asked.message)
    _, subtle, strong = await bot.delivered(3)
    assert subtle.request["strength"] < strong.request["strength"]


async def test_only_the_author_or_a_moderator_deletes_and_the_grid_keeps_what_is_left(bot: Running) -> None:
    card = await bot.imagine("Ben", count=3, steps=1)
    single = (await bot.pg.person("Cleo").click(card, "U2")).message
    assert single is not None
    await bot.pg.wait_for(lambda: bool(single["attachments"]))
    refused = await bot.pg.person("Cleo").click(single, "Delete")
    assert private_words(refused) == f"Only <@{bot.pg.person('Ben').id}> or a moderator may delete this."
    files = len(list(bot.storage.folder.glob("*/*.png")))
    await bot.pg.person("Ada").click(single, "Delete")
    await bot.pg.wait_for(lambda: len(card["attachments"]) == 2)
    assert labels(card) == ["U1", "U3", "🔄", "V1", "V3"]
    assert single["id"] not in [message["id"] for message in bot.pg.messages("studio")]
    assert len(list(bot.storage.folder.glob("*/*.png"))) == files - 1


async def test_a_deleted_picture_is_gone_for_every_button_that_still_shows_it(bot: Running) -> None:
    card = await bot.imagine(count=2, steps=1)
    single = (await bot.pg.person("Ada").click(card, "U1")).message
    assert single is not None
    await bot.pg.wait_for(lambda: single["attachments"])
    # As a message that was already on a screen, or could not be taken away.
    channel = bot.studio.get_partial_messageable(int(card["channel_id"]))
    sent = await channel.send("left", view=buttons.single_view(image(0, id=1, guild_id=1)))
    left = bot.pg.message(str(sent.id))
    await bot.pg.person("Ada").click(single, "Delete")
    gone = single["id"]
    await bot.pg.wait_for(lambda: gone not in [message["id"] for message in bot.pg.messages("studio")])
    for label in ("Vary (Strong)", "Delete"):
        assert private_words(await bot.pg.person("Ada").click(left, label)) == "This picture was deleted."


async def test_a_running_job_stops_at_its_next_step_when_its_author_cancels(bot: Running) -> None:
    bot.engine.seconds_per_step = 0.3
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house", steps=50)
    card = asked.message
    assert card is not None
    await bot.pg.wait_for(lambda: card["content"].endswith("%"), timeout=30)
    refused = await bot.pg.person("Cleo").click(card, "Cancel")
    assert "may cancel this" in private_words(refused)
    await bot.pg.person("Ben").click(card, "Cancel")
    await bot.pg.wait_for(lambda: card["content"].endswith("Cancelled"))
    assert bot.engine.cancelled == 1
    assert card["attachments"] == []


async def test_the_menu_cancels_what_waits_and_deletes_what_is_done(bot: Running) -> None:
    done = await bot.imagine("Ben", count=2, steps=1)
    bot.engine.hold()
    waiting = (await bot.pg.person("Ben").slash("studio", "imagine", prompt="b", steps=1)).message
    assert waiting is not None
    refused = await bot.pg.person("Cleo").menu(waiting, "Cancel or delete")
    assert "may cancel this" in private_words(refused)
    assert private_words(await bot.pg.person("Ben").menu(waiting, "Cancel or delete")) == "Cancelled."
    bot.engine.release()
    await bot.pg.wait_for(lambda: waiting["content"].endswith("Cancelled"))
    asked = await bot.pg.person("Ben").menu(done, "Cancel or delete")
    await bot.pg.wait_for(lambda: asked.message is not None and asked.message["content"] == "Deleted.")
    assert [message["id"] for message in bot.pg.messages("studio") if not message["_viewer"]] == [waiting["id"]]
    assert list(bot.storage.folder.glob("*/*.png")) == []


async def test_the_menu_tells_the_details_of_a_picture_and_knows_what_is_no_card(bot: Running) -> None:
    card = await bot.imagine(seed=40, count=2, steps=1)
    told = private_words(await bot.pg.person("Ben").menu(card, "Image details"))
    assert "#1 40, #2 41" in told
    words = await bot.pg.person("Ben").say("studio", "hello")
    assert private_words(await bot.pg.person("Ben").menu(words, "Image details")) == (
        "This message shows no job of mine."
    )


async def test_an_error_in_a_button_reaches_the_person_under_an_id(
    bot: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Press, interaction: discord.Interaction) -> None:
        raise KeyError("broken on purpose")

    card = await bot.imagine(count=2, steps=1)
    monkeypatch.setattr(buttons.Up, "pressed", broken)
    told = private_words(await bot.pg.person("Ada").click(card, "U1"))
    assert told.startswith("Something broke here (id ")
    assert told.removeprefix("Something broke here (id ")[:6] in caplog.text


def test_the_patterns_of_buttons_exclude_each_other() -> None:
    made = [
        *buttons.result_view(job(), [image(index) for index in range(4)]).children,
        *buttons.single_view(image()).children,
        *buttons.cancel_view(job()).children,
        history.Turn("a:page:3"),
        history.Open("a:open:3"),
        *buttons.single_view(image(width=384)).children,
        lora.Turn("lora:page:3"),
        confirm.Draw("a:draw"),
        confirm.Drop("a:drop"),
        described.Imagine("a:say:1"),
        ui_regions.Part("a:part:3:4:0011:12"),
        ui_regions.Onward("a:parts:3:4:0011"),
        ui_regions.ByMask("a:mask:3:4"),
        settings.RemixMode("a:remixmode:1"),
        settings.PromptsInFiles("a:filewords:0"),
        settings.Defaults("a:defaults:own"),
        book.Older("a:audit:0:3"),
        moderating.ReportPicture.on(image()),
        moderating.Appeal("a:appeal:3"),
        moderating.Plea("a:plea:keep:3"),
        moderating.Judge("a:word:allow:3"),
        moderating.Decide("a:mod:ban:3"),
        looking.Look("a:look:3"),
        entering.Rules("a:c:rules:3:card"),
        entering.Offer("a:c:offer:3"),
        entering.EnterPicture("a:c:enter:3:0"),
        entering.Withdraw("a:c:out:3"),
        entering.Mine("a:c:mine:3"),
        entering.CallMe("a:c:ping:3"),
        entering.Places("a:c:places:3"),
        voting.Vote("a:c:vote:3"),
        voting.Say("a:c:say:3:-1"),
        voting.LookBack("a:c:back:3"),
        voting.Next("a:c:next:3"),
        voting.Page("a:c:page:3:0"),
        sharing.Like.on(3),
        sharing.Share.on(image()),
        sharing.ShareAs("a:shareas:go:3:pn"),
        sharing.Unshare.on(3),
        sharing.Details.on(3),
        visiting.Walk("a:g:hot:n20000000000.3:11:red+house"),
        visiting.Visit("a:visit:3"),
        visiting.Similar("a:similar:3"),
    ]
    for item in made:
        assert isinstance(item, Press)
        matching = [kind for kind in Press.kinds if kind.__discord_ui_compiled_template__.fullmatch(item.custom_id)]
        assert matching == [type(item)]
    assert {type(item) for item in made} == set(Press.kinds)


def test_no_view_of_ours_times_out_or_mixes_in_static_items() -> None:
    grids = [
        buttons.result_view(job(), [image(index) for index in chosen])
        for size in range(1, 5)
        for chosen in itertools.combinations(range(4), size)
    ]
    for view in [*grids, buttons.single_view(image()), buttons.cancel_view(job())]:
        assert view.timeout is None
        assert all(isinstance(item, discord.ui.DynamicItem) for item in view.children)
        assert len({item.custom_id for item in view.children}) == len(view.children)  # type: ignore[attr-defined]
        assert all(len(row["components"]) <= 5 for row in view.to_components())


async def test_marking_a_message_again_keeps_its_buttons_and_their_patterns(bot: Running) -> None:
    card = await bot.imagine(count=2, steps=1)
    before = custom_ids(card)
    for label in ("U1", "U2", "V1"):
        await bot.pg.person("Ada").click(card, label)
    await bot.pg.wait_for(lambda: [one["style"] for one in raw_buttons(card)].count(press.TAKEN.value) == 3, timeout=20)
    assert custom_ids(card) == before
    again = await bot.pg.person("Ben").click(card, "U1")
    assert again.state in ("acknowledged", "done")
    await bot.delivered(2)


async def test_pictures_deleted_in_quick_succession_all_leave_the_grid(bot: Running) -> None:
    card = await bot.imagine(count=3, steps=1)
    singles = [(await bot.pg.person("Ada").click(card, label)).message for label in ("U1", "U2", "U3")]
    await bot.pg.wait_for(lambda: all(single and single["attachments"] for single in singles))
    for single in singles:
        assert single is not None
        await bot.pg.person("Ada").click(single, "Delete")
    await bot.pg.wait_for(lambda: card["content"].endswith("Deleted"))
    assert card["attachments"] == []
    assert card["components"] == []
