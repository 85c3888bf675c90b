"""A shared picture in a forum: a thread of its own, named by the prompt as far as its author shows it."""

import discord

from db.gallery import Exhibit


def title(one: Exhibit) -> str:
    """The thread's name, at most 100 characters."""
    words = " ".join((one.prompt or "A shared picture").split())
    return words if len(words) <= 100 else f"{words[:99].rstrip()}…"


async def rename(client: discord.Client, thread_id: int, name: str) -> None:
    """Give the thread the name that it should have now: an earlier one may hold a prompt that is kept since."""
    thread = client.get_channel(thread_id) or await client.fetch_channel(thread_id)
    if isinstance(thread, discord.Thread) and thread.name != name:
        await thread.edit(name=name)
