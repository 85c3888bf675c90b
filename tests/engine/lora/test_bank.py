"""The LoRA bank: rows with mixes of their own against the stock pipeline with one. Over 300 lines because all of it
compares by the same few helpers.
"""

import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.lora.application import Plan
from engine.lora.bank import Bank
from engine.lora.errors import BankFull, LoraMissing, LoraRefused
from engine.requests import BlockWeight, LoraMix, LoraUse, Ramp
from engine.room import Allocations
from tests.engine.lora import making

TOKENS, TEXT_TOKENS = 16, 32


@pytest.fixture(scope="module")
def folder(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """a, b, c: attention and MLP of three ranks; d: everything that is linear, also outside of the blocks."""
    folder = tmp_path_factory.mktemp("loras")
    for seed, (name, rank) in enumerate({"a": 8, "b": 4, "c": 19}.items()):
        making.save(pipeline, folder / f"{name}.safetensors", seed, rank=rank)
    every = [name for name, module in pipeline.transformer.named_modules() if isinstance(module, torch.nn.Linear)]
    making.save(pipeline, folder / "d.safetensors", 9, rank=3, leaves=every)
    making.save(pipeline, folder / "t.safetensors", 11, rank=4, leaves=["to_q"], text=True)
    (folder / "broken.safetensors").write_bytes(b"<html>")
    return folder


@pytest.fixture
def make_bank(pipeline: Any, folder: Path) -> Iterator[Callable[..., Bank]]:
    made: list[Bank] = []

    def find(name: str) -> Path:
        if not (folder / f"{name}.safetensors").exists():
            raise LoraMissing(name)
        return folder / f"{name}.safetensors"

    def make(**options: Any) -> Bank:
        parts = {name: getattr(pipeline, name) for name in ("transformer", "text_encoder", "text_encoder_2")}
        made.append(Bank(parts, find=find, **options))
        return made[-1]

    yield make
    for bank in made:
        bank.close()


@pytest.fixture
def bank(make_bank: Callable[..., Bank]) -> Bank:
    return make_bank()


def given(pipeline: Any, rows: int) -> dict[str, torch.Tensor]:
    """Random inputs of the transformer for some rows, each at its own step."""
    generator = torch.Generator().manual_seed(rows)
    config = pipeline.transformer.config
    return {
        "hidden_states": torch.randn(rows, TOKENS, config.in_channels, generator=generator),
        "encoder_hidden_states": torch.randn(rows, TEXT_TOKENS, config.joint_attention_dim, generator=generator),
        "pooled_projections": torch.randn(rows, config.pooled_projection_dim, generator=generator),
        "timestep": torch.rand(rows, generator=generator),
        "guidance": 1.5 + torch.rand(rows, generator=generator),
        "img_ids": torch.stack(
            torch.meshgrid(torch.zeros(1), torch.arange(4.0), torch.arange(4.0), indexing="ij"), -1
        ).reshape(-1, 3),
        "txt_ids": torch.zeros(TEXT_TOKENS, 3),
    }


@torch.inference_mode()
def forward(pipeline: Any, inputs: dict[str, torch.Tensor], row: int | None = None) -> torch.Tensor:
    """All rows, or one of them alone."""
    alone = {
        name: value if row is None or name.endswith("_ids") else value[row : row + 1] for name, value in inputs.items()
    }
    return pipeline.transformer(**alone, return_dict=False)[0]


def stock(pipeline: Any, folder: Path, mix: LoraMix, inputs: dict[str, torch.Tensor], row: int) -> torch.Tensor:
    """What diffusers makes of one row alone with its LoRAs loaded."""
    names = [use.name for use in mix]
    for name in names:
        pipeline.load_lora_weights(folder / f"{name}.safetensors", adapter_name=name)
    try:
        if names:
            pipeline.set_adapters(names, [use.weight for use in mix])
        return forward(pipeline, inputs, row)
    finally:
        pipeline.unload_lora_weights()


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    error = float((one - other).square().mean())
    return math.inf if error == 0 else 10 * math.log10(float(other.abs().max()) ** 2 / error)


def use(name: str, weight: float = 1.0, **more: Any) -> LoraUse:
    return LoraUse(name=name, weight=weight, **more)


def shares(rows: Sequence[object]) -> list[float]:
    return [0.0] * len(rows)


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`", "ignore:No LoRA keys associated")
def test_every_row_of_a_mixed_batch_equals_its_solo_run_with_diffusers_loras(bank: Bank, pipeline: Any, folder: Path):
    mixes: list[LoraMix] = [
        (),
        (use("a"),),
        (use("b", -0.7),),
        (use("a", 0.5), use("b", 0.25), use("c", 1.0), use("d", -0.3)),
        (use("c", 1.3),),
        (use("d"), use("a", 0.1)),
    ]
    inputs = given(pipeline, len(mixes))
    with bank.rows(mixes, shares(mixes)):
        together = forward(pipeline, inputs)
    plain = forward(pipeline, inputs)
    for row, mix in enumerate(mixes):
        alone = stock(pipeline, folder, mix, inputs, row)
        assert psnr(together[row : row + 1], alone) > 100, mix
        if mix:
            assert psnr(plain[row : row + 1], alone) < 60, "the LoRA is too faint to be tested"


def test_a_batch_without_loras_is_not_touched(bank: Bank, pipeline: Any):
    inputs = given(pipeline, 3)
    plain = forward(pipeline, inputs)
    with bank.rows([(), None, (use("a", 0.0),)], shares("xxx")):
        assert not any("forward" in module.__dict__ for module in pipeline.transformer.modules())
        assert torch.equal(forward(pipeline, inputs), plain)


def test_whatever_happens_within_the_model_is_as_it_was(bank: Bank, pipeline: Any):
    inputs = given(pipeline, 2)
    plain = forward(pipeline, inputs)
    with pytest.raises(RuntimeError), bank.rows([(use("a"),)], [0.0]):
        forward(pipeline, inputs)  # two rows where one was told
    assert not any("forward" in module.__dict__ for module in pipeline.transformer.modules())
    assert torch.equal(forward(pipeline, inputs), plain)


def test_weights_follow_the_steps(bank: Bank, pipeline: Any):
    ramps = (Ramp(start=0.0, end=0.4, first=1.0, last=1.0), Ramp(start=0.4, end=0.8, first=1.0, last=0.2))
    mix = (use("a", 0.5, steps=ramps),)
    at = [0.0, 0.39, 0.4, 0.6, 0.8, 1.0]
    inputs = {name: value[:1].repeat(len(at), *[1] * (value.dim() - 1)) for name, value in given(pipeline, 1).items()}
    inputs |= {name: given(pipeline, 1)[name] for name in ("img_ids", "txt_ids")}
    with bank.rows([mix] * len(at), at):
        made = forward(pipeline, inputs)
    for row, weight in enumerate((0.5, 0.5, 0.5, 0.3, 0.1, 0.0)):
        with bank.rows([(use("a", weight),)], [0.0]):
            assert psnr(made[row : row + 1], forward(pipeline, inputs, row)) > 100, at[row]


def test_weights_differ_by_block(bank: Bank, pipeline: Any, folder: Path, tmp_path: Path):
    """Against files that hold only those blocks' matrices, times the factor."""
    blocks = (
        BlockWeight(kind="double", weight=0.0),
        BlockWeight(kind="single", first=1, last=2, weight=0.5),
        BlockWeight(kind="single", first=3, weight=2.0),
    )

    def factor(name: str) -> float:
        if name.startswith("transformer.transformer_blocks"):
            return 0.0
        index = int(name.split(".")[2]) if name.startswith("transformer.single") else 0
        return (1.0, 0.5, 0.5, 2.0)[index]

    tensors = making.load_file(folder / "a.safetensors")
    scaled = {n: t * factor(n) if "lora_B" in n else t for n, t in tensors.items()}
    making.save_file(scaled, folder / "scaled.safetensors")
    inputs = given(pipeline, 2)
    with bank.rows([(use("a", 0.8, blocks=blocks),), (use("a"),)], [0.0, 0.0]):
        made = forward(pipeline, inputs)
    with bank.rows([(use("scaled", 0.8),)], [0.0]):
        assert psnr(made[:1], forward(pipeline, inputs, 0)) > 100
    with bank.rows([(use("a"),)], [0.0]):
        assert psnr(made[1:], forward(pipeline, inputs, 1)) > 100


def test_text_encoders_take_their_part(bank: Bank, pipeline: Any, folder: Path):
    prompt = "a red house under a starry night sky"
    tensors = {n: t for n, t in making.load_file(folder / "t.safetensors").items() if n.startswith("text_encoder.")}

    @torch.inference_mode()
    def pooled() -> torch.Tensor:
        return pipeline.encode_prompt(prompt, max_sequence_length=TEXT_TOKENS)[1]

    plain = pooled()
    with bank.text((use("t", 0.6), use("a"))):
        adapted = pooled()
    assert torch.equal(pooled(), plain)
    # The reference is the change of weights itself, merged into a layer and taken out again.
    linears = dict(pipeline.text_encoder.named_modules())
    before = {}
    for name in tensors:
        if name.endswith("lora_A.weight"):
            module = name.removeprefix("text_encoder.").removesuffix(".lora_A.weight")
            before[module] = linears[module].weight.detach().clone()
            change = tensors[name.replace("lora_A", "lora_B")] @ tensors[name]
            linears[module].weight.data += 0.6 * change
    try:
        assert psnr(adapted, pooled()) > 90
    finally:
        for module, weight in before.items():
            linears[module].weight.data.copy_(weight)
    assert psnr(plain, adapted) < 60
    mix = bank.text_mix((use("a"), use("t", 0.6, steps=(Ramp(start=0.0, end=1.0, first=0.0, last=1.0),))))
    assert mix == (use("t", 0.6),)


def test_base_weights_are_bitwise_the_same_after_many_requests_over_more_loras_than_fit(
    make_bank: Callable[..., Bank], pipeline: Any
):
    bank = make_bank(byte_budget=8 << 20)  # four pages, and the adapters take 1, 1, 3 and 1
    before = {name: weight.clone() for name, weight in pipeline.transformer.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    inputs = given(pipeline, 2)
    for _ in range(40):
        names = ["abcd"[i] for i in torch.randint(4, (2,), generator=generator)]
        weights = torch.randn(2, generator=generator).tolist()
        with bank.rows([(use(name, weight),) for name, weight in zip(names, weights, strict=True)], [0.5, 0.1]):
            forward(pipeline, inputs)
    after = pipeline.transformer.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert bank.pages.evicted > 5


def test_an_adapter_that_returns_after_eviction_gives_the_same_numbers(make_bank: Callable[..., Bank], pipeline: Any):
    bank = make_bank(byte_budget=8 << 20)
    inputs = given(pipeline, 1)
    made = []
    for name in ("a", "c", "d", "b", "a"):
        with bank.rows([(use(name),)], [0.0]):
            made.append(forward(pipeline, inputs))
    assert bank.pages.evicted >= 1
    assert torch.equal(made[0], made[-1])


def test_compositions_that_take_each_others_place_give_what_they_give_alone(
    make_bank: Callable[..., Bank], pipeline: Any
):
    """More than are kept, in several shapes and weights, twice around and in another order."""
    mixes = [
        (use(one, weight), use(other)) for one, weight in (("a", 1.0), ("b", -0.4), ("c", 0.7)) for other in "abcd"
    ]
    inputs = given(pipeline, 1)

    def made(bank: Bank, mix: LoraMix) -> torch.Tensor:
        with bank.rows([mix], [0.0]):
            return forward(pipeline, inputs)

    alone = [made(make_bank(byte_budget=16 << 20), mix) for mix in mixes]
    bank, plain = make_bank(byte_budget=16 << 20), forward(pipeline, inputs)
    for order in (range(len(mixes)), reversed(range(len(mixes)))):
        for index in order:
            assert torch.equal(made(bank, mixes[index]), alone[index]), mixes[index]
    assert torch.equal(forward(pipeline, inputs), plain)


def test_what_a_layer_was_given_is_let_go_when_its_adapters_are_added(bank: Bank, pipeline: Any):
    """Or the inputs of all layers would be held until the forward ends: for FLUX.1, ten times the memory of a row."""
    inputs = given(pipeline, 1) | {
        "hidden_states": torch.randn(1, 1024, pipeline.transformer.config.in_channels),
        "img_ids": torch.zeros(1024, 3),
    }

    def peak(mix: LoraMix) -> int:
        with bank.rows([mix], [0.0]), Allocations() as allocations:
            forward(pipeline, inputs)
        return allocations.peak

    assert peak((use("a"),)) < 1.5 * peak(())


def test_compositions_too_large_for_each_other_are_never_there_together(
    make_bank: Callable[..., Bank], monkeypatch: pytest.MonkeyPatch
):
    bank = make_bank(byte_budget=8 << 20)
    with bank.rows([(use("a"),)] * 4, [0.0] * 4):
        first = weakref.ref(next(iter(bank._plans.values())))
    gone: list[bool] = []

    def plan(*given: Any, **options: Any) -> Plan:
        gone.append(first() is None)
        return Plan(*given, **options)

    monkeypatch.setattr("engine.lora.bank.Plan", plan)
    with bank.rows([(use("c"),)] * 4, [0.0] * 4):
        assert gone == [True]


def test_what_does_not_fit_together_is_told_and_what_fits_alone_goes_on(make_bank: Callable[..., Bank], pipeline: Any):
    bank = make_bank(byte_budget=6 << 20)
    inputs = given(pipeline, 2)
    with pytest.raises(BankFull), bank.rows([(use("a"),), (use("c"),)], [0.0, 0.0]):
        pass
    with bank.rows([(use("c"),)], [0.0]):
        forward(pipeline, inputs, 0)


def test_files_are_read_in_the_background_and_a_bad_one_fails_by_itself(bank: Bank, pipeline: Any):
    good, bad, missing = bank.ensure(["a", "broken", "nowhere"])
    assert good.result(10)
    assert isinstance(bad.exception(10), LoraRefused)
    assert isinstance(missing.exception(10), LoraMissing)
    with pytest.raises(LoraRefused), bank.rows([(use("a"),), (use("broken"),)], [0.0, 0.0]):
        pass
    with bank.rows([(use("a"),)], [0.0]):
        forward(pipeline, given(pipeline, 1))
    [here] = bank.ensure(["a"])
    assert here.done()


def test_a_stored_file_that_changed_on_the_disk_is_refused(bank: Bank, folder: Path):
    name = "0" * 64
    (folder / f"{name}.safetensors").write_bytes((folder / "a.safetensors").read_bytes())
    with pytest.raises(LoraRefused) as refused, bank.rows([(use(name),)], [0.0]):
        pass
    assert refused.value.reason == "digest"
