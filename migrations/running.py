"""Bringing a database to a revision, and telling which one it has. Knows nothing of what the revisions do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from db.database import Database
from db.errors import DatabaseBehind, DatabaseTooNew


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The revision this program's tables have."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None, "the package holds at least one revision"
    return found


def known() -> frozenset[str]:
    """All revisions this program can bring to its head."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


async def revision(database: Database) -> str | None:
    """The revision of the database's tables; None when it has none."""
    async with database.reading() as session:
        return await (await session.connection()).run_sync(_revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


async def check(database: Database) -> None:
    """Raise `DatabaseBehind` or `DatabaseTooNew` unless the tables are at this program's head."""
    current = await revision(database)
    if current is not None and current not in known():
        raise DatabaseTooNew(current)
    if current != head():
        raise DatabaseBehind(current, head())


async def upgrade(database: Database) -> str | None:
    """Bring the tables to the head, whole or not at all. The revision before; raises `DatabaseTooNew`."""
    current = await revision(database)
    if current is not None and current not in known():
        raise DatabaseTooNew(current)
    if current != head():
        async with database.migrating() as connection:
            await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
    return current


async def downgrade(database: Database, to: str) -> None:
    """Bring the tables back to an earlier revision, `base` for none; what they held then is gone."""
    async with database.migrating() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), to))
