"""Where old pictures, regions and tiles lie, and what stays of them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from engine.edits import canvas, region, tiles
from engine.edits.keeping import depth_in, feather, merged
from engine.edits.outline import close_up, frame
from engine.errors import BadRequest, PannedEnough
from engine.models import KNOWN, POCKET

SIDES = st.integers(64, 900)


def noisy(size: tuple[int, int], seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


@given(st.integers(0, 2**32), st.integers(3, 12), st.integers(3, 12))
def test_depth_counts_steps_to_the_nearest_kept_pixel(seed: int, height: int, width: int) -> None:
    inside = np.random.default_rng(seed).random((height, width)) < 0.7
    inside[0, 0] = False
    kept = np.argwhere(~inside)
    for y, x in np.ndindex(inside.shape):
        assert depth_in(inside)[y, x] == np.abs(kept - (y, x)).sum(1).min()


@given(seed=st.integers(0, 1000), left=st.integers(0, 60), top=st.integers(0, 60), depth=st.integers(1, 20))
def test_what_is_black_in_a_mask_keeps_its_bytes(seed: int, left: int, top: int, depth: int) -> None:
    old, new = noisy((64, 64), seed), noisy((64, 64), seed + 1)
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (left, top, 64, 64))
    both = np.asarray(merged(old, new, mask, depth))
    black = np.asarray(mask) == 0
    assert (both[black] == np.asarray(old)[black]).all()
    assert (both != np.asarray(old)).any()


def halves(old: int, new: int) -> np.ndarray:
    """A row of grey levels, the left half kept and the right half new."""
    before, after = (Image.new("L", (256, 256), level).convert("RGB") for level in (old, new))
    mask = Image.new("L", (256, 256), 0)
    mask.paste(255, (128, 0, 256, 256))
    return np.asarray(merged(before, after, mask, 16))[128, :, 0].astype(int)


def test_new_passes_into_old_without_a_step() -> None:
    """What is nearly the old one's colour at the border is taken for the same surface, all over."""
    row = halves(100, 115)
    assert np.abs(np.diff(row)).max() <= 1
    assert row[-1] < 105


def test_what_is_another_thing_keeps_its_colour() -> None:
    row = halves(60, 200)
    assert (row[150:] > 190).all()
    assert np.abs(np.diff(row)).max() <= 16, "over the border's whole width"


def test_a_colour_that_is_off_on_one_side_only_is_put_right_on_that_side() -> None:
    old = Image.new("RGB", (256, 256), (100, 100, 100))
    new = old.copy()
    new.paste((120, 120, 120), (0, 0, 128, 256))
    mask = Image.new("L", (256, 256), 255)
    mask.paste(0, (96, 96, 160, 160))
    made = np.asarray(merged(old, new, mask, 16))[..., 0].astype(int)
    assert abs(made[128, 90] - 100) <= 6, "beside what is kept, on the side that was lighter"
    assert abs(made[128, 250] - 100) <= 6, "nothing was wrong on this one"


@given(SIDES, SIDES, st.floats(1.01, 2.0))
def test_a_zoom_keeps_the_size_and_the_middle(width: int, height: int, factor: float) -> None:
    made = canvas.zoomed((width, height), factor)
    left, top, right, bottom = made.box
    assert made.size == (width, height)
    assert abs((right - left) * factor - width) <= factor
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1


@given(st.integers(64, 2100), st.integers(64, 2100), st.sampled_from(canvas.DIRECTIONS), st.sampled_from([512, 2048]))
@example(684, 256, "right", 2048)
@example(384, 96, "left", 2048)
@example(2048, 2048, "down", 2048)
@example(1536, 1536, "up", 2048)
def test_a_pan_keeps_all_of_the_picture_and_grows_as_far_as_there_is_room(
    width: int, height: int, where: str, longest: int
) -> None:
    length, other = (width, height) if where in ("left", "right") else (height, width)
    room = min(longest, 3 * other) - length
    if room < 32:
        with pytest.raises(PannedEnough):
            canvas.panned((width, height), where, multiple=32, longest=longest)
        return
    made = canvas.panned((width, height), where, multiple=32, longest=longest)
    left, top, right, bottom = made.box
    assert (right - left, bottom - top) == (width, height), "nothing of the old picture is let go"
    grown = {"left": left, "up": top, "right": made.size[0] - right, "down": made.size[1] - bottom}
    assert [side for side, added in grown.items() if added] == [where]
    assert grown[where] % 32 == 0
    assert grown[where] <= room
    assert grown[where] > min(room, length / 2) - 32, "half as much again, or as much as there is room for"


