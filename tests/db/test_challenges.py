"""Phases, entries, ballots, results and rewards of contests, on both databases.

Over 300 lines because all of it shares the steps that bring a contest to a phase.
"""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from db import images, ledger, privacy, times, users
from db.challenges import announcing, ballots, entries, finding, phases, results, rotas
from db.challenges.errors import (
    AlreadyEntered,
    EntryLimit,
    NoSuchChallenge,
    NoSuchEntry,
    NotYourBallot,
    OwnEntry,
    WrongPhase,
)
from db.challenges.terms import Reward, Rules, Terms
from db.database import Database
from db.models import AnnouncementKind, AwardKind, Ballot, Entry, Phase, Placing, VotingMode
from tests.db.contests import (
    CLOSES_AT,
    DAY,
    GUILD,
    HOUR,
    VOTES_AT,
    advance,
    contest,
    count,
    deal,
    enter,
    found,
    picture_of,
    plan,
    prefer,
    say,
    voting,
)
from tests.db.people import ADA, BEN, CAT, NOON

DEE, EVE = 104, 105
SECOND = timedelta(seconds=1)


async def test_a_contest_goes_through_its_phases_at_its_times_and_no_sooner(database: Database) -> None:
    later = {"opens_at": NOON + HOUR}
    challenge_id = await contest(database, **later)
    assert (await found(database, challenge_id)).phase is Phase.SCHEDULED
    assert await advance(database, challenge_id, NOON + HOUR - SECOND) is None
    assert await advance(database, challenge_id, NOON + HOUR) is Phase.OPEN
    await enter(database, challenge_id, ADA, NOON + HOUR)
    await enter(database, challenge_id, BEN, NOON + HOUR)
    assert await advance(database, challenge_id, VOTES_AT - SECOND) is None
    assert await advance(database, challenge_id, VOTES_AT) is Phase.VOTING
    assert await advance(database, challenge_id, CLOSES_AT - SECOND) is None
    assert await advance(database, challenge_id, CLOSES_AT) is Phase.TALLYING
    assert await advance(database, challenge_id, CLOSES_AT) is None
    assert await count(database, challenge_id)
    assert (await found(database, challenge_id)).phase is Phase.DONE


async def test_of_many_who_close_and_finish_at_once_one_does_it(database: Database) -> None:
    challenge_id, entered = await voting(database, ADA, BEN, CAT)
    await prefer(database, challenge_id, DEE, entered[1], entered[0])
    closed = await asyncio.gather(*(advance(database, challenge_id, CLOSES_AT) for _ in range(8)))
    assert sorted(closed, key=str) == [None] * 7 + [Phase.TALLYING]
    assert sorted(await asyncio.gather(*(count(database, challenge_id) for _ in range(8)))) == [False] * 7 + [True]
    async with database.reading() as session:
        assert await ledger.balance(session, BEN, GUILD) == 5
        kinds = [award.kind for award in await results.awards(session, challenge_id)]
    assert kinds == [AwardKind.CREDIT, AwardKind.ROLE, AwardKind.PIN]


async def test_a_studio_that_was_away_gives_a_late_phase_its_full_length(database: Database) -> None:
    challenge_id = await contest(database)
    for author in (ADA, BEN):
        await enter(database, challenge_id, author)
    late = CLOSES_AT + DAY
    assert await advance(database, challenge_id, late) is Phase.VOTING
    challenge = await found(database, challenge_id)
    assert (challenge.began_at, challenge.closes_at) == (late, late + DAY)
    assert await advance(database, challenge_id, late + DAY - SECOND) is None
    assert await advance(database, challenge_id, late + 9 * DAY) is Phase.TALLYING


async def test_a_contest_with_one_entry_is_cancelled_when_voting_should_begin(database: Database) -> None:
    challenge_id = await contest(database)
    await enter(database, challenge_id, ADA)
    assert await advance(database, challenge_id, VOTES_AT) is Phase.CANCELLED
    assert (await found(database, challenge_id)).cancelled_for == "too_few_entries"


