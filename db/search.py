"""Full-text search over the prompts of what is shared: FTS5 on SQLite, a tsvector on PostgreSQL. Knows words and ids.

A prompt is found by whole words, all of them, without regard to case; SQLite disregards accents too. `marks` are words
of our own, so that SQLite intersects them with the others in its index: `g7` for the server 7, `o7` when it is not
age-restricted, `a5` for the author 5.
"""

import re
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOST_WORDS = 12

_WORD = re.compile(r"[^\W_]+")
_REMOVE = text("DELETE FROM search WHERE rowid = :id")
_PUT = {
    "sqlite": text("INSERT INTO search (rowid, prompt, marks) VALUES (:id, :prompt, :marks)"),
    "postgresql": text("INSERT INTO search (rowid, words) VALUES (:id, to_tsvector('simple', :prompt))"),
}


def words(asked: str) -> list[str]:
    """What is searched for: letters and digits in runs, at most `MOST_WORDS` of them; everything else parts words."""
    return _WORD.findall(asked)[:MOST_WORDS]


async def put(
    session: AsyncSession, share_id: int, prompt: str, *, guild_id: int, author_id: int | None, nsfw: bool
) -> None:
    """Make the share findable by its prompt, and by nothing it was findable by before; `author_id` None: by no name."""
    await remove(session, share_id)
    marks = [f"g{guild_id}", *([] if nsfw else [f"o{guild_id}"]), *([] if author_id is None else [f"a{author_id}"])]
    values = {"id": share_id, "prompt": prompt}
    if session.get_bind().dialect.name == "sqlite":
        values["marks"] = " ".join(marks)
    await session.execute(_PUT[session.get_bind().dialect.name], values)


async def remove(session: AsyncSession, share_id: int) -> None:
    """The share is not found any more. In SQLite its words go with the next `purge` at the latest."""
    await session.execute(_REMOVE, {"id": share_id})


async def purge(session: AsyncSession) -> None:
    """Leave no word of what was removed in the index: SQLite only marks it as gone until it merges its segments."""
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text("INSERT INTO search (search) VALUES ('optimize')"))


async def find(
    session: AsyncSession,
    asked: Sequence[str],
    *,
    guild_id: int,
    author_id: int | None = None,
    nsfw: bool,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> Sequence[int]:
    """Ids of listed shares with all these `words`, newest first; with `after`, the next newer ones, oldest first.

    Without `nsfw` nothing from age-restricted channels is found; with `author_id` nothing that is shared anonymously.
    """
    if not asked:
        return []
    bounds = {"before": before if before is not None else 2**62, "after": after if after is not None else 0}
    order = "ASC" if after is not None else "DESC"
    listed = "shares.visibility <> 'private' AND shares.hidden_at IS NULL AND shares.deleted_at IS NULL"
    if session.get_bind().dialect.name == "sqlite":
        marks = [f"marks:{'g' if nsfw else 'o'}{guild_id}", *([f"marks:a{author_id}"] if author_id is not None else [])]
        query = " AND ".join([*marks, *(f'prompt:"{word}"' for word in asked)])
        statement = text(f"""
            SELECT search.rowid FROM search JOIN shares ON shares.id = search.rowid
            WHERE search MATCH :query AND search.rowid < :before AND search.rowid > :after AND {listed}
            ORDER BY search.rowid {order} LIMIT :limit
        """)
        return (await session.scalars(statement, {"query": query, "limit": limit, **bounds})).all()
    statement = text(f"""
        SELECT search.rowid FROM search JOIN shares ON shares.id = search.rowid
        WHERE search.words @@ plainto_tsquery('simple', :query) AND search.rowid < :before AND search.rowid > :after
        AND shares.guild_id = :guild_id AND {listed} AND (:nsfw OR NOT shares.nsfw)
        {"AND shares.author_id = :author_id AND NOT shares.anonymous" if author_id is not None else ""}
        ORDER BY search.rowid {order} LIMIT :limit
    """)
    values = {"query": " ".join(asked), "guild_id": guild_id, "nsfw": nsfw, "limit": limit, **bounds}
    if author_id is not None:
        values["author_id"] = author_id
    return (await session.scalars(statement, values)).all()
