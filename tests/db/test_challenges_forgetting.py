"""What deleting pictures and forgetting people does to contests that run and to those that were counted."""

import pytest
from sqlalchemy import func, select

from db import images, privacy
from db.challenges import announcing, ballots, entries, finding, phases, results
from db.challenges.errors import NotYourBallot
from db.database import Database
from db.models import AnnouncementKind, Ballot
from tests.db.contests import GUILD, VOTES_AT, count, deal, prefer, voting
from tests.db.people import ADA, BEN, CAT

DEE, EVE = 104, 105


async def forget(database: Database, person: int) -> None:
    async with database.writing() as session:
        await privacy.forget(session, person)


async def cast(database: Database, challenge_id: int) -> list[ballots.Vote]:
    async with database.reading() as session:
        return await ballots.votes(session, challenge_id)


async def test_who_votes_deletes_their_data_and_votes_again_has_one_vote(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    for _ in range(3):
        await prefer(database, challenge_id, CAT, ada, ben)
        await forget(database, CAT)
    assert await cast(database, challenge_id) == []
    await prefer(database, challenge_id, CAT, ada, ben)
    assert [vote.voter_id for vote in await cast(database, challenge_id)] == [CAT]


async def test_a_counted_contest_keeps_the_ballots_of_the_forgotten_and_a_cancelled_one_does_not(
    database: Database,
) -> None:
    counted, (ada, ben) = await voting(database, ADA, BEN)
    cancelled, (cat, dee) = await voting(database, CAT, DEE)
    await prefer(database, counted, EVE, ada, ben)
    await prefer(database, cancelled, EVE, cat, dee)
    assert await count(database, counted)
    async with database.writing() as session:
        await phases.cancel(session, cancelled)
    await forget(database, EVE)
    (vote,) = await cast(database, counted)
    assert vote.voter_id < 0
    async with database.reading() as session:
        written, again = await results.verify(session, await finding.get(session, counted))
        assert written == again != []
        assert await session.scalar(select(func.count()).where(Ballot.challenge_id == cancelled)) == 0


async def test_a_question_of_before_cannot_be_answered_by_who_came_back(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    (ballot,) = await deal(database, challenge_id, CAT, (ada.id, ben.id))
    await forget(database, CAT)
    async with database.writing() as session:
        with pytest.raises(NotYourBallot):
            await ballots.cast(session, ballot.id, CAT, GUILD, 1, now=VOTES_AT)


async def podium(database: Database, challenge_id: int) -> int:
    """Which version of the podium is wanted."""
    async with database.reading() as session:
        return (await announcing.of_challenge(session, challenge_id))[AnnouncementKind.PODIUM].wanted


async def test_whatever_takes_a_placed_picture_away_asks_for_a_new_podium_of_its_contest_alone(
    database: Database,
) -> None:
    contests = [await voting(database, ADA, BEN), await voting(database, ADA, BEN)]
    for challenge_id, (ada, ben) in contests:
        await prefer(database, challenge_id, CAT, ada, ben)
        assert await count(database, challenge_id)
    (first, (ada, ben)), (second, _) = contests
    assert ada.image_id is not None
    assert ben.image_id is not None
    async with database.writing() as session:
        assert await images.withhold(session, ada.image_id)
    assert await podium(database, first) == 2
    async with database.writing() as session:
        assert not await images.withhold(session, ada.image_id)
    assert await podium(database, first) == 2
    async with database.writing() as session:
        await images.delete(session, ada.image_id)
    assert await podium(database, first) == 3
    assert await podium(database, second) == 1
    await forget(database, BEN)
    assert await podium(database, first) > 3
    assert await podium(database, second) > 1


async def test_an_entry_whose_picture_was_deleted_before_its_author_is_out_at_the_close(database: Database) -> None:
    challenge_id, (ada, ben, cat) = await voting(database, ADA, BEN, CAT)
    await prefer(database, challenge_id, DEE, ada, ben)
    await prefer(database, challenge_id, DEE, ada, cat)
    async with database.writing() as session:
        assert ada.image_id is not None
        await images.delete(session, ada.image_id)
    await forget(database, ADA)
    assert await count(database, challenge_id)
    async with database.reading() as session:
        assert ada.id not in {one.entry_id for one in await results.places(session, challenge_id)}
        assert (await entries.get(session, ada.id)).out_for == "deleted"
