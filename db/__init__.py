"""Rows: the tables and every query on them. Knows nothing of Discord, pixels or prompts.

Functions take an `AsyncSession` first and never commit; the caller's `async with database.writing() as session:` is the
transaction.
"""
