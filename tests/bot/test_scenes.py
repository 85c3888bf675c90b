"""Children of pictures that were handed in begin with the words that the engine read in them."""

import io
from typing import Any

from bot import refining
from bot.config import Limits
from engine.models import Catalogue
from engine.pocket.scenes import Scene, Thing, paint
from tests.bot.rows import image, job
from tests.bot.studio import Json, Running, labels
from tests.bot.test_asking import result


def house(color: str) -> bytes:
    buffer = io.BytesIO()
    thing = Thing(kind="house", color=color, x=0.5, y=0.5, size=0.6)  # type: ignore[arg-type]
    paint(Scene(category="object", things=(thing,), ground="white")).save(buffer, "PNG")
    return buffer.getvalue()


async def single(bot: Running, card: Json) -> Json:
    one = (await bot.pg.person("Ada").click(card, "U1")).message
    assert one is not None
    await bot.pg.wait_for(lambda: "Remix" in labels(one))
    return one


def words_in(form: Any) -> str:
    """What stands in the field for words of a form that was opened."""
    assert form.modal is not None
    return form.modal["components"][0]["component"].get("value", "")


async def test_children_of_a_blend_and_of_an_edit_begin_with_what_was_read(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    red = ("a.png", house("red"))
    blend = await ada.slash("studio", "blend", image1=red, image2=("b.png", house("blue")))
    edit = await ada.slash("studio", "edit", image=red, instruction="make the house green")
    for asked, said in ((blend, ("red", "blue")), (edit, ("green",))):
        card = await result(bot, asked)
        one = await single(bot, card)
        for label in ("Vary (Strong)", "Zoom Out 2x"):
            child = await result(bot, await ada.click(one, label))
            made = (await bot.jobs())[-1]
            assert [words in made.request["prompt"] for words in said] == [True] * len(said), made.request["prompt"]
            assert made.request["prompt"] in child["content"]
            assert "shown" not in made.request
        assert words_in(await ada.click(one, "Remix")) == made.request["prompt"]
        again = await result(bot, await ada.click(card, "🔄"))
        made = (await bot.jobs())[-1]
        assert made.request["prompt"] == "", "drawn again, the pictures are read again"
        assert again["content"] == card["content"]


def test_a_blend_of_what_nobody_can_tell_goes_on_with_its_pictures() -> None:
    references = [{"kind": "image", "image": digest * 64, "weight": 1.0} for digest in "ab"]
    blend = job(kind="blend", prompt="2 pictures")
    blend.request |= {"prompt": "", "references": references, "edit": {"kind": "blend"}}
    child = refining.variation(blend, image(), "strong", catalogue=Catalogue(), limits=Limits())
    assert (child.request["prompt"], child.request.get("references")) == ("", references)
    blend.request |= {"shown": "a cat and a dog"}
    child = refining.variation(blend, image(), "strong", catalogue=Catalogue(), limits=Limits())
    assert (child.request["prompt"], child.prompt) == ("a cat and a dog", "a cat and a dog")
    assert "references" not in child.request
