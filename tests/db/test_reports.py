"""What waits for moderators, and what of it has a card: reports by round, appeals, cards that show too much."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from db import images, jobs, privacy, removals, reports, reviews, sanctions
from db.database import Database
from db.errors import TooManyWaiting
from db.models import Report, SanctionKind
from db.retries import GIVE_UP_AFTER
from tests.db.gallery import GUILD, meet, paint
from tests.db.people import ADA, BEN, CAT, NOON, wish

HOUR = timedelta(hours=1)


async def test_a_report_after_a_decision_begins_a_round_with_a_card_of_its_own(database: Database) -> None:
    await meet(database, ADA, BEN, CAT)
    (image_id,) = await paint(database, ADA, pictures=1)
    async with database.writing() as session:

        async def put(reporter_id: int) -> int:
            made = await reports.put(session, GUILD, image_id, reporter_id=reporter_id, reason="", now=NOON)
            assert made is not None
            return made.id

        first, second = await put(BEN), await put(ADA)
        assert [one.id for one in await reports.uncarded(session, GUILD)] == [first]
        assert await reports.uncarded(session, GUILD + 1) == []
        await reports.set_card(session, first, 7, 70)
        assert await reports.uncarded(session, GUILD) == []
        assert await reports.close(session, image_id, now=NOON + HOUR)
        assert not await reports.close(session, image_id, now=NOON + HOUR)
        third = await put(CAT)
        assert [one.id for one in await reports.uncarded(session, GUILD)] == [third]
        assert await reports.open_in(session, GUILD) == 1
        found = await reports.rounds(session, image_id)
        assert [[one.id for one in some] for some in found] == [[first, second], [third]]


async def test_of_two_who_warn_from_one_card_at_once_one_is_first(database: Database) -> None:
    await meet(database, ADA, BEN, CAT)
    (image_id,) = await paint(database, ADA, pictures=1)
    async with database.writing() as session:
        made = [await reports.put(session, GUILD, image_id, reporter_id=one, reason="") for one in (BEN, CAT)]
    one, other = (report.id for report in made if report is not None)

    async def warn(report_id: int) -> bool:
        async with database.writing() as session:
            return await reports.warn(session, report_id)

    assert sorted(await asyncio.gather(*(warn(one) for _ in range(5)))) == [False] * 4 + [True]
    assert await warn(other)


async def test_the_words_of_who_is_forgotten_are_to_go_from_cards_that_stand_or_are_on_their_way(
    database: Database,
) -> None:
    await meet(database, ADA, BEN, CAT)
    said, silent = await paint(database, ADA, pictures=2)
    async with database.writing() as session:
        first = await reports.put(session, GUILD, said, reporter_id=BEN, reason="ugly")
        await reports.put(session, GUILD, said, reporter_id=CAT, reason="loud")
        other = await reports.put(session, GUILD, silent, reporter_id=BEN, reason="")
        assert first is not None
        assert other is not None
        await reports.set_card(session, other.id, 7, 71)
    async with database.writing() as session:
        await privacy.forget(session, BEN, now=NOON)

    async def outdated(now: datetime = NOON) -> list[int]:
        async with database.reading() as session:
            return [one.id for one in await reports.outdated(session, 9, now=now)]

    async def shown() -> Sequence[Report]:
        async with database.reading() as session:
            return (await reports.rounds(session, said))[0]

    assert await outdated() == []
    async with database.writing() as session:
        await reports.set_card(session, first.id, 7, 70)
    assert await outdated() == [first.id]
    assert await outdated(NOON + GIVE_UP_AFTER) == []
    drawn = await shown()
    assert [one.reason for one in drawn] == ["", "loud"]
    async with database.writing() as session:
        await privacy.forget(session, CAT, now=NOON + HOUR)
    async with database.writing() as session:
        await reports.mark_drawn(session, drawn)
    assert await outdated() == [first.id]
    drawn = await shown()
    async with database.writing() as session:
        await reports.mark_drawn(session, drawn)
    assert await outdated() == []


async def test_an_appeal_waits_for_a_card_until_it_has_one_or_is_decided(database: Database) -> None:
    await meet(database, ADA, BEN, CAT)
    async with database.writing() as session:

        async def waiting() -> list[int]:
            return [one.id for one in await sanctions.uncarded(session, GUILD)]

        made = [
            (await sanctions.put(session, GUILD, user_id, SanctionKind.BAN, by_id=ADA, reason="", now=NOON)).id
            for user_id in (BEN, BEN, CAT)
        ]
        assert await waiting() == []
        for one in made:
            assert await sanctions.appeal(session, one, "please")
        assert await waiting() == made
        await sanctions.set_card(session, made[0], 7, 70)
        assert await sanctions.lift(session, GUILD, CAT, now=NOON + HOUR) == 1
        assert await waiting() == [made[1]]
        assert not await sanctions.decide(session, made[2], lifted=False, now=NOON + HOUR)
        await privacy.forget(session, BEN, now=NOON + HOUR)
        assert [one.message_id for one in await removals.due(session, 9, now=NOON + HOUR)] == [70]
        assert await waiting() == made[:2]
        assert not await sanctions.appeal(session, made[0], "again")
        assert await sanctions.decide(session, made[0], lifted=True, now=NOON + HOUR)


async def test_a_card_is_outdated_until_it_was_drawn_after_the_last_change(database: Database) -> None:
    await meet(database, ADA)
    one, two = await paint(database, ADA, pictures=2)
    async with database.writing() as session:
        image = await images.get(session, one)
        assert image is not None
        job_id = image.job_id
        await images.delete(session, one, now=NOON)
        assert await jobs.outdated(session, 10) == []
        await jobs.mark_delivered(session, job_id, now=NOON)
        assert [job.id for job in await jobs.outdated(session, 10)] == [job_id]
        await images.delete(session, two, now=NOON + HOUR)
        assert not await jobs.mark_drawn(session, job_id, since=NOON)
        assert await jobs.mark_drawn(session, job_id, since=NOON + HOUR)
        assert await jobs.outdated(session, 10) == []


async def test_of_one_person_only_so_many_jobs_wait_for_moderators(database: Database) -> None:
    await meet(database, ADA, BEN)
    once = [wish(ADA, guild_id=GUILD), wish(ADA, guild_id=GUILD)]
    async with database.writing() as session:
        assert await reviews.put(session, once, word="war", limit=2, now=NOON) is not None
        assert await reviews.put(session, once, word="war", limit=2, now=NOON) is None
        assert await reviews.put(session, [wish(BEN, guild_id=GUILD)], word="war", limit=2, now=NOON) is not None
    with pytest.raises(TooManyWaiting):
        async with database.writing() as session:
            await reviews.put(session, [wish(ADA, guild_id=GUILD)], word="war", limit=2, now=NOON)
