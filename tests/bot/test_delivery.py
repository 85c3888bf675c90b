"""That every result arrives once: after crashes at any moment, deleted cards, lost permissions, failing REST."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.deliver import Deliverer
from bot.delivery.post import Post, TooLarge
from db import jobs
from db.models import JobStatus
from playground import Playground
from playground.permissions import SEND_MESSAGES, VIEW_CHANNEL
from tests.bot.studio import Json, Running, is_result, running, world
from tests.bot.test_imagine import deny


class Killed(BaseException):
    """Stands for `kill -9` in the middle of something: nobody catches it, nothing after it runs."""


async def accepted(bot: Running, **options: Any) -> Json:
    """A job that waits or runs behind a held engine; its card."""
    bot.engine.hold()
    asked = await bot.pg.person("Ada").slash("studio", "imagine", **{"prompt": "a house", "steps": 1} | options)
    assert asked.message is not None
    return asked.message


def results(pg: Playground, channel: str = "studio") -> list[Json]:
    return [message for message in pg.messages(channel) if is_result(message)]


async def test_cards_of_the_previous_process_are_carried_on_and_their_buttons_work(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            done = await first.imagine(prompt="done", count=2, steps=1)
            waiting = await accepted(first, count=2)
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            await second.pictures(waiting)
            single = await pg.person("Ben").click(done, "U2")
            child = await pg.person("Ben").click(done, "V1")
            assert child.message is not None
            await second.pictures(child.message)
            await pg.wait_for(lambda: bool(single.message and single.message["attachments"]))
            await second.delivered(3)
            assert len(results(pg)) == 3
            second.was_polite()


async def test_a_card_whose_id_was_not_recorded_is_found_again(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            card = await accepted(first)
            async with first.database.writing() as session:
                await jobs.set_card(session, 1, None)  # type: ignore[arg-type]
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            await second.delivered(1)
            assert [message["id"] for message in pg.messages("studio")] == [card["id"]]
            assert is_result(card)
            assert (await second.job(1)).card_message_id == int(card["id"])


async def test_a_result_that_was_posted_but_not_recorded_is_not_posted_again(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            card = await accepted(first)
            original = Deliverer._bring

            async def bring_and_die(self: Deliverer, moment: Any) -> int | None:
                await original(self, moment)
                raise Killed

            # Somebody deletes the card, the result comes as a new message, and the process dies before its row knows.
            await pg.person("Ada").delete(card["id"])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Deliverer, "_bring", bring_and_die)
                patch.setattr("bot.client._tell_of_death", lambda task: None)
                first.engine.release()
                await pg.wait_for(lambda: len(results(pg)) == 1)
                first.expected_refusals.add(10008)
        assert (await _row(sqlite_url)).delivered_at is None
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            (job,) = await second.delivered(1)
            assert len(results(pg)) == 1
            assert str(job.card_message_id) == results(pg)[0]["id"]


async def _row(url: str) -> Any:
    from db.database import Database

    async with Database.open(url) as database, database.reading() as session:
        return await jobs.get(session, 1)


async def test_a_job_without_any_card_gets_one_after_the_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            card = await accepted(first)
            async with first.database.writing() as session:
                await jobs.set_card(session, 1, None)  # type: ignore[arg-type]
            await pg.person("Ada").delete(card["id"])
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            await second.delivered(1)
            assert len(results(pg)) == len(pg.messages("studio")) == 1


async def test_a_result_whose_card_was_deleted_comes_as_a_new_message(bot: Running) -> None:
    bot.expected_refusals.add(10008)
    card = await accepted(bot)
    await bot.pg.person("Ada").delete(card["id"])
    bot.engine.release()
    (job,) = await bot.delivered(1)
    (message,) = results(bot.pg)
    assert str(job.card_message_id) == message["id"]


async def test_where_permissions_were_taken_away_the_result_comes_by_direct_message(bot: Running) -> None:
    bot.expected_refusals |= {50001, 50013}
    await accepted(bot)
    deny(bot, "studio", VIEW_CHANNEL | SEND_MESSAGES)
    bot.engine.release()
    await bot.delivered(1)
    (message,) = bot.pg.messages(bot.pg.person("Ada").dm())
    assert is_result(message)
    assert f"<#{bot.pg.channel('studio')['id']}>" in message["content"]


@pytest.mark.parametrize("said", [True, False])
async def test_a_file_too_large_for_direct_messages_goes_there_as_webp(
    bot: Running, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    bot.expected_refusals |= {50001, 50013}
    await accepted(bot, count=1)
    deny(bot, "studio", VIEW_CHANNEL | SEND_MESSAGES)
    original = Post.send

    async def send(self: Post, channel_id: int, drawing: Any, **where: Any) -> int:
        if any(len(content) > 2000 for _, content in drawing.upload.files):
            raise TooLarge("for the test")
        return await original(self, channel_id, drawing, **where)

    if said:
        monkeypatch.setattr("bot.delivery.deliver.DEFAULT_FILE_SIZE_LIMIT_BYTES", 2000)
    else:
        monkeypatch.setattr(Post, "send", send)
    bot.engine.release()
    await bot.delivered(1)
    (message,) = bot.pg.messages(bot.pg.person("Ada").dm())
    (attachment,) = message["attachments"]
    assert attachment["filename"] == "1.webp"
    assert attachment["size"] <= 2000


async def test_where_direct_messages_are_closed_too_the_history_has_the_pictures(bot: Running) -> None:
    bot.expected_refusals |= {50001, 50007, 50013}
    await accepted(bot, count=2)
    ada = bot.pg.person("Ada")
    ada.close_dms()
    deny(bot, "studio", VIEW_CHANNEL | SEND_MESSAGES)
    bot.engine.release()
    await bot.delivered(1)
    asked = await ada.slash("general", "history")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["embeds"]))
    assert asked.message is not None
    opened = await ada.click(asked.message, "Open 1")
    await bot.pg.wait_for(lambda: bool(opened.message and len(opened.message["attachments"]) == 2))


async def test_a_lost_reply_makes_no_second_card_and_no_second_result(bot: Running) -> None:
    bot.expected_refusals |= {40060, 10008}
    bot.pg.faults.lose_replies(0.5, how="502")
    ada = bot.pg.person("Ada")
    for number in range(4):
        await ada.slash("studio", "imagine", prompt=f"house {number}", steps=1, count=1, wait=False)
    async with asyncio.timeout(90):
        while len([job for job in await bot.jobs() if job.delivered_at]) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    bot.pg.faults.clear()
    assert len(results(bot.pg)) == len([row for row in bot.pg.messages("studio") if not row["_viewer"]]) == 4


async def test_failing_rest_delays_a_result_and_loses_none(bot: Running) -> None:
    card = await accepted(bot)
    bot.pg.faults.fail_rest(1.0, 503)
    bot.engine.release()
    async with asyncio.timeout(20):
        while (await bot.job(1)).status is not JobStatus.SUCCEEDED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert not is_result(card)
    bot.pg.faults.clear()
    await bot.pictures(card)
    await bot.delivered(1)


async def test_a_job_that_waits_for_longer_than_its_channel_has_a_line_is_carried_on(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.delivery.IDLE", 0.2)
    monkeypatch.setattr("bot.delivery.delivery.POLL", 3600.0)
    lines = bot.studio.delivery._lines
    card = await accepted(bot)
    async with asyncio.timeout(20):
        while lines:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    bot.engine.release()
    await bot.pictures(card)
    await bot.delivered(1)
    async with asyncio.timeout(20):
        while lines:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_file_above_the_places_limit_goes_as_webp_and_says_so(bot: Running) -> None:
    bot.pg.interactions.describe.file_limit = 2000
    card = await bot.imagine(count=1, steps=1, prompt="a house")
    (attachment,) = card["attachments"]
    assert attachment["filename"] == "1.webp"
    assert attachment["size"] <= 2000
    assert "as WebP" in card["content"]


async def test_a_file_that_fits_in_no_form_is_named_instead(bot: Running) -> None:
    bot.pg.interactions.describe.file_limit = 100
    asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt="a house", count=1, steps=1)
    card = asked.message
    assert card is not None
    await bot.delivered(1)
    assert card["attachments"] == []
    assert "Image #1 is" in card["content"]
    assert "the owner of this studio has the file" in card["content"]


async def test_a_place_that_takes_less_than_it_said_gets_the_next_rung(bot: Running) -> None:
    bot.expected_refusals.add(40005)
    original = Post.edit
    refused: list[str] = []

    async def edit(self: Post, channel_id: int, message_id: int, drawing: Any) -> None:
        names = [name for name, _ in drawing.upload.files] if drawing.upload else []
        if any(name.endswith(".png") for name in names):
            refused.extend(names)
            raise TooLarge("for the test")
        await original(self, channel_id, message_id, drawing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "edit", edit)
        card = await bot.imagine(count=2, steps=1)
    assert refused == ["1.png", "2.png"]
    assert [one["filename"] for one in card["attachments"]] == ["1.webp", "2.webp"]


async def test_ten_running_cards_keep_the_channels_budget_and_results_do_not_wait_for_it(bot: Running) -> None:
    edits: list[tuple[float, int]] = []
    original = Post.edit
    loop = asyncio.get_running_loop()

    async def edit(self: Post, channel_id: int, message_id: int, drawing: Any) -> None:
        if drawing.upload is None or not any(name.endswith(".png") for name, _ in drawing.upload.files):
            edits.append((loop.time(), message_id))
        await original(self, channel_id, message_id, drawing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "edit", edit)
        bot.engine.seconds_per_step = 0.1
        for number in range(5):
            await bot.pg.person("Ada").slash("studio", "imagine", prompt=f"{number}", steps=10, count=1)
        await bot.delivered(5)
    moments = [moment for moment, _ in edits]
    assert all(later - earlier > 1.2 for earlier, later in pairwise(moments))
