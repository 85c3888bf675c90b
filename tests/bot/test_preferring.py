"""What people and servers prefer, beside commands that make one picture of pictures."""

from tests.bot.studio import Running, private_words
from tests.bot.test_asking import png, result, submitted


async def test_weights_that_a_server_prefers_refuse_no_command(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    panel = (await ada.slash("studio", "settings")).message
    assert panel is not None
    await submitted(bot, panel, "Server defaults", "--iw 2 --sw 300 --ow 50")
    await bot.pg.wait_for(lambda: "--iw 2" in panel["content"])
    await bot.imagine("Ben", prompt="a house", count=1, steps=1)
    picture = ("a.png", png("red"))
    await result(bot, await ada.slash("studio", "blend", image1=picture, image2=("b.png", png("blue"))))
    await result(bot, await ada.slash("studio", "edit", image=picture, instruction="add a tree"))
    assert [job.kind for job in await bot.delivered(3)] == ["imagine", "blend", "edit"]
    refused = private_words(await ada.slash("studio", "imagine", prompt="a house --iw 2"))
    assert "`--iw` weighs image prompts" in refused


async def test_a_preferred_repeat_is_for_pictures_of_words_not_for_blends_and_edits(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    await ada.slash("studio", "prefer suffix", parameters="--repeat 3")
    picture = ("a.png", png("red"))
    await result(bot, await ada.slash("studio", "blend", image1=picture, image2=("b.png", png("blue"))))
    await result(bot, await ada.slash("studio", "edit", image=picture, instruction="add a tree"))
    await ada.slash("studio", "imagine", prompt="a house", count=1, steps=1)
    assert [job.kind for job in await bot.delivered(5)] == ["blend", "edit", "imagine", "imagine", "imagine"]
