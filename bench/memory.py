"""Memory of the process that draws does not grow: `python -m bench.memory [--jobs N] [--steps N]`.

Rows, worker, storage and engine in one process, without Discord. The jobs differ in size, number of pictures and kind;
some start from an earlier picture, some are cancelled on the way, some cannot be served.
"""

import argparse
import asyncio
import contextlib
import gc
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

import migrations
from bench.report import Report, Table
from db import images, jobs, users
from db.database import Database, default_url
from db.jobs import NewJob, QueueLimits
from engine.engine import Engine
from engine.models import POCKET_FOLDER, Catalogue
from engine.requests import Progress
from engine.storage import Storage
from engine.worker import Worker

MUST = 1.05
ROUND = 10
SIZES = ((256, 256), (320, 192), (192, 320), (128, 128))
LIMITS = QueueLimits(waiting_per_person=1000, waiting_total=1000)
MIB = 2**20


class Ends:
    """Counts the jobs that ended, and cancels the one it is told to at its first step."""

    def __init__(self) -> None:
        self.count = 0
        self.changed = asyncio.Event()
        self.cancelling: int | None = None
        self.started_steps = asyncio.Event()

    def started(self, job_id: int) -> None: ...

    def progress(self, job_id: int, progress: Progress) -> None:
        if job_id == self.cancelling and progress.step >= 1:
            self.started_steps.set()

    def ended(self, job_id: int) -> None:
        self.count += 1
        self.changed.set()
        if job_id == self.cancelling:
            self.started_steps.set()


def request(number: int, steps: int, parent: str | None) -> dict[str, Any]:
    """The job's request: every 5th a variation, every 17th one that the engine refuses."""
    width, height = SIZES[number % len(SIZES)]
    vary = parent is not None and number % 5 == 4
    return {
        "model": "pocket",
        "prompt": f"a red house under a starry night sky, number {number}",
        "negative_prompt": "people" if number % 7 == 3 else "",
        "width": width + (1 if number % 17 == 16 else 0),
        "height": height,
        "steps": steps,
        "guidance": 3.5,
        "seeds": list(range(number, number + 1 + number % 4)),
        "image": parent if vary else None,
        "strength": 0.6 if vary else None,
    }


async def measure(folder: Path, model: Path, total: int, steps: int) -> list[tuple[int, float]]:
    """(jobs done, resident MiB) after every round."""
    url = default_url(folder)
    samples: list[tuple[int, float]] = []
    async with Database.open(url) as database:
        await migrations.upgrade(database)
        catalogue = Catalogue.of({"pocket": {"folder": model}})
        storage, ends = Storage(folder / "pictures"), Ends()
        async with Engine(catalogue, device="cpu", threads=1) as engine:
            await engine.ready()
            worker = Worker(database, engine, storage, listener=ends)
            working = asyncio.create_task(worker.run())
            parent: str | None = None
            for start in range(0, total, ROUND):
                ids = []
                async with database.writing() as session:
                    await users.touch(session, 1, "somebody")
                    for number in range(start, start + ROUND):
                        asked = request(number, steps, parent)
                        work = steps * len(asked["seeds"])
                        new = NewJob(
                            interaction_id=number + 1,
                            author_id=1,
                            channel_id=1,
                            prompt=asked["prompt"],
                            request=asked,
                            work=work,
                        )
                        ids.append((await jobs.enqueue(session, new, LIMITS)).job.id)
                ends.cancelling = ids[0]
                ends.started_steps.clear()
                worker.wake()
                await ends.started_steps.wait()
                async with database.writing() as session:
                    await jobs.cancel(session, ids[0])
                worker.cancel(ids[0])
                while ends.count < start + ROUND:
                    ends.changed.clear()
                    await ends.changed.wait()
                async with database.reading() as session:
                    drawn = [picture for job in ids for picture in await images.of_job(session, job)]
                    parent = drawn[0].digest
                gc.collect()
                samples.append((start + ROUND, psutil.Process().memory_info().rss / MIB))
                print(f"{samples[-1][0]} jobs: {samples[-1][1]:.1f} MiB", flush=True)
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    return samples


def around(samples: list[tuple[int, float]], jobs_done: int) -> float:
    """The median of up to three rounds ending at `jobs_done`, so that one late free does not decide."""
    before = [memory for done, memory in samples if done <= jobs_done]
    return statistics.median(before[-3:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500, help="jobs in all, a multiple of 10")
    parser.add_argument("--early", type=int, default=50, help="jobs after which everything has been seen once")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--no-save", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        model = POCKET_FOLDER
        if not (model / "model_index.json").exists():
            from engine.pocket.blank import write_blank

            model = write_blank(folder / "blank")
        samples = asyncio.run(measure(folder, model, options.jobs, options.steps))
    early, late = around(samples, options.early), around(samples, options.jobs)
    growth = late / early
    Report(
        name="memory",
        claim=f"Resident memory after {options.jobs} jobs is within {MUST - 1:.0%} of that after {options.early}.",
        command=f"python -m bench.memory --jobs {options.jobs} --steps {options.steps}",
        tables=[
            Table(
                title="resident memory, MiB (median of three rounds of ten jobs)",
                columns=("after jobs", "MiB", "against early"),
                rows=[
                    (done, around(samples, done), around(samples, done) / early)
                    for done in sorted({options.early, *range(100, options.jobs + 1, 100), options.jobs})
                ],
            )
        ],
        notes=(
            f"the model: {'the packaged pocket model' if model == POCKET_FOLDER else 'an untrained pocket model'}",
            "one job in ten is cancelled at its first step, one in five is a variation, one in seventeen is refused",
        ),
        packages=("torch", "diffusers", "transformers", "Pillow", "SQLAlchemy"),
        passed=growth <= MUST,
    ).publish(save=not options.no_save)
    return 0 if growth <= MUST else 1


if __name__ == "__main__":
    sys.exit(main())
