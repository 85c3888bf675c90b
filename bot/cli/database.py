"""`atelier db ...`: revisions and copies of the database. What writes takes the storage folder's lock first."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import ConfigFile
from bot.cli.words import Declined
from bot.config import Config

app = typer.Typer(help="The database: bring up to date, back up, restore.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Bring the tables to this version; a running bot has done so at its start."""
    typer.echo(asyncio.run(_upgrade(Config.load(config))))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; none must be there.")], config: ConfigFile = None
) -> None:
    """Write a sound copy of the database, also beside a running bot."""
    from db import backup as copies

    settings = Config.load(config)
    copies.backup(_file(settings), target)
    typer.echo(f"{target}: the database; pictures and LoRAs are files in {settings.storage.folder}")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `atelier db backup` wrote.")],
    config: ConfigFile = None,
) -> None:
    """Put a backup in the place of the database, which is kept beside it; the bot must be stopped."""
    import migrations
    from db import backup as copies
    from db.lock import StorageLock

    settings = Config.load(config)
    file = _file(settings)
    with StorageLock(settings.storage.folder):
        kept = copies.restore(source, file, migrations.known())
    typer.echo(f"{file}: restored from {source}{f'; what it was is in {kept}' if kept else ''}")


async def _upgrade(config: Config) -> str:
    import migrations
    from bot import sweeping
    from db.database import Database
    from db.lock import StorageLock

    with StorageLock(config.storage.folder):
        async with Database.open(config.database_url) as database:
            await sweeping.require_own(database, config.storage.folder)
            before = await migrations.upgrade(database)
    head = migrations.head()
    if before == head:
        return f"{config.database_name}: up to date (revision {head})"
    return f"{config.database_name}: from {before or 'nothing'} to revision {head}"


def _file(config: Config) -> Path:
    """The SQLite file of this config."""
    from sqlalchemy.engine import make_url

    url = make_url(config.database_url)
    if url.get_backend_name() != "sqlite" or url.database is None:
        raise Declined("this copies SQLite files; for PostgreSQL use pg_dump and pg_restore")
    return Path(url.database)
