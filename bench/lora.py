"""What a LoRA of one's own costs in a batch, against the same batch without and against diffusers' ways.

Both sides take turns in one process, on one thread and by that process's CPU time, so that other work on the machine
does not count: `python -m bench.lora`.

Over 300 lines because its parts share the LoRAs and the two sides.
"""

import argparse
import asyncio
import hashlib
import itertools
import json
import os
import random
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from safetensors.numpy import save_file

from bench.comparing import PROMPTS, bank_of, family_of, in_company
from bench.report import RESULTS, Report, Table, machine
from bench.stock import Stock
from engine.engine import Engine
from engine.lora.bank import Bank
from engine.models import POCKET, POCKET_FOLDER, Catalogue
from engine.requests import ImageRequest, LoraMix, LoraUse
from tests.engine.lora.making import save

ROWS, RANK, SIDE, TEXT = 8, 8, 256, 32
TOKENS = (SIDE // 32) ** 2

Action = Callable[[], object]


def write_lora(folder: Path, name: str, linears: dict[str, torch.nn.Linear], rank: int = RANK) -> None:
    """A random adapter of all layers in the blocks but the modulations, in diffusers' format."""
    chance = np.random.default_rng(abs(hash(name)) % 2**32)
    tensors = {}
    for module, linear in linears.items():
        tensors[f"transformer.{module}.lora_A.weight"] = chance.standard_normal((rank, linear.in_features), np.float32)
        tensors[f"transformer.{module}.lora_B.weight"] = chance.standard_normal((linear.out_features, rank), np.float32)
    save_file({key: array * np.float32(0.02) for key, array in tensors.items()}, folder / f"{name}.safetensors")


def adapted(transformer: torch.nn.Module) -> dict[str, torch.nn.Linear]:
    return {
        name: module
        for name, module in transformer.named_modules()
        if isinstance(module, torch.nn.Linear) and "blocks." in name and "norm" not in name
    }


def inputs(transformer: Any, rows: int, tokens: int = TOKENS) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    config = transformer.config
    return {
        "hidden_states": torch.randn(rows, tokens, config.in_channels, generator=generator),
        "encoder_hidden_states": torch.randn(rows, TEXT, config.joint_attention_dim, generator=generator),
        "pooled_projections": torch.randn(rows, config.pooled_projection_dim, generator=generator),
        "timestep": torch.rand(rows, generator=generator),
        "guidance": torch.full((rows,), 4.0),
        "img_ids": torch.zeros(tokens, 3),
        "txt_ids": torch.zeros(TEXT, 3),
    }


def taking_turns(actions: dict[str, Action], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):
        for name, action in actions.items():
            began = time.process_time()
            action()
            times[name].append(time.process_time() - began)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


@contextmanager
def dense(linears: dict[str, torch.nn.Linear], folder: Path, names: Sequence[str]) -> Iterator[None]:
    """The other design: all adapters of the batch as one wide matrix, row i keeping the ranks of `names[i]` only."""
    from safetensors.torch import load_file

    files = [load_file(folder / f"{name}.safetensors") for name in names]
    mask = torch.eye(len(names)).repeat_interleave(RANK, 1).unsqueeze(1)
    for module, linear in linears.items():
        down = torch.cat([file[f"transformer.{module}.lora_A.weight"] for file in files])
        up = torch.cat([file[f"transformer.{module}.lora_B.weight"] for file in files], 1).T.contiguous()

        def forward(
            x: torch.Tensor, linear: torch.nn.Linear = linear, down: torch.Tensor = down, up: torch.Tensor = up
        ) -> torch.Tensor:
            made = torch.nn.functional.linear(x, linear.weight, linear.bias)
            half = torch.nn.functional.linear(x, down).mul_(mask)
            made.view(-1, made.shape[-1]).addmm_(half.view(-1, half.shape[-1]), up)
            return made

        linear.__dict__["forward"] = forward
    try:
        yield
    finally:
        for linear in linears.values():
            del linear.__dict__["forward"]


def checksum(module: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def tax(pipeline: Any, bank: Bank, folder: Path, rounds: int) -> list[Sequence[str | float]]:
    transformer, given = pipeline.transformer, inputs(pipeline.transformer, ROWS)
    linears = adapted(transformer)

    def plain() -> None:
        transformer(**given, return_dict=False)

    def mixed(count: int) -> Action:
        each = max(1, count // ROWS)
        mixes: list[LoraMix] = [
            tuple(LoraUse(name=f"l{(row * each + k) % count}", weight=0.7) for k in range(each)) for row in range(ROWS)
        ]

        def run() -> None:
            with bank.rows(mixes, [0.5] * ROWS):
                transformer(**given, return_dict=False)

        return run

    def wide() -> None:
        transformer(**given, return_dict=False)

    found = taking_turns({"plain": plain, **{str(count): mixed(count) for count in (4, 8, 16, 32)}}, rounds)
    with dense(linears, folder, [f"l{row}" for row in range(ROWS)]):
        other = taking_turns({"wide": wide}, rounds)
    ranks = {4: 1, 8: 1, 16: 2, 32: 4}
    work = sum(linear.in_features * linear.out_features for linear in linears.values())
    extra = RANK * sum(linear.in_features + linear.out_features for linear in linears.values())
    rows: list[Sequence[str | float]] = [("no LoRA", found["plain"] * 1e3, 1.0, "")]
    for count, each in ranks.items():
        must = "0.60 / 0.82" if count == 8 else ""
        ceiling = f"arithmetic alone leaves {1 / (1 + each * extra / work):.2f}"
        taken = found[str(count)]
        rows.append((f"{count} LoRAs, {each} in each row", taken * 1e3, found["plain"] / taken, f"{must} {ceiling}"))
    rows.append(
        (
            "8 LoRAs as one wide masked matrix (the design not taken)",
            other["wide"] * 1e3,
            found["plain"] / other["wide"],
            "",
        )
    )
    return rows


def switch(pipeline: Any, bank: Bank, folder: Path, rounds: int) -> tuple[list[Sequence[str | float]], str]:
    """The bank from one LoRA to another that is on the device, against diffusers' hotswap of the same files."""
    for number in range(32):
        with bank.rows([(LoraUse(name=f"l{number}", weight=1.0),)], [0.5]):
            pass
    # Thirty-two in a circle: the bank keeps the matrices of eight compositions, so each one is made anew.
    ours_next, theirs_next = itertools.cycle(range(32)), itertools.cycle(range(2))

    def ours(times: int = 1) -> None:
        for _ in range(times):
            with bank.rows([(LoraUse(name=f"l{next(ours_next)}", weight=1.0),)], [0.5]):
                pass

    stock = FluxPipeline.from_pretrained(POCKET_FOLDER, dtype=torch.float32)
    stock.load_lora_weights(str(folder / "l1.safetensors"), adapter_name="one")
    before = checksum(pipeline.transformer)

    def theirs(times: int = 1) -> None:
        for _ in range(times):
            file = folder / f"l{next(theirs_next)}.safetensors"
            stock.load_lora_weights(str(file), adapter_name="one", hotswap=True)

    single = taking_turns({"ours": ours, "theirs": theirs}, rounds)
    several = taking_turns({"ours": lambda: ours(20), "theirs": lambda: theirs(20)}, rounds)
    drift = "0" if checksum(pipeline.transformer) == before else "not 0"
    rows: list[Sequence[str | float]] = []
    for found, each, when in ((several, 20, ", twenty in a row"), (single, 1, ", one by turns with the other side")):
        must = "10x / 50x" if each > 1 else "10x (its matrices come from memory, not from a cache)"
        rows.append((f"diffusers hotswap{when}", found["theirs"] * 1e3 / each, 1.0, ""))
        rows.append((f"the bank{when}", found["ours"] * 1e3 / each, found["theirs"] / found["ours"], must))
    return rows, drift


async def traffic(folder: Path, count: int) -> list[Sequence[str | float]]:
    """Requests with a LoRA each: in lanes, and one at a time with loading, setting and unloading."""
    dice = random.Random(0)
    requests = [
        ImageRequest(
            model="pocket",
            prompt=dice.choice(PROMPTS),
            width=128,
            height=128,
            steps=dice.choice((4, 8, 12)),
            guidance=4.0,
            seeds=(number,),
            loras=(LoraUse(name=f"l{number % 16}", weight=0.8),),
        )
        for number in range(count)
    ]
    stock = Stock(POCKET, loras={f"l{number}": folder / f"l{number}.safetensors" for number in range(16)})
    catalogue = Catalogue.of({"pocket": {"folder": POCKET_FOLDER}})
    torch.set_num_threads(os.cpu_count() or 1)  # pictures a second of the whole machine, unlike the other parts
    async with Engine(
        catalogue,
        device="cpu",
        dtype="float32",
        preview_every=0,
        find_lora=lambda name: folder / f"{name}.safetensors",
    ) as engine:
        await engine.ready()
        ours, theirs = [], []
        for start in range(0, count, 8):
            some = requests[start : start + 8]
            began = time.perf_counter()
            assert all(await in_company(engine, some, within=0.0))
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            await asyncio.to_thread(lambda some=some: [stock.draw(request) for request in some])
            theirs.append(time.perf_counter() - began)
    torch.set_num_threads(1)
    mine, other = statistics.median(ours) / 8, statistics.median(theirs) / 8
    return [
        ("FluxPipeline: load, set, draw, unload, one at a time", other * 1e3, 1.0, ""),
        ("lanes and bank", mine * 1e3, other / mine, "2.5x / 6x"),
    ]


def registered(pipeline: Any, folder: Path, rounds: int) -> list[Sequence[str | float]]:
    """The cost of a step when one LoRA is known, and when a thousand are and many were used before."""
    linears = adapted(pipeline.transformer)
    many = folder / "many"
    many.mkdir()
    write_lora(many, "known", linears)
    for number in range(999):
        (many / f"m{number}.safetensors").hardlink_to(many / "known.safetensors")
    given = inputs(pipeline.transformer, ROWS)
    mixes: list[LoraMix] = [(LoraUse(name="known", weight=0.5),)] * ROWS
    banks = [Bank({"transformer": pipeline.transformer}, find=lambda name: many / f"{name}.safetensors") for _ in "12"]
    for number in range(200):
        with banks[1].rows([(LoraUse(name=f"m{number}", weight=1.0),)], [0.0]):
            pass

    def step(bank: Bank) -> Action:
        def run() -> None:
            with bank.rows(mixes, [0.5] * ROWS):
                pipeline.transformer(**given, return_dict=False)

        return run

    found = taking_turns({"one": step(banks[0]), "thousand": step(banks[1])}, rounds)
    for bank in banks:
        bank.close()
    return [
        ("1 registered", found["one"] * 1e3, 1.0, ""),
        ("1,000 registered, 200 used", found["thousand"] * 1e3, found["thousand"] / found["one"], "1.1x / 1.02x"),
    ]


async def untouched(pipeline: Any, folder: Path, count: int) -> tuple[list[Sequence[str | float]], str]:
    """Whether all base weights are what they were after random requests over 100 LoRAs, some with text parts."""
    files: dict[str, Path] = {}
    with torch.inference_mode(False):
        for number in range(100):
            file = folder / f"h{number}.safetensors"
            files[file.stem] = save(pipeline, file, number, rank=4 + number % 9, text=number % 3 == 0)
    dice = random.Random(1)
    catalogue = Catalogue.of({"pocket": {"folder": POCKET_FOLDER}})
    async with Engine(
        catalogue, device="cpu", threads=1, preview_every=0, find_lora=files.__getitem__, lora_bytes=64 << 20
    ) as engine:
        await engine.ready()
        parts = family_of(engine).parts
        bank = bank_of(engine)
        before = [checksum(part) for part in parts.values()]
        for start in range(0, count, 50):
            some = [
                ImageRequest(
                    model="pocket",
                    prompt=dice.choice(PROMPTS),
                    width=64,
                    height=64,
                    steps=dice.choice((1, 2)),
                    guidance=4.0,
                    seeds=(number,),
                    loras=tuple(
                        LoraUse(name=name, weight=dice.uniform(-2, 2))
                        for name in dice.sample(list(files), dice.randrange(5))
                    ),
                )
                for number in range(start, min(start + 50, count))
            ]
            assert all(await in_company(engine, some, within=0.0))
        same = before == [checksum(part) for part in parts.values()]
    return [
        ("requests", count, "", ""),
        ("LoRAs, a third with text parts", len(files), "", ""),
        ("evictions from the bank", bank.pages.evicted, "", ""),
        ("components whose checksum changed", 0 if same else "some", "", "0 / 0"),
    ], "" if same else "the base weights CHANGED"


METHOD = "one thread, CPU time of the process, medians of turns taken; the weights are random, their sizes true"
PARTS = ("tax", "switch", "registered", "untouched", "traffic")
COLUMNS = ("", "CPU ms", "x", "must / aim")
TITLES = {
    "tax": f"a step of {ROWS} rows at {SIDE} x {SIDE}, rank {RANK}; x: throughput against none",
    "switch": "from one LoRA to another, both known; x: faster than hotswap",
    "registered": "a step with more LoRAs registered; x: cost",
    "untouched": "the base weights after random requests through the engine, up to four LoRAs each",
    "traffic": "64 requests of 4 to 12 steps, a LoRA each, at 128 x 128: time per picture on all cores; x: faster",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=1000, help="random requests before the checksum")
    parser.add_argument("--no-save", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    notes: list[str] = []
    with TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        pipeline: Any = FluxPipeline.from_pretrained(POCKET_FOLDER, dtype=torch.float32)
        linears = adapted(pipeline.transformer)
        for number in range(32):
            write_lora(folder, f"l{number}", linears)
        bank = Bank({"transformer": pipeline.transformer}, find=lambda name: folder / f"{name}.safetensors")
        for part in options.parts:
            note = ""
            match part:
                case "tax":
                    rows = tax(pipeline, bank, folder, options.rounds)
                case "switch":
                    rows, drift = switch(pipeline, bank, folder, options.rounds)
                    note = f"drift of the base weights {drift}; nothing is compiled on a CPU, so nothing is again"
                case "registered":
                    rows = registered(pipeline, folder, options.rounds)
                case "traffic":
                    rows = asyncio.run(traffic(folder, 64))
                case _:
                    rows, note = asyncio.run(untouched(pipeline, folder, options.requests))
            print(part, rows, flush=True)
            notes += [f"{part}: {note}"] if note else []
            notes.append(f"{part}: measured {machine()['date']}")
            if not options.no_save:
                publish(part, Table(TITLES[part], COLUMNS, rows), [one for one in notes if one.startswith(part)])
        bank.close()


def publish(part: str, table: Table, notes: Sequence[str]) -> None:
    """Write what was found beside what earlier runs found about other parts."""
    file = RESULTS / "lora.json"
    earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"tables": [], "notes": []}
    tables = {one["title"]: Table(**one) for one in earlier["tables"]} | {table.title: table}
    kept = [note for note in earlier["notes"] if note.partition(":")[0] in set(PARTS) - {part}]
    Report(
        name="lora",
        claim="What LoRAs cost in a batch where every row has its own, and what that saves against one at a time.",
        command="python -m bench.lora",
        tables=[tables[title] for title in TITLES.values() if title in tables],
        notes=[METHOD, *kept, *notes],
        packages=("torch", "diffusers", "peft"),
    ).publish()


if __name__ == "__main__":
    main()
