"""The recipe's promises: resumed training equals unbroken training, and a damaged checkpoint is refused."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline

from engine.pocket import checkpoint
from engine.pocket.autoencoder import build_autoencoder
from engine.pocket.course import STAGE, Plan, train_flow
from engine.pocket.packaging import unpackage
from engine.pocket.pool import encode
from engine.pocket.sharpening import HOLD, sharpen, sharpening_loss
from engine.pocket.sharpening import STAGE as SHARPENING
from engine.pocket.text import TextSide
from engine.pocket.train import Recipe, export, train

PLAN = Plan(
    steps=4,
    small_steps=4,
    guided_part=0.5,
    batch=4,
    small_batch=4,
    first_shards=1,
    shard=8,
    save_every=2,
)


@pytest.fixture(autouse=True)
def small_transformer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the learner a sister of one block each and one thread: the promises depend on neither."""

    def build() -> FluxTransformer2DModel:
        return FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=56,
            num_attention_heads=1,
            joint_attention_dim=128,
            pooled_projection_dim=128,
            guidance_embeds=True,
            axes_dims_rope=(8, 24, 24),
        )

    monkeypatch.setattr("engine.pocket.flow.build_transformer", build)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def prepare(folder: Path) -> Path:
    torch.manual_seed(0)
    build_autoencoder().save_pretrained(folder / "vae")
    checkpoint.save(folder / "text.ckpt", {"stage": "text", "model": TextSide().state_dict()})
    return folder


def run(folder: Path, steps: int) -> None:
    class Stopped(Exception):
        pass

    def stop(_learner: object, _autoencoder: object, step: int) -> None:
        if step == steps:
            raise Stopped

    try:
        train_flow(0, 1, folder, seed=3, plan=PLAN, say=lambda _line: None, sample=stop)
    except Stopped:
        return


def test_training_resumed_from_a_checkpoint_equals_an_unbroken_run(tmp_path: Path) -> None:
    unbroken, broken = prepare(tmp_path / "unbroken"), prepare(tmp_path / "broken")
    run(unbroken, PLAN.steps)
    run(broken, 2)
    assert checkpoint.load(broken / "flow.ckpt", STAGE)["step"] == 2
    run(broken, PLAN.steps)
    first, second = (checkpoint.load(folder / "flow.ckpt", STAGE) for folder in (unbroken, broken))
    assert first["step"] == second["step"] == PLAN.steps
    for part in ("model", "ema"):
        for name, value in first[part].items():
            assert torch.equal(value, second[part][name]), name


