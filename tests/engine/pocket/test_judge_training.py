"""The judge's recipe: samples, losses and resuming, on a handful of pictures."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from engine.pocket.checkpoint import CheckpointError
from engine.pocket.judge.degrade import degrade
from engine.pocket.judge.finding import Name
from engine.pocket.judge.namer import SIDE, cut
from engine.pocket.judge.network import KIND_CLASSES, UNSURE, JudgeNetwork
from engine.pocket.judge.sample import Sample
from engine.pocket.judge.samples import make_sample
from engine.pocket.judge.train import batch_of, judge_loss, train_judge
from engine.pocket.judge.train_namer import cuttings_of, train_namer


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _train(folder: Path, steps: int) -> dict[str, torch.Tensor]:
    weights = folder / "judge.safetensors"
    folder.mkdir(exist_ok=True)
    train_judge(folder, weights, seed=4, steps=steps, batch=4, total=3, save_every=2)
    return load_file(weights)


def test_a_resumed_training_equals_an_unbroken_one(tmp_path: Path) -> None:
    unbroken = _train(tmp_path / "unbroken", 3)
    _train(tmp_path / "broken", 2)
    resumed = _train(tmp_path / "broken", 3)
    assert unbroken.keys() == resumed.keys()
    for name, value in unbroken.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0, msg=name)


def test_a_damaged_checkpoint_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "judge.ckpt"
    path.write_bytes(b"PK" + bytes(1000))
    with pytest.raises(CheckpointError):
        _train(tmp_path, 1)
    assert path.stat().st_size == 1002
    assert not (tmp_path / "judge.safetensors").exists()


def test_a_sample_is_a_function_of_its_seed_and_size() -> None:
    for i in range(12):
        first, again = make_sample(f"same-{i}", 88, 136), make_sample(f"same-{i}", 88, 136)
        np.testing.assert_array_equal(first.picture, again.picture)
        assert first.things == again.things
        assert first.picture.shape == (136, 88, 3)
        assert first.cover.shape == (17, 11)


def test_counterfeits_carry_no_kind_and_sound_pictures_no_doubt() -> None:
    unsure = KIND_CLASSES.index(UNSURE)
    samples = [make_sample(f"kinds-{i}", 112, 112) for i in range(120)]
    for sample in samples:
        assert sample.whole != any(thing.kind == unsure for thing in sample.things) or not sample.things
    spoiled = sum(not sample.whole for sample in samples)
    assert 15 < spoiled < 60


def test_mirroring_moves_the_answers_with_the_pixels() -> None:
    sample = next(s for s in (make_sample(f"side-{i}", 112, 112) for i in count()) if len(s.things) == 1 and s.whole)
    pictures, mirrored = batch_of([sample] * 8, torch.Generator().manual_seed(0))
    places = {round(s.things[0].x, 6) for s in mirrored}
    assert places == {round(sample.things[0].x, 6), round(1 - sample.things[0].x, 6)}
    for picture, s in zip(pictures, mirrored, strict=True):
        seen = torch.from_numpy(s.picture.copy()).permute(2, 0, 1) / 127.5 - 1
        torch.testing.assert_close(picture, seen)


def test_every_part_of_the_loss_is_finite_and_falls_on_a_batch_learnt_by_heart() -> None:
    torch.manual_seed(0)
    model = JudgeNetwork().train()
    samples: list[Sample] = [make_sample(f"heart-{i}", 88, 136) for i in range(6)]
    pictures, samples = batch_of(samples, torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    totals = []
    for _ in range(8):
        parts = judge_loss(model(pictures), samples)
        assert all(bool(part.isfinite()) for part in parts.values())
        loss = torch.stack(list(parts.values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        totals.append(loss.item())
    assert totals[-1] < 0.6 * totals[0]


def test_a_batch_without_any_thing_has_a_finite_loss() -> None:
    samples = [s for s in (make_sample(f"empty-{i}", 112, 112) for i in range(60)) if not s.things][:2]
    pictures, samples = batch_of(samples, torch.Generator().manual_seed(1))
    parts = judge_loss(JudgeNetwork()(pictures), samples)
    assert "kind" not in parts
    assert all(bool(part.isfinite()) for part in parts.values())


def test_degrading_is_repeatable_bounded_and_can_be_nothing() -> None:
    pictures, _ = batch_of([make_sample(f"d-{i}", 112, 112) for i in range(8)], torch.Generator().manual_seed(1))
    first = degrade(pictures, torch.Generator().manual_seed(2))
    torch.testing.assert_close(first, degrade(pictures, torch.Generator().manual_seed(2)), rtol=0, atol=0)
    assert first.abs().max() <= 1
    assert (first - pictures).abs().mean() > 0.005
    torch.testing.assert_close(degrade(pictures, torch.Generator(), strength=0), pictures)


def test_a_resumed_naming_equals_an_unbroken_one(tmp_path: Path) -> None:
    def trained(name: str, steps: int) -> dict[str, torch.Tensor]:
        weights = tmp_path / name / "naming.safetensors"
        weights.parent.mkdir(exist_ok=True)
        train_namer(weights.parent, weights, seed=2, steps=steps, total=3, batch=8, pictures=2, save_every=2)
        return load_file(weights)

    unbroken = trained("unbroken", 3)
    trained("broken", 2)
    resumed = trained("broken", 3)
    for name, value in unbroken.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0, msg=name)


def test_a_cutting_knows_how_far_it_is_off() -> None:
    """Putting the place right by the answer gives a cutting of the very thing, as an exact place does."""
    for i in range(40):
        sample = make_sample(f"off-{i}", 136, 88)
        for piece, kind, color, (dx, dy, growth) in cuttings_of(f"off-{i}", 136, 88):
            assert piece.shape == (SIDE, SIDE, 3)
            assert (kind, color) == (KIND_CLASSES.index(UNSURE), -1) or any(
                (t.kind, t.color) == (kind, color) for t in sample.things
            )
            assert max(abs(dx), abs(dy)) < 0.28 / 0.48 + 1e-6
            assert abs(growth) < 0.74


def test_correcting_a_place_moves_it_onto_the_thing() -> None:
    name = Name(kind="cat", color="red", sure=0.9, off=(0.25, -0.5, float(np.log(2))))
    x, y, size = name.corrected(0.5, 0.5, 0.2, (200, 100))
    assert (x, y, size) == pytest.approx((0.525, 0.4, 0.4))


def test_what_is_cut_out_at_the_edge_goes_on_beyond_it() -> None:
    picture = Image.new("RGB", (100, 60), (200, 30, 40))
    corner, middle = cut(picture, [(0.0, 0.0, 0.5), (0.5, 0.5, 0.3)])
    np.testing.assert_array_equal(corner, middle)
