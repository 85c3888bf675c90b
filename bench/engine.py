"""What drawing in lanes is worth against diffusers' own pipeline, both in one process, taking turns. Needs a quiet
machine: `python -m bench.engine`, or parts of it, `python -m bench.engine latency cache`; the others' results stay.

Over 300 lines because its six parts share the traffic and the two sides.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

import migrations
from bench.comparing import PROMPTS, drawn, family_of, psnr
from bench.report import RESULTS, Report, Table
from bench.stock import Stock
from db import jobs, users
from db.database import Database, default_url
from db.jobs import NewJob, QueueLimits
from engine.denoiser import unadapted
from engine.engine import Engine
from engine.families import Row
from engine.models import POCKET, Catalogue
from engine.requests import ImageRequest, Progress
from engine.stepcache import StepMemory
from engine.storage import Storage
from engine.worker import Worker

PARTS = ("throughput", "latency", "idle", "beside", "repeat", "cache")
LANES = 8
ROUNDS = 4
"""Each side draws a quarter of the requests in a round; the medians are over the rounds."""

Row_ = Sequence[str | int | float]


@dataclass
class Findings:
    """Rows of the table, and what else a reader must know."""

    part: str = ""
    rows: list[Row_] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        return [f"{part}: {note}" for part, note in self.noted]

    def note(self, text: str) -> None:
        self.noted.append((self.part, text))

    def add(self, what: str, found: float | str, must: str, aim: str, ceiling: str = "") -> None:
        self.rows.append((self.part, what, found, must, aim, ceiling))
        print(f"{what}: {found} (must {must}, aim {aim}) {ceiling}", flush=True)


def mixed(count: int, *, seed: int = 0, steps: Sequence[int] = (4, 8, 12, 20, 28, 50)) -> list[ImageRequest]:
    """Requests as a community makes them: other prompts, seeds, steps, guidance, two sizes."""
    dice = random.Random(seed)
    return [
        ImageRequest(
            model="pocket",
            prompt=dice.choice(PROMPTS),
            width=(side := dice.choice((256, 256, 128))),
            height=side,
            steps=dice.choice(steps),
            guidance=dice.choice((1.5, 2.5, 4.0)),
            seeds=(dice.randrange(2**32),),
        )
        for _ in range(count)
    ]


async def throughput(engine: Engine, stock: Stock, found: Findings) -> None:
    """64 mixed requests: pictures a second."""
    sides: dict[str, Callable[[Sequence[ImageRequest]], Any]] = {
        "one at a time, 32 tokens": lambda some: _one_by_one(stock, some, tokens=POCKET.text_tokens),
        "one at a time, 512 tokens": lambda some: _one_by_one(stock, some, tokens=512),
        "lists of equal steps and size": lambda some: _lists(stock, some),
    }
    rates: dict[str, list[float]] = {name: [] for name in (*sides, "lanes")}
    requests = mixed(64)
    for number in range(ROUNDS):
        some = requests[number::ROUNDS]
        for name, draw in sides.items():
            if "512" in name and number:
                continue  # one round of it takes as long as four of the others
            began = time.perf_counter()
            draw(some)
            rates[name].append(len(some) / (time.perf_counter() - began))
        began = time.perf_counter()
        await asyncio.gather(*(drawn(engine, request) for request in some))
        rates["lanes"].append(len(some) / (time.perf_counter() - began))
    ours = rates["lanes"]
    ratios = {name: statistics.median(a / b for a, b in zip(ours, rates[name], strict=False)) for name in sides}
    step = _step_seconds(engine, (1, LANES))
    ceiling = f"forwards alone: {step['stock'] / step[LANES]:.2f} times at {LANES} rows of 256"
    found.add("64 mixed, against one at a time (32 tokens)", ratios["one at a time, 32 tokens"], "1.25", "1.7", ceiling)
    found.add(
        "  against its default of 512 tokens",
        ratios["one at a time, 512 tokens"],
        "",
        "",
        f"forwards alone: {step['stock 512'] / step[LANES]:.2f} times",
    )
    found.add(
        "  against lists of equal steps and size",
        ratios["lists of equal steps and size"],
        "",
        "",
        f"forwards alone, lists of one: {step['stock'] / step[LANES]:.2f} times",
    )
    found.note("Pictures a second: " + ", ".join(f"{n} {statistics.median(r):.2f}" for n, r in rates.items()))
    found.note(
        f"One step at 256 x 256: diffusers 1 row {step['stock'] * 1e3:.1f} ms; "
        f"ours 1 row {step[1] * 1e3:.1f} ms, {LANES} rows {step[LANES] * LANES * 1e3:.1f} ms."
    )


async def latency(engine: Engine, stock: Stock, found: Findings) -> None:
    """Poisson arrivals at 0.8 of what one at a time can do; the wait of one at a time is computed from its times."""
    requests = mixed(48, seed=1)
    alone = [_seconds(lambda request=request: stock.draw(request)) for request in requests]
    dice = random.Random(2)
    arrivals, at = [], 0.0
    for _ in requests:
        at += dice.expovariate(0.8 / statistics.mean(alone))
        arrivals.append(at)
    fifo, free = [], 0.0
    for arrival, seconds in zip(arrivals, alone, strict=True):
        free = max(free, arrival) + seconds
        fifo.append(free - arrival)
    began = time.perf_counter()

    async def later(arrival: float, request: ImageRequest) -> float:
        await asyncio.sleep(max(0.0, began + arrival - time.perf_counter()))
        await drawn(engine, request)
        return time.perf_counter() - began - arrival

    lanes = await asyncio.gather(*(later(*pair) for pair in zip(arrivals, requests, strict=True)))
    short = [index for index, request in enumerate(requests) if request.steps == 4]
    ceiling = "all drawn at once and alone: {:.2f}"
    found.add(
        "Poisson at 0.8: mean latency against one at a time",
        _mean(lanes) / _mean(fifo),
        "0.6",
        "0.4",
        ceiling.format(_mean(alone) / _mean(fifo)),
    )
    found.add("  95th percentile", _p95(lanes) / _p95(fifo), "0.6", "0.4", ceiling.format(_p95(alone) / _p95(fifo)))
    found.add(
        f"  jobs of 4 steps by themselves ({len(short)})",
        _mean([lanes[i] for i in short]) / _mean([fifo[i] for i in short]),
        "0.3",
        "0.1",
        f"drawn at once and alone: {_mean([alone[i] for i in short]) / _mean([fifo[i] for i in short]):.2f}",
    )
    found.note(
        f"Latencies, seconds: one at a time mean {_mean(fifo):.2f}, p95 {_p95(fifo):.2f}; "
        f"lanes mean {_mean(lanes):.2f}, p95 {_p95(lanes):.2f}."
    )


async def idle(engine: Engine, found: Findings) -> None:
    """The share of a full queue's time in which neither a forward nor encoding nor decoding runs."""
    model: Any = family_of(engine)
    busy, forwards = 0.0, 0
    real = {name: getattr(model, name) for name in ("predict", "encode", "decode", "previews")}

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal busy, forwards
            forwards += call.__name__ == "predict"
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                busy += time.perf_counter() - began

        return run

    for name, call in real.items():
        setattr(model, name, timed(call))
    requests = mixed(32, seed=4)
    began = time.perf_counter()
    await asyncio.gather(*(drawn(engine, request) for request in requests))
    total = time.perf_counter() - began
    for name in real:
        delattr(model, name)
    found.add("device idle with a full queue, per cent", 100 * (1 - busy / total), "3", "0.5", "0")
    found.note(f"Idle: {1e3 * (total - busy):.0f} ms of {1e3 * total:.0f}, in {forwards} forwards.")


