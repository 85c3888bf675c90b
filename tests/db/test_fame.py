from datetime import timedelta

from db import embeddings, fame, likes
from db.database import Database
from db.likes import Press
from db.models import Ballot, Challenge, Entry, Phase, Placing, Share, VotingMode
from tests.db.gallery import GUILD, hang, meet
from tests.db.people import ADA, BEN, CAT, NOON


async def test_makers_are_ranked_by_hearts_on_what_they_share_under_their_name(database: Database) -> None:
    await meet(database)
    first, second, hidden = (
        await hang(database, ADA),
        await hang(database, BEN),
        await hang(database, BEN, anonymous=True),
    )
    async with database.writing() as session:
        picture = {one: (await session.get_one(Share, one)).image_id for one in (first, second, hidden)}
        liked = ((first, BEN), (first, CAT), (second, CAT), (hidden, ADA), (hidden, CAT))
        await likes.press(session, [Press(picture[share], person) for share, person in liked])
    async with database.reading() as session:
        assert await fame.makers(session, GUILD, 5) == [(ADA, 2), (BEN, 1)]
        assert await fame.makers(session, GUILD + 1, 5) == []
        ben = await fame.of_person(session, GUILD, BEN)
        assert await fame.winners(session, GUILD, 5) == await fame.voters(session, GUILD, 5) == []
    assert (ben.made, ben.shared, ben.received, ben.given, ben.wins) == (2, 1, 1, 1, 0)


async def test_contests_won_and_ballots_cast_are_counted(database: Database) -> None:
    await meet(database)
    share = await hang(database, ADA)
    times = {"opens_at": NOON, "votes_at": NOON, "closes_at": NOON + timedelta(days=1), "created_at": NOON}
    about = {"theme": "a", "description": "b", "mode": VotingMode.STARS, "phase": Phase.DONE, "rules": {}, "reward": {}}
    async with database.writing() as session:
        image = (await session.get_one(Share, share)).image_id
        session.add(Challenge(id=1, guild_id=GUILD, channel_id=1, seed=1, **about, **times))
        await session.flush()
        session.add(Entry(id=1, challenge_id=1, author_id=ADA, image_id=image, slot=1, entered_at=NOON))
        await session.flush()
        session.add(Placing(entry_id=1, challenge_id=1, place=1, score=4, low=3, high=5, ballots=2))
        for voter, value in ((BEN, 5), (CAT, None), (-7, 4)):
            session.add(Ballot(challenge_id=1, voter_id=voter, entry_id=1, other_id=1, value=value, dealt_at=NOON))
    async with database.reading() as session:
        assert await fame.winners(session, GUILD, 5) == [(ADA, 1)]
        assert await fame.voters(session, GUILD, 5) == [(BEN, 1)]
        assert (await fame.of_person(session, GUILD, ADA)).wins == 1


async def test_shared_pictures_wait_for_their_vector_and_a_servers_vectors_come_in_order(database: Database) -> None:
    await meet(database)
    shared = [await hang(database) for _ in range(3)]
    async with database.writing() as session:
        waiting = await embeddings.missing(session, after=0, limit=10)
        assert [share for share, _ in waiting] == shared
        for _, image in waiting[:2]:
            await embeddings.put(session, image.id, b"\0\0" * embeddings.WIDTH)
        await embeddings.put(session, waiting[2][1].id, b"")
        assert await embeddings.missing(session, after=0, limit=10) == []
        found = await embeddings.of_guild(session, GUILD, limit=10)
        assert [one.share_id for one in found] == shared[:2]
        assert await embeddings.of_guild(session, GUILD, after=found[0].embedding_id, limit=10) == found[1:]
        assert await embeddings.of_guild(session, GUILD + 1, limit=10) == []
        assert await embeddings.of_image(session, waiting[2][1].id) is None
