"""People talking: text, replies, reactions, identities, and what keeps the page alive and safe."""

import re

import aiohttp
import discord
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = (
    '<img src=x onerror="window.broken = 1"><script>window.broken = 2</script> '
    "[press](javascript:window.broken=3) [data](data:text/html,<script>1</script>) <javascript:alert(1)> "
    '**<b onclick="window.broken = 4">bold</b>** `<i>code</i>` ||<svg onload="window.broken = 5">||'
)


async def test_what_strangers_write_stays_text(silent: Chat) -> None:
    await silent.playground.person("Ben").say("studio", HOSTILE)
    await expect(silent.last).to_contain_text("<img src=x")
    await expect(
        silent.last.locator(".content img, .content script, .content svg, .content b, .content a")
    ).to_have_count(0)
    await expect(silent.last.locator(".content strong")).to_have_text('<b onclick="window.broken = 4">bold</b>')
    await silent.last.locator(".spoiler").click()
    assert await silent.page.evaluate("window.broken") is None


async def test_the_page_may_load_nothing_from_elsewhere(silent: Chat) -> None:
    async with aiohttp.ClientSession() as client, client.get(silent.playground.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http:" not in text
    assert "https:" not in text


async def test_discords_markdown_is_drawn(silent: Chat) -> None:
    ada = silent.playground.person("Ada").id
    await silent.playground.person("Ben").say(
        "studio",
        f"# Title\n**bold** *it* __under__ ~~gone~~ `code` <@{ada}>\n> quoted\n- one\n- two\n1. first\n"
        "```py\nx = 1\n```\n[words](https://example.com/a_(b)) https://example.com/x. <t:0:R> \\*plain\\*",
    )
    body = silent.last.locator(".content")
    for selector, text in {
        "h3": "Title",
        "strong": "bold",
        "em": "it",
        "u": "under",
        "s": "gone",
        "code.inline": "code",
        "blockquote": "quoted",
        "ul li >> nth=1": "two",
        "ol li": "first",
        "pre code": "x = 1",
        "button.mention.me": "@Ada",
    }.items():
        await expect(body.locator(selector)).to_have_text(text)
    await expect(body.get_by_role("link", name="words")).to_have_attribute("href", "https://example.com/a_(b)")
    await expect(body.get_by_role("link", name="https://example.com/x")).to_have_attribute(
        "href", "https://example.com/x"
    )
    await expect(body.locator("time[data-since]")).to_contain_text("years ago")
    await expect(body).to_contain_text("*plain*")


async def test_relative_times_name_the_nearest_whole_unit(silent: Chat) -> None:
    day = 86400
    expected = {3: "in 3 seconds", 59: "in 59 seconds", 89: "in 1 minute", -3570: "1 hour ago", 20 * day: "in 20 days"}
    expected |= {3 * day - 5: "in 3 days", -100 * day: "3 months ago", 360 * day: "next year", 800 * day: "in 2 years"}
    said = "(times) => import('/page/static/js/time.js').then(({ ago }) => times.map((at) => ago(at, 0)))"
    assert await silent.page.evaluate(said, list(expected)) == list(expected.values())


async def test_reply_edit_react_and_delete(silent: Chat) -> None:
    await silent.playground.person("Ben").say("studio", "who paints today?")
    await silent.last.click(button="right")
    await silent.page.get_by_role("menuitem", name="Reply").click()
    await expect(silent.page.locator("#composer-note")).to_contain_text("Replying to Ben")
    await silent.page.keyboard.type("I do")
    await silent.page.keyboard.press("Enter")
    await expect(silent.last.locator(".preface-words")).to_have_text("who paints today?")
    await expect(silent.last.locator(".content")).to_have_text("I do")
    await silent.page.locator("#text").press("ArrowUp")
    await expect(silent.page.locator("#text")).to_have_value("I do")
    await silent.page.locator("#text").fill("We do")
    await silent.page.keyboard.press("Enter")
    await expect(silent.last.locator(".content")).to_have_text("We do(edited)")
    await silent.messages.first.click(button="right")
    await silent.page.get_by_role("menuitem", name="Add a reaction").click()
    await silent.page.get_by_role("button", name="🎉").click()
    reaction = silent.messages.first.locator(".reaction:not(.add)")
    await expect(reaction).to_have_text("🎉1")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    await reaction.click()
    await expect(reaction).to_have_count(0)
    await silent.last.click(button="right")
    await silent.page.get_by_role("menuitem", name="Delete message").click()
    await expect(silent.messages).to_have_count(1)


async def test_each_identity_keeps_its_own_unread_marks(silent: Chat) -> None:
    await silent.page.wait_for_function("document.querySelectorAll('button.identity').length === 4")
    await silent.write(f"<@{silent.playground.person('Ben').id}> look at this")
    await expect(silent.last.locator(".content")).to_contain_text("look at this")
    await expect(silent.page.locator("button.identity[data-name=Ben] .badge")).to_have_text("1")
    await expect(silent.page.locator("button.identity[data-name=Cleo] .badge.dot")).to_have_count(1)
    await silent.go("general")
    await silent.become("Ben")
    studio = silent.page.locator("#channels [data-channel=studio]")
    await expect(studio.locator(".badge")).to_have_text("1")
    await silent.go("studio")
    await expect(silent.last).to_have_class("message mentioned")
    await expect(studio.locator(".badge")).to_have_count(0)
    await silent.write("seen")
    await silent.go("general")
    await silent.become("Ada")
    await expect(silent.page.locator("#channels [data-channel=studio]")).to_have_class("channel unread")


async def test_who_is_typing_is_told_to_the_others(silent: Chat) -> None:
    channel = silent.playground.channel("studio")
    silent.playground.type_in(channel, silent.playground.person("Ben").id)
    await expect(silent.page.locator("#typing")).to_have_text("Ben is typing")
    await silent.playground.person("Ben").say("studio", "done")
    await expect(silent.page.locator("#typing")).to_have_text("")


async def test_what_could_not_be_sent_stays_in_the_field_with_what_it_answers(silent: Chat) -> None:
    record = await silent.playground.person("Ben").say("studio", "a lamp")
    field = silent.page.locator("#text")
    await silent.last.hover()
    await silent.last.get_by_role("button", name="Reply").click()
    await field.press_sequentially("@Ben")
    await silent.page.keyboard.press("Enter")
    await silent.page.keyboard.type("yes")
    silent.playground.posts.delete(record)
    await silent.page.keyboard.press("Enter")
    await expect(silent.page.locator(".toast.error")).to_be_visible()
    await expect(field).to_have_value("@Ben yes")
    await expect(silent.page.locator("#composer-note")).to_contain_text("Replying to Ben")
    await silent.page.locator("#composer-note button").click()
    await field.press("Enter")
    await expect(silent.last.locator(".mention")).to_have_text("@Ben")


async def test_older_messages_load_above_and_the_place_stays_when_one_is_edited(silent: Chat) -> None:
    ben = silent.playground.person("Ben")
    records = [await ben.say("general", f"line {number}") for number in range(120)]
    await silent.go("general")
    await expect(silent.messages).to_have_count(50)
    timeline = silent.page.locator("#timeline")
    await expect(silent.last).to_be_in_viewport()
    await timeline.evaluate("box => { box.scrollTop = 300 }")
    await expect(silent.messages).to_have_count(100)
    await expect(silent.page.locator(f"#message-{records[72]['id']}")).to_be_attached()
    await timeline.evaluate("box => { box.scrollTop = box.scrollHeight / 2 }")
    middle = silent.page.locator(f"#message-{records[70]['id']}")
    before = await middle.evaluate("node => node.getBoundingClientRect().top")
    await ben.edit(records[60], "line 60\nnow\nwith\nfour lines")
    await expect(silent.page.locator(f"#message-{records[60]['id']}")).to_contain_text("four lines")
    jump = silent.page.locator("#jump")
    await expect(jump).to_have_text("Jump to the newest")
    await ben.say("general", "one more")
    await expect(silent.messages).to_have_count(101)
    await expect(jump).to_have_text("1 new message")
    assert abs(await middle.evaluate("node => node.getBoundingClientRect().top") - before) <= 2
    await jump.click()
    await expect(silent.last).to_be_in_viewport()


async def test_a_lost_line_heals_and_what_was_missed_appears(silent: Chat) -> None:
    ben = silent.playground.person("Ben")
    await ben.say("studio", "before")
    await expect(silent.last).to_contain_text("before")
    await silent.playground.pages.close()
    await ben.say("studio", "meanwhile")
    await expect(silent.last).to_contain_text("meanwhile")
    await ben.say("studio", "after")
    await expect(silent.last).to_contain_text("after")


async def test_the_restart_button_asks_for_a_kill(silent: Chat) -> None:
    await expect(silent.page.locator(".bot-state")).to_contain_text("Bot offline")
    await silent.page.get_by_role("button", name="Kill the bot and start it again").click()
    await expect(silent.page.locator(".bot-state")).to_contain_text("Bot restarting")
    assert silent.restarts == [True]


async def test_light_or_dark_is_chosen_and_remembered(silent: Chat) -> None:
    theme = silent.page.locator("html")
    await expect(theme).to_have_attribute("data-theme", "light")
    await silent.page.get_by_role("button", name="Use the dark theme").click()
    await expect(theme).to_have_attribute("data-theme", "dark")
    await silent.page.reload()
    await expect(theme).to_have_attribute("data-theme", "dark")


async def test_the_quick_switcher_goes_to_channels_and_people(silent: Chat) -> None:
    await silent.page.keyboard.press("Control+k")
    await silent.page.keyboard.type("chall")
    await silent.page.keyboard.press("Enter")
    await expect(silent.page.locator("#chat-head h2")).to_have_text("challenges")
    await silent.page.keyboard.press("Control+k")
    await silent.page.keyboard.type("act as dan")
    await silent.page.keyboard.press("Enter")
    await expect(silent.page.locator(".identity-card strong")).to_have_text("Dan")
    await silent.page.keyboard.press("Control+k")
    await silent.page.keyboard.press("Escape")
    await expect(silent.page.locator("dialog")).to_have_count(0)


async def test_a_forum_post_and_a_direct_message(silent: Chat) -> None:
    await silent.go("showcase")
    await silent.page.locator("#text").fill("Red houses\nA series in red")
    await silent.page.keyboard.press("Enter")
    await expect(silent.page.locator("#chat-head h2")).to_have_text("Red houses")
    await expect(silent.last).to_contain_text("A series in red")
    await silent.go("showcase")
    await silent.playground.person("Ben").thread("showcase", "Blue boats", "A series in blue")
    await expect(silent.page.locator(".posts button")).to_have_text(["Blue boats", "Red houses"])
    await silent.page.locator(".posts button").last.click()
    await expect(silent.last).to_contain_text("A series in red")
    await silent.page.get_by_role("button", name="Direct messages").click()
    await expect(silent.page.locator("#chat-head h2")).to_have_text("Atelier")
    await silent.write("hello there")
    await expect(silent.last.locator(".content")).to_have_text("hello there")


async def test_a_thread_is_named_and_begun_by_the_message_under_it(silent: Chat) -> None:
    ada = silent.playground.person("Ada")
    await ada.say("studio", f"**a red house**\nby {ada.mention}, {'long ' * 20}", files=[("note.txt", b"words")])
    await silent.last.click(button="right")
    await silent.page.get_by_role("menuitem", name="Create a thread").click()
    name = silent.page.locator("#chat-head h2")
    await expect(name).to_have_text(re.compile("^a red house by @Ada, long long"))
    # In one step: the page may draw its head anew between two.
    ends, begins = await silent.page.locator("#chat-head").evaluate("""head => [
        head.querySelector("h2").getBoundingClientRect().right,
        head.querySelector(".bot-state").getBoundingClientRect().left,
    ]""")
    assert 0 < ends <= begins
    await expect(silent.messages).to_have_count(1)
    await expect(silent.last.locator(".author")).to_have_text("Ada")
    await expect(silent.last.locator("strong")).to_have_text("a red house")
    await expect(silent.last.locator(".file-card")).to_contain_text("note.txt")
    await expect(silent.page.locator("#text")).to_have_attribute("placeholder", re.compile("^Message a red house"))
    await silent.go("studio")
    await silent.messages.first.get_by_role("button", name="a red house by").click()
    await expect(name).to_have_text(re.compile("^a red house by"))


async def test_what_discord_would_refuse_is_counted_and_listed(chat: Chat) -> None:
    assert chat.bot is not None
    studio = chat.playground.channel("studio")["id"]
    channel = chat.bot.get_partial_messageable(int(studio))
    with pytest.raises(discord.HTTPException):
        await channel.send("x" * 2001)
    door = chat.page.locator("[data-panel=refused]")
    await expect(door.locator(".badge")).to_have_text("1")
    await door.click()
    refusal = chat.page.locator("#panel .refusal")
    await expect(refusal).to_contain_text("400 · 50035")
    await expect(refusal).to_contain_text("2000")
    await chat.page.get_by_role("button", name="Clear the list").click()
    await expect(door.locator(".badge")).to_have_count(0)


async def test_faults_are_set_from_the_panel(silent: Chat) -> None:
    await silent.page.locator("[data-panel=faults]").click()
    await silent.page.locator("[data-fault=rest_failure_rate]").fill("0.25")
    await expect(silent.page.locator("#panel output").first).to_have_text("25 %")
    await silent.playground.wait_for(lambda: silent.playground.faults.rest_failure_rate == 0.25, timeout=10)
    await silent.page.get_by_role("button", name="All well again").click()
    await silent.playground.wait_for(lambda: silent.playground.faults.rest_failure_rate == 0, timeout=10)
