"""The other commands: queue, cancel, show, history, info, help; and how commands are registered."""

from pathlib import Path

from tests.bot.studio import Running, labels, private_words, running, world


async def test_the_queue_shows_ones_own_jobs_and_only_the_number_of_others(bot: Running) -> None:
    bot.engine.hold()
    await bot.pg.person("Ben").slash("studio", "imagine", prompt="a secret of ben", steps=1)
    await bot.pg.person("Ada").slash("studio", "imagine", prompt="mine", steps=1)
    told = private_words(await bot.pg.person("Ada").slash("studio", "queue"))
    assert "mine" in told
    assert "secret" not in told
    assert told.startswith(("1 running, 1 waiting.", "0 running, 2 waiting."))
    bot.engine.release()
    await bot.delivered(2)


async def test_cancel_takes_the_newest_or_the_one_that_was_named(bot: Running) -> None:
    bot.engine.hold()
    ada = bot.pg.person("Ada")
    for prompt in ("first", "second", "third"):
        await ada.slash("studio", "imagine", prompt=prompt, steps=1)
    choices = await ada.autocomplete("studio", "cancel", "job", "sec")
    assert [choice["value"] for choice in choices] == ["2"]
    assert "third" in private_words(await ada.slash("studio", "cancel"))
    assert "second" in private_words(await ada.slash("studio", "cancel", job="2"))
    refused = private_words(await bot.pg.person("Ben").slash("studio", "cancel", job="1"))
    assert "may cancel this" in refused
    bot.engine.release()
    assert [job.status.value for job in await bot.delivered(3)] == ["succeeded", "cancelled", "cancelled"]
    assert "no job waiting" in private_words(await ada.slash("studio", "cancel"))
    assert "over already" in private_words(await ada.slash("studio", "cancel", job="1"))


async def test_show_brings_a_jobs_pictures_to_its_author_with_working_buttons(bot: Running) -> None:
    await bot.imagine("Ben", count=2, steps=1)
    ben = bot.pg.person("Ben")
    shown = await ben.slash("general", "show", job="1")
    await bot.pg.wait_for(lambda: bool(shown.message and len(shown.message["attachments"]) == 2))
    assert shown.message is not None
    assert labels(shown.message) == ["U1", "U2", "🔄", "V1", "V2"]
    assert "may show this" in private_words(await bot.pg.person("Cleo").slash("general", "show", job="1"))
    for given in ("99", "cat", "-1", "9" * 40):
        assert "There is no job" in private_words(await ben.slash("general", "show", job=given))


async def test_the_history_pages_through_ones_jobs_privately(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    assert "no jobs yet" in await _history_words(bot)
    for number in range(6):
        await bot.imagine("Ada", prompt=f"house {number}", count=1, steps=1)
    asked = await ada.slash("studio", "history")
    page = asked.message
    assert page is not None
    await bot.pg.wait_for(lambda: len(page["embeds"]) == 5)
    assert page["_viewer"] == ada.id
    assert "house 5" in page["embeds"][0]["description"]
    assert len(page["attachments"]) == 5
    await ada.click(page, "Older")
    await bot.pg.wait_for(lambda: len(page["embeds"]) == 1)
    assert "house 0" in page["embeds"][0]["description"]
    opened = await ada.click(page, "Open 1")
    await bot.pg.wait_for(lambda: bool(opened.message and opened.message["attachments"]))
    await ada.click(page, "Newer")
    await bot.pg.wait_for(lambda: len(page["embeds"]) == 5)


async def _history_words(bot: Running) -> str:
    asked = await bot.pg.person("Ada").slash("studio", "history")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["content"]))
    return private_words(asked)


async def test_info_tells_what_is_known_and_the_pace_only_once_measured(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    assert "Pace" not in private_words(await ada.slash("studio", "info"))
    await bot.imagine(steps=2, count=1)
    told = private_words(await ada.slash("studio", "info"))
    assert "**Pace**" in told
    assert "0 running, 0 waiting" in told


async def test_help_lists_every_parameter(bot: Running) -> None:
    told = private_words(await bot.pg.person("Ada").slash("studio", "help"))
    assert all(name in told for name in ("--ar", "--seed", "--steps", "--guidance", "--no", "--repeat", "--model"))


async def test_commands_are_registered_when_they_changed_and_not_again(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg):
            before = [(command["id"], command["version"]) for command in pg.person("Ada").commands("studio")]
            names = {command["name"] for command in pg.person("Ada").commands("studio")}
        assert {"imagine", "queue", "cancel", "show", "history", "info", "help"} <= names
        assert {"Cancel or delete", "Image details"} <= names
        async with running(tmp_path, sqlite_url, pg=pg):
            assert [(one["id"], one["version"]) for one in pg.person("Ada").commands("studio")] == before
