"""Alembic's entry: uses the connection handed over in the configuration, or opens one for the developer who writes a
revision: `alembic -x url=sqlite+aiosqlite:///FILE upgrade head`, then `... revision --autogenerate -m "..."`."""

import asyncio

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from db.database import Database
from db.models import metadata


def compared(name: str | None, kind: str, parents: object) -> bool:
    """Everything but the search over prompts, whose tables SQLite makes by itself and no model describes."""
    return not (kind == "table" and name is not None and (name == "search" or name.startswith("search_")))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=compared,
        render_as_batch=True,
        # True on SQLite too, where the connection's BEGIN IMMEDIATE spans every statement.
        transactional_ddl=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise CommandError("which database? alembic -x url=sqlite+aiosqlite:///FILE ...")
    async with Database.open(url) as database, database.migrating() as connection:
        await connection.run_sync(run)


connection = context.config.attributes.get("connection")
if connection is None:
    asyncio.run(run_alone())
else:
    run(connection)
