"""The storage folder's files against the rows: what no row knows goes at a start, unless the rows are not the folder's.

Knows where files lie, not what is in them.
"""

import asyncio
import logging
from pathlib import Path

import migrations
from db import images, loras
from db.database import Database
from db.errors import DatabaseLost
from engine.lora.shelf import Shelf
from engine.storage import Storage

log = logging.getLogger(__name__)

_KEPT = ("pictures/??/*.png", "loras/??/*.safetensors")


async def require_own(database: Database, folder: Path) -> None:
    """Raises DatabaseLost before tables are made beside files of an earlier database, which a sweep would remove."""
    if await migrations.revision(database) is None and any(any(folder.glob(pattern)) for pattern in _KEPT):
        raise DatabaseLost(folder)


async def sweep(database: Database, storage: Storage, shelf: Shelf) -> None:
    """Remove what a killed process left between file and row; before anything else writes."""
    async with database.reading() as session:
        known, known_loras = await images.known_digests(session), await loras.known_digests(session)
    swept = await asyncio.to_thread(storage.sweep, known) + await asyncio.to_thread(shelf.sweep, known_loras)
    if swept:
        log.info("Swept %d files that no row knows", len(swept))
