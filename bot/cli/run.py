"""`atelier run`: the bot on Discord, until it is stopped."""

import asyncio

from bot.cli.options import ConfigFile
from bot.config import Config


def run(config: ConfigFile = None) -> None:
    """Run the bot until Ctrl-C."""
    settings = Config.load(config)
    token = settings.token()  # before the slow imports

    import discord

    from bot import log
    from bot.__main__ import serve

    log.setup(settings.log.level, secrets=[token])
    # Nothing here speaks; that voice is not installed is no news.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    asyncio.run(serve(settings))
