"""The engine alone: what is planned, what is asked of it, and which files come out."""

from pathlib import Path

import pytest
from PIL import Image

from bot.drawing import BadLine, Options, draw, plan, plan_file, request_for
from engine import metadata
from engine.errors import NotFinite, UnknownModel, UnsupportedSize
from engine.models import Catalogue
from prompts import UnknownParameter, parse
from tests.fakes import FakeEngine

CATALOGUE = Catalogue()
POCKET = CATALOGUE.get("pocket")
OPTIONS = Options(model="pocket")


def test_the_model_decides_what_nobody_asks_for():
    request = request_for(parse("a house"), OPTIONS, CATALOGUE)
    assert (request.width, request.height) == (POCKET.width, POCKET.height)
    assert (request.steps, request.guidance, request.negative_prompt) == (POCKET.steps, POCKET.guidance, "")
    assert len(request.seeds) == 1


def test_a_parameter_in_the_prompt_wins_over_an_option():
    options = Options(model="pocket", aspect=(1, 1), seed=1, steps=3, guidance=1.0, count=2)
    request = request_for(
        parse("a house --ar 2:1 --seed 5 --steps 7 --guidance 0 --no trees, cars"), options, CATALOGUE
    )
    assert request.width == pytest.approx(2 * request.height, rel=0.15)
    assert (request.steps, request.guidance, request.seeds) == (7, 0.0, (5, 6))
    assert request.negative_prompt == "trees, cars"


def test_seeds_go_round_at_the_end():
    assert request_for(parse("x --seed 4294967295 --repeat 2"), OPTIONS, CATALOGUE).seeds == (4294967295, 0)


def test_an_unknown_model_and_a_size_too_long_are_refused():
    with pytest.raises(UnknownModel):
        request_for(parse("a house --model poket"), OPTIONS, CATALOGUE)
    small = Catalogue.of({"pocket": {"max_side": 256}})
    with pytest.raises(UnsupportedSize):
        request_for(parse("a house --ar 4:1"), OPTIONS, small)


def test_one_picture_has_the_name_itself_and_several_are_numbered(tmp_path: Path):
    assert plan("a house", OPTIONS, CATALOGUE, tmp_path / "a.png").files == (tmp_path / "a.png",)
    files = plan("a house --repeat 2", OPTIONS, CATALOGUE, tmp_path / "a.png").files
    assert files == (tmp_path / "a-1.png", tmp_path / "a-2.png")


def test_lines_become_numbered_files_and_empty_lines_do_not_count(tmp_path: Path):
    drawings = plan_file(["a house", "", "  ", "a cat"], OPTIONS, CATALOGUE, tmp_path)
    assert [drawing.files for drawing in drawings] == [(tmp_path / "0001.png",), (tmp_path / "0002.png",)]


def test_a_bad_line_is_named_before_anything_is_drawn(tmp_path: Path):
    with pytest.raises(BadLine) as caught:
        plan_file(["a house", "", "a cat --sed 5"], OPTIONS, CATALOGUE, tmp_path)
    assert caught.value.number == 3
    assert isinstance(caught.value.cause, UnknownParameter)


async def test_files_are_whole_and_say_how_they_were_made(tmp_path: Path):
    engine = FakeEngine()
    drawings = plan_file([f"prompt {n} --seed {n}" for n in range(7)], OPTIONS, CATALOGUE, tmp_path / "out")
    done: list[int] = []
    await draw(engine, drawings, done.append)
    assert sum(done) == sum(drawing.request.work for drawing in drawings)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [f"000{n}.png" for n in range(1, 8)]
    with Image.open(tmp_path / "out" / "0003.png") as image:
        image.load()
        made = metadata.read(image)
    assert made is not None
    assert (made.prompt, made.seed) == ("prompt 2", 2)


async def test_a_failure_ends_the_work_and_leaves_no_half_file(tmp_path: Path):
    engine = FakeEngine()
    engine.fail_next(NotFinite([0]))
    with pytest.raises(ExceptionGroup):
        await draw(engine, [plan("a house", OPTIONS, CATALOGUE, tmp_path / "a.png")], lambda work: None)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_cannot_be_written_cancels_the_request(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    engine = FakeEngine()
    drawing = plan("a house", OPTIONS, CATALOGUE, tmp_path / "file" / "a.png")
    with pytest.raises(ExceptionGroup):
        await draw(engine, [drawing], lambda work: None)
