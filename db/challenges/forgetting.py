"""What a person or a server leaves in contests when it asks to be forgotten."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.challenges import ballots
from db.models import Announcement, Award, Ballot, Challenge, Entry, Phase, Placing, Rota


async def forget_person(session: AsyncSession, user_id: int) -> None:
    """No row names the person afterwards. Entries leave contests that run; counted ones keep their place, nameless."""
    counted = select(Challenge.id).where(Challenge.phase.in_((Phase.TALLYING, Phase.DONE)))
    own = Entry.author_id == user_id
    leave = update(Entry).where(own, Entry.slot.is_not(None), Entry.challenge_id.not_in(counted))
    await session.execute(leave.values(slot=None, out_for="withdrawn").execution_options(synchronize_session=False))
    nameless = update(Entry).where(own).values(author_id=None, image_id=None)
    await session.execute(nameless.execution_options(synchronize_session=False))
    await ballots.anonymise(session, user_id)
    await session.execute(update(Award).where(Award.user_id == user_id).values(user_id=None))
    for made in (Challenge, Rota):
        await session.execute(update(made).where(made.created_by == user_id).values(created_by=None))


async def forget_guild(session: AsyncSession, guild_id: int) -> None:
    """Take every contest of a server away, with entries, ballots and results."""
    contests = select(Challenge.id).where(Challenge.guild_id == guild_id)
    for table in (Placing, Ballot, Award, Announcement, Entry):
        await session.execute(delete(table).where(table.challenge_id.in_(contests)))
    await session.execute(delete(Challenge).where(Challenge.guild_id == guild_id))
    await session.execute(delete(Rota).where(Rota.guild_id == guild_id))