async def test_a_contest_without_a_vote_ends_without_a_winner(database: Database) -> None:
    challenge_id, entered = await voting(database, ADA, BEN)
    (ballot,) = await deal(database, challenge_id, CAT, (entered[0].id, entered[1].id))
    await say(database, ballot, 0)
    assert await count(database, challenge_id)
    async with database.reading() as session:
        assert await results.places(session, challenge_id) == []
        assert await results.awards(session, challenge_id) == []
        assert await results.verify(session, await finding.get(session, challenge_id)) == ([], [])


@pytest.mark.parametrize("phase", list(Phase))
async def test_a_contest_can_be_cancelled_until_its_ballots_are_counted(database: Database, phase: Phase) -> None:
    challenge_id = await contest(database)
    async with database.writing() as session:
        (await finding.hold(session, challenge_id)).phase = phase
    async with database.writing() as session:
        if phase in (Phase.SCHEDULED, Phase.OPEN, Phase.VOTING):
            await phases.cancel(session, challenge_id)
            assert (await finding.get(session, challenge_id)).phase is Phase.CANCELLED
        else:
            with pytest.raises(WrongPhase):
                await phases.cancel(session, challenge_id)


async def test_constraints_keep_the_number_of_entries_and_a_picture_to_one(database: Database) -> None:
    challenge_id = await contest(database, rules=Rules(entries=2))
    pictures = [await picture_of(database, ADA) for _ in range(5)]

    async def try_to(image_id: int) -> Entry | Exception:
        try:
            async with database.writing() as session:
                return await entries.enter(session, challenge_id, ADA, image_id, now=NOON)
        except (EntryLimit, AlreadyEntered) as error:
            return error

    tried = await asyncio.gather(*(try_to(image_id) for image_id in pictures))
    assert sum(isinstance(one, Entry) for one in tried) == 2
    assert {one.limit for one in tried if isinstance(one, EntryLimit)} == {2}
    (first, _) = [one for one in tried if isinstance(one, Entry)]
    async with database.writing() as session:
        await entries.withdraw(session, first.id, now=NOON)
    async with database.writing() as session:
        with pytest.raises(NoSuchEntry):
            await entries.withdraw(session, first.id, now=NOON)
    assert first.image_id is not None
    assert isinstance(await try_to(first.image_id), Entry)


async def test_the_same_picture_stands_once(database: Database) -> None:
    challenge_id = await contest(database)
    image_id = await picture_of(database, ADA)
    async with database.writing() as session:
        await entries.enter(session, challenge_id, ADA, image_id, now=NOON)
    async with database.writing() as session:
        with pytest.raises(AlreadyEntered):
            await entries.enter(session, challenge_id, ADA, image_id, now=NOON)


async def test_entering_ends_at_the_hour_even_before_the_phase_was_changed(database: Database) -> None:
    challenge_id = await contest(database)
    await enter(database, challenge_id, ADA, VOTES_AT - SECOND)
    with pytest.raises(WrongPhase):
        await enter(database, challenge_id, BEN, VOTES_AT)


