"""With prompt or without, named or not: what a picture's author chose holds whoever shares it."""

from bot.ui.press import view_of
from bot.ui.sharing import ShareAs
from db import models, shares
from tests.bot.studio import Running, labels
from tests.bot.test_rights import AUTHOR, BUTTONS, MODERATOR, arrange, outcome

# what the author chose, with p for the prompt shown and n for the name: what "pn", forged by either, then comes to
CHOICES = """
    never shared     pn        pn
    keeps prompts    pn        n
    pn               pn        pn
    p                pn        p
    n                pn        n
    nothing          pn        nothing
"""


async def test_how_a_picture_is_shown_is_its_authors_choice_whoever_shares_it(bot: Running) -> None:
    card = await bot.imagine(AUTHOR, count=1, steps=1)
    channel = bot.studio.get_partial_messageable(int(card["channel_id"]))
    wrong = []
    for line in CHOICES.strip().splitlines():
        chosen, *expected = line.strip()[:17].strip(), *line.strip()[17:].split()
        for who, wanted in zip((AUTHOR, MODERATOR), expected, strict=True):
            await arrange(bot, "private")
            async with bot.database.writing() as session:
                job = await session.get_one(models.Job, 1)
                job.request = job.request | {"hide_prompt": chosen == "keeps prompts"}
                if chosen in ("pn", "p", "n", "nothing"):
                    flags = chosen.replace("nothing", "")
                    await shares.share(session, 1, show_prompt="p" in flags, anonymous="n" not in flags)
                    await shares.unshare(session, 1)
            press = ShareAs(BUTTONS["share"], label="go")
            forged = bot.pg.message(str((await channel.send("forged", view=view_of(press))).id))
            assert await outcome(bot, who, forged, BUTTONS["share"]) == "ok"
            async with bot.database.reading() as session:
                found = await shares.of_image(session, 1)
            assert found is not None
            assert shares.is_listed(found)
            told = ("p" if found.show_prompt else "") + ("" if found.anonymous else "n") or "nothing"
            if told != wanted:
                wrong.append((chosen, who, told, wanted))
    assert wrong == []
    for who, offered in (
        (AUTHOR, ["Prompt hidden", "Anonymous", "Unshare", "Share"]),
        (MODERATOR, ["Unshare", "Share"]),
    ):
        question = (await bot.pg.person(who).click(card, "Share")).message
        assert question is not None
        assert labels(question) == offered
