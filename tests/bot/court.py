"""Moderation as people see it in the playground: a shared picture, its reports, and the moderators' cards."""

from typing import Any

from bot.ui.moderating import ReportPicture
from bot.ui.press import view_of
from db import images
from playground.seed import role
from tests.bot.studio import Json, Running

REASON = "not nice"


def guild_of(bot: Running) -> str:
    return bot.pg.channel("studio")["guild_id"]


def give_role(bot: Running, name: str, bits: int) -> str:
    made = role(bot.pg.ids.new(), name, bits, position=1)
    bot.pg.world.guild(guild_of(bot))["roles"].append(made)
    return made["id"]


async def submit(bot: Running, person: str, asked: Any, words: str) -> Any:
    """Fill the one field of the modal that a press opened."""
    assert asked.modal is not None, asked.reason
    return await bot.pg.person(person).submit(asked, {"words": words})


async def report(bot: Running, person: str = "Cleo", image_id: int = 1) -> Any:
    """Press Report below a picture that Ben shared."""
    card = next(one for one in bot.pg.messages("studio")[::-1] if f"a:report:{image_id}" in ids_of(one))
    asked = await bot.pg.person(person).click(card, f"a:report:{image_id}")
    return await submit(bot, person, asked, REASON)


def _walk(parts: list[Json]) -> list[Json]:
    return [one for part in parts for one in (part, *_walk(part.get("components", [])))]


def ids_of(message: Json) -> list[str]:
    return [one["custom_id"] for one in _walk(message["components"]) if "custom_id" in one]


def labels_of(message: Json) -> list[str]:
    return [one["label"] for one in _walk(message["components"]) if "label" in one]


def text_of(message: Json) -> str:
    return "\n".join(one["content"] for one in _walk(message["components"]) if "content" in one)


async def desk_card(bot: Running, starts: str = "a:mod:") -> Json:
    """The moderators' card, once it stands."""

    def found() -> Json | None:
        cards = [one for one in bot.pg.messages("general") if any(id_.startswith(starts) for id_ in ids_of(one))]
        return cards[-1] if cards else None

    card = await bot.pg.wait_for(found, what="no card for the moderators")
    assert card is not None
    return card


async def withheld(bot: Running, image_id: int = 1) -> bool:
    async with bot.database.reading() as session:
        image = await images.get(session, image_id)
    assert image is not None
    return image.unsure


async def shared(bot: Running) -> None:
    """Ben's picture with a Report button below it, as a gallery would show it."""
    await bot.imagine("Ben", prompt="a red house", steps=1, count=1)
    async with bot.database.reading() as session:
        image = await images.get(session, 1)
    assert image is not None
    channel = bot.studio.get_partial_messageable(int(bot.pg.channel("studio")["id"]))
    await channel.send("shared", view=view_of(ReportPicture.on(image)))


async def forge(bot: Running, person: str, card: Json, custom_id: str) -> Any:
    """A press of a button that the message may not have, as a changed client could send it."""
    kept = card["components"]
    button = {"type": 2, "style": 2, "label": "forged", "custom_id": custom_id, "id": 3}
    row = {"type": 1, "id": 2, "components": [button]}
    card["components"] = [{"type": 17, "id": 1, "accent_color": None, "spoiler": False, "components": [row]}]
    try:
        return await bot.pg.person(person).click(card, custom_id)
    finally:
        if card["components"] and ids_of(card) == [custom_id]:
            card["components"] = kept