def test_a_trained_checkpoint_becomes_a_folder_the_stock_pipeline_opens(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "run")
    run(folder, 2)
    weights = export(folder, tmp_path / "weights")
    assert not [path for path in weights.rglob("*.json") if str(tmp_path) in path.read_text()]
    pipeline = FluxPipeline.from_pretrained(weights, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline("a red house", width=64, height=96, num_inference_steps=2, max_sequence_length=16)
    assert made.images[0].size == (64, 96)  # type: ignore[union-attr]


def test_training_goes_on_from_packaged_weights(tmp_path: Path) -> None:
    first, second = prepare(tmp_path / "first"), prepare(tmp_path / "second")
    run(first, 2)
    parts = unpackage(export(first, tmp_path / "weights"))
    trained = checkpoint.load(first / "flow.ckpt", STAGE)["ema"]
    for name, value in parts.transformer.state_dict().items():
        assert torch.equal(value, trained[f"transformer.{name}"].bfloat16().float()), name
    train_flow(0, 1, second, seed=4, plan=replace(PLAN, steps=1), say=lambda _line: None, begin=parts)
    further = checkpoint.load(second / "flow.ckpt", STAGE)["model"]
    for name, value in parts.text.state_dict().items():
        assert torch.allclose(value, further[f"text.{name}"], atol=0.01), name


def test_going_on_trains_the_packaged_autoencoder_too_and_begins_the_rest_from_the_package(tmp_path: Path) -> None:
    first = prepare(tmp_path / "first")
    run(first, 2)
    weights = export(first, tmp_path / "weights")
    before = unpackage(weights)
    recipe = Recipe(autoencoder_steps=1, sharpen_steps=0, flow=replace(PLAN, steps=1))
    train(tmp_path / "second", ranks=1, recipe=recipe, weights=weights, go_on=True, say=lambda _line: None)
    after = unpackage(weights)
    trained = AutoencoderKL.from_pretrained(tmp_path / "second" / "vae").state_dict()
    for name, value in before.autoencoder.state_dict().items():
        if name.endswith("conv1.weight"):
            assert 0 < (value - trained[name]).abs().mean() < 0.01, name
    for name, value in before.text.state_dict().items():
        assert torch.allclose(value, after.text.state_dict()[name], atol=0.02), name


def test_going_on_leaves_the_latent_space_as_it_is_unless_asked(tmp_path: Path) -> None:
    first = prepare(tmp_path / "first")
    run(first, 2)
    weights = export(first, tmp_path / "weights")
    before = unpackage(weights).autoencoder.state_dict()
    recipe = Recipe(autoencoder_steps=0, sharpen_steps=0, flow=replace(PLAN, steps=1))
    train(tmp_path / "second", ranks=1, recipe=recipe, weights=weights, go_on=True, say=lambda _line: None)
    after = unpackage(weights).autoencoder.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    recipe = replace(recipe, sharpen_steps=1)
    train(tmp_path / "third", ranks=1, recipe=recipe, weights=weights, go_on=True, say=lambda _line: None)
    after = unpackage(weights).autoencoder.state_dict()
    assert any(not torch.equal(value, after[name]) for name, value in before.items() if name.startswith("encoder"))
    assert any(not torch.equal(value, after[name]) for name, value in before.items() if name.startswith("decoder"))


def test_sharpening_holds_the_latents_of_large_pictures_and_lets_those_of_small_ones_move() -> None:
    torch.manual_seed(0)
    before = build_autoencoder().requires_grad_(False)
    model = copy.deepcopy(before).requires_grad_(True)
    last = model.encoder.conv_out
    assert last.bias is not None
    with torch.no_grad():
        last.bias[:16] += 1.0
    pictures = torch.rand(4, 3, 64, 64) * 2 - 1
    assert (encode(model, pictures) - encode(before, pictures)).square().mean() > 0.9

    def loss(small: bool) -> float:
        flags = torch.full((4,), small)
        return sharpening_loss(model, before, pictures, flags, torch.Generator().manual_seed(0))[0].item()

    assert loss(small=False) - loss(small=True) == pytest.approx(HOLD, rel=0.05)


def test_sharpening_resumed_from_a_checkpoint_equals_an_unbroken_run(tmp_path: Path) -> None:
    unbroken, broken = prepare(tmp_path / "unbroken"), prepare(tmp_path / "broken")
    for folder, steps in ((unbroken, 2), (broken, 1), (broken, 2)):  # so few that the rate does not fall yet
        sharpen(0, 1, folder, seed=3, steps=steps, batch=2, say=lambda _line: None)
    first, second = (checkpoint.load(folder / "sharpening.ckpt", SHARPENING) for folder in (unbroken, broken))
    assert first["step"] == second["step"] == 2
    for part in ("model", "ema"):
        for name, value in first[part].items():
            assert torch.equal(value, second[part][name]), name


def test_a_damaged_checkpoint_is_refused_by_two_ranks_as_by_one(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "autoencoder.ckpt", {"stage": "autoencoder", "step": 1})
    sound = (tmp_path / "autoencoder.ckpt").read_bytes()
    (tmp_path / "autoencoder.ckpt").write_bytes(sound[:100] + b"\x00\x01" + sound[102:])
    for ranks in (1, 2):
        with pytest.raises(checkpoint.CheckpointError) as caught:
            train(tmp_path, ranks=ranks, weights=tmp_path / "weights")
        assert (caught.value.path.name, caught.value.reason) == ("autoencoder.ckpt", "damaged")
    assert not (tmp_path / "weights").exists()


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.ckpt"
    checkpoint.save(path, {"stage": "text", "step": 1, "model": {"a": torch.arange(64)}})
    sound = path.read_bytes()
    for spoiled in (sound[:-40], sound[:100] + b"\x00\x01" + sound[102:], b"", b"not a checkpoint at all" * 9):
        path.write_bytes(spoiled)
        with pytest.raises(checkpoint.CheckpointError) as caught:
            checkpoint.load(path, "text")
        assert caught.value.reason in ("damaged", "foreign")


def test_a_checkpoint_of_another_stage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.ckpt"
    checkpoint.save(path, {"stage": "text", "step": 1})
    with pytest.raises(checkpoint.CheckpointError, match="other stage"):
        checkpoint.load(path, "flow")