async def cache(catalogue: Catalogue, found: Findings) -> None:
    """Step caching in a mixed batch of 28 steps and more, against the same engine without it."""
    requests = mixed(12, seed=3, steps=(28, 36, 50))
    pictures: dict[float, list[Any]] = {}
    rates: dict[float, list[float]] = {}
    thresholds = (0.0, 0.12, 0.2, 0.3, 0.4)
    for _ in range(2):
        for threshold in thresholds:
            entry = replace(catalogue.get("pocket"), step_cache=threshold)
            async with _engine(Catalogue({"pocket": entry})) as engine:
                began = time.perf_counter()
                made = await asyncio.gather(*(drawn(engine, request) for request in requests))
                rates.setdefault(threshold, []).append(len(requests) / (time.perf_counter() - began))
                pictures[threshold] = [one.images[0] for one in made if one is not None]
    best = 0.0
    for threshold in thresholds[1:]:
        decibels = statistics.median(psnr(*pair) for pair in zip(pictures[0.0], pictures[threshold], strict=True))
        gain = statistics.median(a / b for a, b in zip(rates[threshold], rates[0.0], strict=True))
        found.note(f"Step caching at {threshold:g}: {gain:.2f} times the pictures, median {decibels:.1f} dB.")
        if decibels >= 30:
            best = max(best, gain)
    async with _engine(catalogue) as engine:
        await engine.ready()
        most = _if_all_were_reused(engine, statistics.mean(request.steps for request in requests))
    ceiling = f"all steps but the first reused: {most:.2f}"
    found.add("step caching at 28 steps and more, median 30 dB or better", best, "1.2", "1.6", ceiling)


