"""How LoRAs look: a page of the list, and one with its pictures. Pure: rows in, words out."""

from collections.abc import Sequence

import discord

from bot.ui.cards import megabytes
from bot.ui.quoting import quote
from db.models import Lora

COLOUR = discord.Colour(0x7A5BD0)


def page(found: Sequence[Lora], number: int, *, viewer_id: int) -> discord.Embed:
    """One page of those a person may use."""
    embed = discord.Embed(title="LoRAs", colour=COLOUR)
    if not found:
        embed.description = "No more." if number else "There are none here yet. A moderator adds one with `/lora add`."
        return embed
    embed.description = "\n".join(_line(lora, viewer_id) for lora in found)
    first = _name(found[0])
    embed.set_footer(text=f"Use one in a prompt as --lora {first} or <lora:{first}:0.8>, or with the option lora.")
    return embed


def about(lora: Lora) -> discord.Embed:
    """All there is to know of one."""
    embed = discord.Embed(title=_name(lora), colour=COLOUR)
    triggers = ", ".join(f"`{_plain(word)}`" for word in lora.triggers) or "none; the name is enough"
    embed.add_field(name="Triggers", value=triggers[:1000], inline=False)
    embed.add_field(name="Model", value=f"`{_plain(lora.model)}`")
    embed.add_field(name="Rank", value=f"{lora.rank} ({lora.style}{', with text encoder' if lora.of_text else ''})")
    embed.add_field(name="File", value=f"{megabytes(lora.bytes)} · `{lora.digest[:10]}`")
    embed.add_field(name="Licence", value=quote(lora.licence, 100) if lora.licence else "not given")
    embed.add_field(name="Added", value=f"by <@{lora.author_id}> <t:{int(lora.created_at.timestamp())}:R>")
    embed.add_field(name="For", value="everybody in this server" if lora.shared else "its author alone")
    return embed


def added(lora: Lora) -> str:
    """The answer to who added it."""
    triggers = ", ".join(f"`{_plain(word)}`" for word in lora.triggers)
    words = f"trigger{'s' if len(lora.triggers) > 1 else ''} {triggers}" if triggers else "no triggers"
    return (
        f"**{quote(lora.name, 60)}** is here for everybody: rank {lora.rank}, {lora.style} format, {words}. "
        f"Use it as `--lora {_name(lora)}`."
    )


def _line(lora: Lora, viewer_id: int) -> str:
    triggers = ", ".join(_plain(word) for word in lora.triggers)
    facts = [f"`{_plain(lora.name)}`", *([quote(triggers, 120)] if triggers else []), f"rank {lora.rank}"]
    facts.append("yours" if lora.author_id == viewer_id else f"by <@{lora.author_id}>")
    return " · ".join([*facts, *([] if lora.shared else ["private"])])


def _name(lora: Lora) -> str:
    """As it is typed in a prompt."""
    name = _plain(lora.name)
    return f'"{name}"' if " " in name else name


def _plain(text: object) -> str:
    return " ".join(str(text).replace("`", "'").replace("@", "@\u200b").split())