async def test_a_vote_of_the_last_second_counts_and_one_at_the_hour_does_not(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    (ballot,) = await deal(database, challenge_id, CAT, (ada.id, ben.id))
    await say(database, ballot, -1, CLOSES_AT - timedelta(milliseconds=1))
    with pytest.raises(WrongPhase):
        await say(database, ballot, 1, CLOSES_AT)
    assert await count(database, challenge_id)
    with pytest.raises(WrongPhase):
        await say(database, ballot, 1, CLOSES_AT - SECOND)
    async with database.reading() as session:
        assert [place.entry_id for place in await results.places(session, challenge_id)] == [ben.id, ada.id]


async def test_votes_that_race_with_the_close_either_count_or_are_refused(database: Database) -> None:
    authors = [200 + number for number in range(6)]
    challenge_id, entered = await voting(database, *authors)
    pairs = [(one.id, other.id) for one in entered for other in entered if one.id < other.id]
    dealt = await deal(database, challenge_id, CAT, *pairs)

    async def vote(ballot: Ballot) -> bool:
        try:
            await say(database, ballot, 1, CLOSES_AT - SECOND)
        except WrongPhase:
            return False
        return True

    async def close() -> bool:
        await asyncio.sleep(0.005)
        return await advance(database, challenge_id, CLOSES_AT) is Phase.TALLYING

    *told, closed = await asyncio.gather(*(vote(ballot) for ballot in dealt), close())
    assert closed
    async with database.reading() as session:
        assert len(await ballots.votes(session, challenge_id)) == sum(told)


async def test_the_databases_own_clock_decides_when_nobody_says_the_time(database: Database) -> None:
    async with database.reading() as session:
        first, second = await times.of_database(session), await times.of_database(session)
    assert first <= second
    assert abs(first - times.now()) < timedelta(seconds=60)
    challenge_id = await contest(database, opens_at=first, votes_at=first + HOUR, closes_at=first + DAY)
    async with database.writing() as session:
        assert await phases.advance(session, challenge_id) is Phase.OPEN
        assert await phases.advance(session, challenge_id) is None


async def test_nobody_can_answer_for_another_or_from_another_server_or_on_their_own_entry(database: Database) -> None:
    challenge_id, (ada, ben, cat) = await voting(database, ADA, BEN, CAT)
    (ballot,) = await deal(database, challenge_id, CAT, (ada.id, ben.id))
    for voter, guild_id in ((DEE, GUILD), (CAT, GUILD + 1), (CAT, None)):
        async with database.writing() as session:
            with pytest.raises(NotYourBallot):
                await ballots.cast(session, ballot.id, voter, guild_id, 1, now=VOTES_AT)
    with pytest.raises(OwnEntry):
        await deal(database, challenge_id, CAT, (ada.id, cat.id))
    async with database.writing() as session:
        with pytest.raises(NotYourBallot):
            await ballots.cast(session, ballot.id, CAT, GUILD, 5, now=VOTES_AT)
    async with database.reading() as session:
        assert await ballots.votes(session, challenge_id) == []


async def test_a_ballot_is_one_row_however_often_it_is_dealt_and_changed(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    dealt = await asyncio.gather(*(deal(database, challenge_id, CAT, (ada.id, ben.id)) for _ in range(5)))
    assert len({ballot.id for (ballot,) in dealt}) == 1
    for value in (1, 0, -1):
        await say(database, dealt[0][0], value)
    async with database.reading() as session:
        assert [vote.value for vote in await ballots.votes(session, challenge_id)] == [-1]


@pytest.mark.parametrize("mode", list(VotingMode))
async def test_a_voter_is_asked_about_everything_but_their_own_and_never_twice(
    database: Database, mode: VotingMode
) -> None:
    authors = [CAT, ADA, BEN, DEE, EVE]
    challenge_id, entered = await voting(database, *authors, mode=mode)
    asked: list[tuple[int, int]] = []
    challenge = await found(database, challenge_id)
    while True:
        async with database.reading() as session:
            question = await ballots.next_question(session, challenge, CAT)
            again = await ballots.next_question(session, challenge, CAT)
        assert question == again
        if question is None:
            break
        asked.append(question)
        (ballot,) = await deal(database, challenge_id, CAT, question)
        async with database.reading() as session:
            assert await ballots.next_question(session, challenge, CAT) == question
        await say(database, ballot, 1)
    assert len(set(asked)) == len(asked) == (6 if mode is VotingMode.PAIRS else 4)
    assert entered[0].id not in {entry for question in asked for entry in question}
    async with database.reading() as session:
        done = await ballots.progress(session, challenge, CAT)
    assert (done.answered, done.total) == (len(asked), len(asked))


async def test_in_approval_silence_is_a_no_once_a_voter_has_spoken(database: Database) -> None:
    challenge_id, (ada, ben, cat) = await voting(database, ADA, BEN, CAT, mode=VotingMode.APPROVAL)
    dealt = await deal(database, challenge_id, DEE, *((one.id, one.id) for one in (ada, ben, cat)))
    await deal(database, challenge_id, EVE, (ada.id, ada.id))
    await say(database, dealt[1], 1)
    assert await count(database, challenge_id)
    async with database.reading() as session:
        assert [(one.entry_id, one.score, one.ballots) for one in await results.places(session, challenge_id)] == [
            (ben.id, 1.0, 1),
            (ada.id, 0.0, 1),
            (cat.id, 0.0, 1),
        ]
    assert (await found(database, challenge_id)).voters == 1


async def test_what_was_withdrawn_hidden_or_deleted_is_not_asked_about_and_gets_no_place(database: Database) -> None:
    challenge_id, (ada, ben, cat, dee) = await voting(database, ADA, BEN, CAT, DEE)
    for winner in (ada, ben, cat):
        await prefer(database, challenge_id, EVE, winner, dee)
    await prefer(database, challenge_id, EVE, ada, ben)
    async with database.writing() as session:
        await entries.withdraw(session, ada.id, now=VOTES_AT)
        assert ben.image_id is not None
        assert await entries.put_out(session, ben.image_id, "hidden") == 1
    async with database.reading() as session:
        assert [one.id for one in await entries.votable(session, challenge_id)] == [cat.id, dee.id]
    async with database.writing() as session:
        assert cat.image_id is not None
        await images.delete(session, cat.image_id)
    async with database.reading() as session:
        assert [one.id for one in await entries.votable(session, challenge_id)] == [dee.id]
    assert await count(database, challenge_id)
    async with database.reading() as session:
        assert [one.entry_id for one in await results.places(session, challenge_id)] == [dee.id]
        out = (await session.execute(select(Entry.id, Entry.out_for).order_by(Entry.id))).all()
    assert [tuple(row) for row in out] == [
        (ada.id, "withdrawn"),
        (ben.id, "hidden"),
        (cat.id, "deleted"),
        (dee.id, None),
    ]


async def test_a_finished_contest_keeps_its_result_when_pictures_go_and_people_are_forgotten(
    database: Database,
) -> None:
    challenge_id, (ada, ben, cat) = await voting(database, ADA, BEN, CAT)
    for voter in (DEE, EVE):
        await prefer(database, challenge_id, voter, ben, ada)
        await prefer(database, challenge_id, voter, ben, cat)
    assert await count(database, challenge_id)
    async with database.reading() as session:
        before = await results.places(session, challenge_id)
    async with database.writing() as session:
        assert ben.image_id is not None
        await images.delete(session, ben.image_id)
        assert await entries.put_out(session, ben.image_id, "hidden") == 0
        for person in (BEN, DEE):
            await privacy.forget(session, person)
    async with database.reading() as session:
        written, again = await results.verify(session, await finding.get(session, challenge_id))
        assert written == again == before
        assert (await results.count(session, await finding.get(session, challenge_id))).voters == 2
        assert await session.scalar(select(func.count()).where(Ballot.voter_id == DEE)) == 0
        assert await session.scalar(select(func.count()).where(Entry.author_id == BEN)) == 0


async def test_verify_finds_a_changed_ballot_and_a_changed_place(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    for voter in (CAT, DEE, EVE):
        await prefer(database, challenge_id, voter, ada, ben)
    assert await count(database, challenge_id)
    for forgery in (
        update(Placing).where(Placing.entry_id == ben.id).values(score=0.9),
        update(Ballot).where(Ballot.voter_id == CAT).values(value=-1),
    ):
        async with database.writing() as session:
            await session.execute(forgery)
        async with database.reading() as session:
            written, again = await results.verify(session, await finding.get(session, challenge_id))
            assert written != again


async def test_announcements_are_one_row_each_and_owed_until_they_show_the_latest(database: Database) -> None:
    await voting(database, ADA, BEN)
    async with database.reading() as session:
        owed = await announcing.behind(session)
    assert [(one.kind, one.wanted) for one in owed] == [(AnnouncementKind.CARD, 2), (AnnouncementKind.VOTING, 1)]
    async with database.writing() as session:
        await announcing.stands(session, owed[0].id, 5, 1)
        await announcing.give_up(session, owed[1].id, "channel_gone")
    async with database.reading() as session:
        (left,) = await announcing.behind(session)
        assert (left.kind, left.message_id) == (AnnouncementKind.CARD, 5)
    async with database.writing() as session:
        await announcing.stands(session, owed[0].id, 5, 2)
        assert await announcing.behind(session) == []


async def test_a_rota_makes_one_contest_a_week_and_only_the_latest_after_an_absence(database: Database) -> None:
    await contest(database)
    async with database.writing() as session:
        await rotas.create(
            session,
            rotas.NewRota(
                guild_id=GUILD,
                channel_id=8,
                created_by=ADA,
                themes=["Tea", "Robots"],
                terms=Terms(mode=VotingMode.STARS, reward=Reward(credit=3)),
                first_at=NOON + HOUR,
                entering=4 * DAY,
                voting=2 * DAY,
            ),
        )

    async def opened(at: int) -> list[str]:
        async def one() -> list[str]:
            async with database.writing() as session:
                return [made.theme for made in await rotas.open_due(session, now=NOON + HOUR + at * DAY)]

        return [theme for themes in await asyncio.gather(one(), one(), one()) for theme in themes]

    assert [await opened(day) for day in (-1, 0, 6, 7)] == [[], ["Tea"], [], ["Robots"]]
    assert await opened(29) == ["Tea"]
    async with database.reading() as session:
        assert await rotas.next_opening(session) == NOON + HOUR + 35 * DAY
        (latest, *_) = await finding.of_guild(session, GUILD)
        assert (latest.opens_at, latest.votes_at) == (NOON + HOUR + 29 * DAY, NOON + HOUR + 33 * DAY)
        assert (latest.mode, latest.reward["credit"], latest.number) == (VotingMode.STARS, 3, 2)
        (rota,) = await rotas.of_guild(session, GUILD)
    async with database.writing() as session:
        with pytest.raises(NoSuchChallenge):
            await rotas.stop(session, rota.id, GUILD + 1)
        await rotas.stop(session, rota.id, GUILD)
    assert await opened(100) == []


async def test_a_forgotten_server_leaves_nothing(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    await prefer(database, challenge_id, CAT, ada, ben)
    assert await count(database, challenge_id)
    async with database.writing() as session:
        await privacy.forget_guild(session, GUILD)
        for table in (Ballot, Entry, Placing):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        with pytest.raises(NoSuchChallenge):
            await finding.get(session, challenge_id)


async def test_what_changes_next_is_known(database: Database) -> None:
    async with database.reading() as session:
        assert await finding.next_change(session) is None
    await contest(database, opens_at=NOON + HOUR)
    second = await contest(database)
    async with database.reading() as session:
        assert await finding.next_change(session) == NOON + HOUR
        assert await finding.due(session, now=VOTES_AT) == [second, second - 1]
        assert [one.id for one in await finding.of_guild(session, GUILD, Phase.OPEN)] == [second]
        assert await finding.of_guild(session, GUILD + 1) == []


def test_the_times_of_a_plan_are_stored_as_terms_and_come_back() -> None:
    terms = plan(mode=VotingMode.APPROVAL, rules=Rules(model="pocket", account_days=3)).terms
    assert Terms.from_row(terms.as_row()) == terms


async def test_users_who_vote_need_no_row(database: Database) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    await prefer(database, challenge_id, 777, ada, ben)
    async with database.reading() as session:
        assert await users.get(session, 777) is None


async def test_a_refused_announcement_is_tried_ever_more_seldom_for_a_week_and_anew_when_its_podium_changes(
    database: Database,
) -> None:
    challenge_id, (ada, ben) = await voting(database, ADA, BEN)
    await prefer(database, challenge_id, CAT, ada, ben)
    assert await count(database, challenge_id)
    kind = AnnouncementKind.PODIUM

    async def due(now: datetime) -> list[AnnouncementKind]:
        async with database.reading() as session:
            return [one.kind for one in await announcing.behind(session, now=now)]

    async with database.writing() as session:
        found = (await announcing.of_challenge(session, challenge_id))[kind]
        await announcing.stands(session, found.id, 5, 1)
        await announcing.redraw(session, Entry.id == ada.id)
    moment, waits, tries = NOON, True, 0
    while waits:
        assert kind in await due(moment)
        async with database.writing() as session:
            waits = await announcing.put_off(session, found.id, "Unreachable", now=moment)
            tries += waits
            after = (await announcing.of_challenge(session, challenge_id))[kind].due_at
        assert after is not None
        assert kind not in await due(after - timedelta(seconds=1) if waits else after)
        moment = after if waits else moment
    assert timedelta(days=7) < moment - NOON < timedelta(days=7, hours=7)
    assert tries < 50
    async with database.writing() as session:
        await announcing.redraw(session, Entry.id == ada.id)
    assert kind in await due(NOON)
    async with database.writing() as session:
        assert await announcing.put_off(session, found.id, "Unreachable", now=moment)
        await announcing.stands(session, found.id, 5, 3)
        row = (await announcing.of_challenge(session, challenge_id))[kind]
        await session.refresh(row)
        assert (row.refused_at, row.due_at, row.tries) == (None, None, 0)
