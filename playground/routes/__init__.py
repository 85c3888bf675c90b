"""The bot's API, one module per noun. Each has `ROUTES`: (method, path, handler)."""

from playground.call import Routes
from playground.routes import (
    applications,
    channels,
    commands,
    emojis,
    guilds,
    interactions,
    members,
    messages,
    reactions,
    threads,
    users,
)

ALL: Routes = [
    *applications.ROUTES,
    *users.ROUTES,
    *commands.ROUTES,
    *interactions.ROUTES,
    *messages.ROUTES,
    *reactions.ROUTES,
    *channels.ROUTES,
    *threads.ROUTES,
    *guilds.ROUTES,
    *members.ROUTES,
    *emojis.ROUTES,
]