def test_what_is_beyond_the_edge_begins_with_the_colours_of_the_edge() -> None:
    picture = Image.new("RGB", (256, 256), (20, 40, 160))
    picture.paste((230, 230, 240), (0, 128, 256, 256))
    made = canvas.panned((256, 256), "right", multiple=32, longest=2048)
    placed = np.asarray(made.placed(picture)).astype(int)
    assert (placed[:, :256] == np.asarray(picture)).all()
    assert np.abs(placed[40, 256:].mean(0) - (20, 40, 160)).max() < 8, "sky beside sky"
    assert np.abs(placed[220, 256:].mean(0) - (230, 230, 240)).max() < 12, "snow beside snow"


@given(SIDES, SIDES, st.data())
def test_a_part_is_drawn_as_seen_from_near_by(width: int, height: int, data: st.DataObject):
    left, top = data.draw(st.integers(0, width - 16)), data.draw(st.integers(0, height - 16))
    right, bottom = data.draw(st.integers(left + 16, width)), data.draw(st.integers(top + 16, height))
    box, size = close_up((width, height), (left, top, right, bottom), POCKET)
    assert 0 <= box[0] <= left
    assert right <= box[2] <= width
    assert 0 <= box[1] <= top
    assert bottom <= box[3] <= height
    assert box[2] - box[0] <= 2 * (right - left)
    assert not any(side % POCKET.multiple for side in size)
    assert POCKET.min_side <= min(size)
    assert max(size) <= POCKET.max_side


@pytest.mark.parametrize("factor", [1.0, 0.5, 2.01, float("nan"), float("inf")])
def test_zooms_go_from_one_to_two(factor: float) -> None:
    with pytest.raises(BadRequest):
        canvas.zoomed((256, 256), factor)


def test_a_square_is_not_made_square() -> None:
    with pytest.raises(BadRequest):
        canvas.squared((256, 256))
    assert canvas.squared((384, 256)).size == (384, 384)


def test_the_nine_cells_cover_a_picture_once() -> None:
    masks = [np.asarray(region.mask_of([cell], (301, 200)), dtype=int) for cell in list(region.CELLS)[:9]]
    assert (np.sum(masks, axis=0) == 255).all()


@pytest.mark.parametrize("cells", [[], ["centre"], ["top", "nowhere"]])
def test_an_unknown_part_is_named(cells: list[str]) -> None:
    with pytest.raises(BadRequest):
        region.mask_of(cells, (256, 256))


def test_the_grid_is_drawn_on_a_picture_of_any_size() -> None:
    for size in ((64, 64), (256, 384), (2048, 1024)):
        shown = region.gridded(noisy(size))
        assert shown.width / shown.height == size[0] / size[1]
        assert min(shown.size) >= 128


@given(SIDES, SIDES)
def test_tiles_cover_a_picture_in_one_size_with_overlaps(width: int, height: int) -> None:
    places = tiles.boxes((width, height), side=320, multiple=32)
    covered = np.zeros((height, width), bool)
    sizes = set()
    for left, top, right, bottom in places:
        covered[top:bottom, left:right] = True
        sizes.add((right - left, bottom - top))
        assert (right - left) % 32 == (bottom - top) % 32 == 0
        assert max(right - left, bottom - top) <= 320
    assert covered.all()
    assert len(sizes) == 1


@pytest.mark.parametrize("size", [(512, 512), (500, 333), (90, 900)])
def test_tiles_that_nobody_changed_are_the_picture_again(size: tuple[int, int]) -> None:
    picture = noisy(size)
    places = tiles.boxes(size, side=320, multiple=32)
    again = tiles.joined([tiles.cut(picture, box) for box in places], places, size)
    assert again.tobytes() == picture.tobytes()


@given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from([POCKET, KNOWN["dev"]]), st.data())
def test_the_model_is_asked_for_sizes_it_draws(width: int, height: int, entry: object, data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    box, size = frame((width, height), (left, top, right, bottom), entry)  # type: ignore[arg-type]
    entry.check_size(*size)  # type: ignore[attr-defined]
    assert box[0] <= left < right <= box[2]
    assert box[1] <= top < bottom <= box[3]
    assert box[0] >= 0
    assert box[1] >= 0
    assert box[2] <= width
    assert box[3] <= height


def test_the_feather_is_a_sixteenth_of_the_shorter_side() -> None:
    assert (feather(256, 384), feather(1024, 1024), feather(64, 64)) == (16, 64, 8)