async def repeat(engine: Engine, found: Findings) -> None:
    """An exact repeat through the worker: steps run, and milliseconds from claim to end."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with Database.open(default_url(folder)) as database:
            await migrations.upgrade(database)
            listener = _Clock()
            worker = Worker(
                database, engine, Storage(folder), listener=listener, lanes=LANES, identity=lambda _: POCKET.identity()
            )
            task = asyncio.create_task(worker.run())
            for number in range(12):
                await _enqueue(database, number)
                worker.wake()
                await listener.end.wait()
                listener.end.clear()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            commit = await _commit_seconds(database)
    found.add("exact repeat: steps run", sum(listener.steps[1:]), "0", "0")
    found.add(
        "exact repeat: milliseconds",
        statistics.median(listener.seconds[1:]) * 1e3,
        "50",
        "10",
        f"one commit to this disk: {commit * 1e3:.1f}",
    )
    found.note(f"The first drawing of the repeated request took {listener.seconds[0] * 1e3:.0f} ms.")


class _Clock:
    """A listener that takes times and counts steps, one job after another."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.seconds: list[float] = []
        self.end = asyncio.Event()
        self._began = 0.0

    def started(self, job_id: int) -> None:
        self._began = time.perf_counter()
        self.steps.append(0)

    def progress(self, job_id: int, progress: Progress) -> None:
        self.steps[-1] = progress.step

    def ended(self, job_id: int) -> None:
        self.seconds.append(time.perf_counter() - self._began)
        self.end.set()


async def _enqueue(database: Database, number: int) -> None:
    request = {
        "model": "pocket",
        "prompt": "a red house under a starry night sky",
        "negative_prompt": "",
        "width": 256,
        "height": 256,
        "steps": 12,
        "guidance": 4.0,
        "seeds": [1, 2, 3, 4],
        "image": None,
        "strength": None,
    }
    async with database.writing() as session:
        await users.touch(session, 1, "Ada")
        wished = NewJob(
            interaction_id=number, author_id=1, channel_id=1, prompt=request["prompt"], request=request, work=48
        )
        await jobs.enqueue(session, wished, QueueLimits(waiting_per_person=100, waiting_total=100))


async def _commit_seconds(database: Database) -> float:
    """The median of a transaction that changes one row."""
    taken = []
    for number in range(12):
        began = time.perf_counter()
        async with database.writing() as session:
            await users.touch(session, 1, f"Ada {number}")
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _engine(catalogue: Catalogue) -> Engine:
    return Engine(catalogue, device="cpu", dtype="float32", lanes=LANES, preview_every=0)


def _one_by_one(stock: Stock, requests: Sequence[ImageRequest], *, tokens: int) -> None:
    for request in requests:
        _by_pipeline(stock, [request], tokens)


def _lists(stock: Stock, requests: Sequence[ImageRequest]) -> None:
    """FluxPipeline given lists of prompts, each of one number of steps, one guidance and one size."""
    kinds = Counter((request.steps, request.width, request.guidance) for request in requests)
    for kind in kinds:
        alike = [one for one in requests if (one.steps, one.width, one.guidance) == kind]
        for start in range(0, len(alike), LANES):
            _by_pipeline(stock, alike[start : start + LANES], POCKET.text_tokens)


@torch.inference_mode()
def _by_pipeline(stock: Stock, requests: Sequence[ImageRequest], tokens: int) -> None:
    pipeline: Any = stock.pipeline
    pipeline(
        [request.prompt for request in requests],
        width=requests[0].width,
        height=requests[0].height,
        num_inference_steps=requests[0].steps,
        guidance_scale=requests[0].guidance,
        generator=[torch.Generator("cpu").manual_seed(request.seeds[0]) for request in requests],
        max_sequence_length=tokens,
    )


@torch.inference_mode()
def _if_all_were_reused(engine: Engine, steps: float) -> float:
    """How many times as fast a picture of so many steps could be, from times of a step and of decoding."""
    model = family_of(engine)
    row = _row(model)

    def remembering() -> list[Row]:
        rows = [replace(row, memory=StepMemory(1e9)) for _ in range(LANES)]
        model.predict(rows, unadapted)
        return rows

    rows = remembering()
    calls: dict[str, Callable[[], Any]] = {
        "computed": lambda: model.predict([row] * LANES, unadapted),
        "reused": lambda: model.predict(rows, unadapted),
        "decoded": lambda: [model.decode(row.latents, 256, 256) for _ in range(LANES)],
    }
    times = {name: statistics.median(_seconds(call) for _ in range(9)) for name, call in calls.items()}
    return (steps * times["computed"] + times["decoded"]) / (
        times["computed"] + (steps - 1) * times["reused"] + times["decoded"]
    )


