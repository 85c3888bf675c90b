"""Revisions of the tables, run from the application's own connection. Works from an installed package: alembic's script
location is this very folder. Knows the tables only through `db.models`' metadata."""

from migrations.running import check, downgrade, head, known, revision, upgrade

__all__ = ["check", "downgrade", "head", "known", "revision", "upgrade"]