@torch.inference_mode()
def _step_seconds(engine: Engine, counts: Sequence[int]) -> dict[Any, float]:
    """Seconds a row of one step at 256 x 256, for so many rows, and for the stock transformer with one row."""
    model: Any = family_of(engine)
    row = _row(model)
    ids = model.pipeline._prepare_latent_image_ids(1, 8, 8, "cpu", torch.float32)

    def stock(text: torch.Tensor) -> None:
        model.transformer(
            hidden_states=row.latents,
            timestep=torch.tensor([0.5]),
            guidance=torch.tensor([4.0]),
            pooled_projections=row.conditioning.pooled,
            encoder_hidden_states=text,
            txt_ids=torch.zeros(text.shape[1], 3),
            img_ids=ids,
            return_dict=False,
        )

    text = row.conditioning.text
    calls: dict[Any, Callable[[], Any]] = {n: (lambda n=n: model.predict([row] * n, unadapted)) for n in counts} | {
        "stock": lambda: stock(text),
        "stock 512": lambda: stock(text.repeat(1, 512 // text.shape[1], 1)),
    }
    times: dict[Any, list[float]] = {name: [] for name in calls}
    for _ in range(15):
        for name, call in calls.items():
            times[name].append(_seconds(call))
    return {name: statistics.median(some) / (name if isinstance(name, int) else 1) for name, some in times.items()}


def _row(model: Any) -> Row:
    return Row(
        width=256,
        height=256,
        latents=model.noise(256, 256, torch.Generator("cpu").manual_seed(0)),
        timestep=torch.tensor(500.0),
        guidance=4.0,
        conditioning=model.encode("a red house"),
    )


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _mean(values: Sequence[float]) -> float:
    return statistics.mean(values)


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def beside(engine: Engine, found: Findings) -> None:
    """Whether a second thread for decoding would pay: steps of 8 rows and decodes, one after the other or at once."""
    model: Any = family_of(engine)
    with torch.inference_mode():
        row = _row(model)

    @torch.inference_mode()
    def denoise() -> None:
        for _ in range(12):
            model.predict([row] * LANES, unadapted)

    @torch.inference_mode()
    def decode() -> None:
        for _ in range(LANES):
            model.decode(row.latents, 256, 256)

    apart, together, decoding = [], [], []
    for _ in range(5):
        decoding.append(_seconds(decode))
        apart.append(_seconds(denoise) + decoding[-1])
        began = time.perf_counter()
        await asyncio.gather(asyncio.to_thread(denoise), asyncio.to_thread(decode))
        together.append(time.perf_counter() - began)
    gain = statistics.median(a / b for a, b in zip(apart, together, strict=True))
    found.add("decoding in a second thread: steps and decodes of 8 pictures", gain, "", "")
    found.note(
        f"Decoding is {100 * statistics.median(d / a for d, a in zip(decoding, apart, strict=True)):.0f} % of it."
    )


async def main(parts: Sequence[str]) -> None:
    found = Findings()
    catalogue = Catalogue()
    async with _engine(catalogue) as engine:
        await engine.ready()
        stock = Stock(catalogue.get("pocket"))
        for warm in mixed(2, seed=9, steps=(4,)):
            stock.draw(warm)
            await drawn(engine, warm)
        measures: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "throughput": lambda: throughput(engine, stock, found),
            "latency": lambda: latency(engine, stock, found),
            "idle": lambda: idle(engine, found),
            "beside": lambda: beside(engine, found),
            "repeat": lambda: repeat(engine, found),
            "cache": lambda: cache(catalogue, found),
        }
        for part in parts:
            found.part = part
            await measures[part]()
            publish(found)


def publish(found: Findings) -> None:
    """Write what was found beside what earlier runs found about other parts."""
    file, ran = RESULTS / "engine.json", {row[0] for row in found.rows}
    earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"tables": [{"rows": []}], "notes": []}
    rows = [*(row for row in earlier["tables"][0]["rows"] if row[0] not in ran), *found.rows]
    kept = [note for note in earlier["notes"][1:] if note.partition(":")[0] not in ran]
    Report(
        name="engine",
        claim="Drawing in lanes against diffusers' own pipeline: speed, waiting, caches",
        command="python -m bench.engine",
        tables=[Table("Found", ("part", "what", "found", "must", "aim", "ceiling"), rows)],
        notes=[
            f"{torch.get_num_threads()} threads, {LANES} lanes, fp32, the pocket model; the sides take turns.",
            *kept,
            *found.notes,
        ],
        packages=("torch", "diffusers"),
    ).publish()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all of them if none is named")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    asyncio.run(main(given.parts or PARTS))
