"""What every bench shares: tables on the console and in `bench/results`, with the machine and the versions beside the
numbers. Knows nothing of what is measured."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as RichTable

RESULTS = Path(__file__).parent / "results"

Cell = str | int | float


@dataclass(frozen=True)
class Table:
    """Rows under named columns; floats are shown with three significant digits."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One bench's outcome. `name` is the file's name, `command` what repeats it, `notes` what a reader must know."""

    name: str
    claim: str
    command: str
    tables: Sequence[Table]
    notes: Sequence[str] = ()
    packages: Sequence[str] = ()
    passed: bool | None = None
    extra: dict[str, Cell] = field(default_factory=dict)

    def publish(self, *, save: bool = True, folder: Path = RESULTS) -> None:
        """Print the tables, and write NAME.md for people and NAME.json for programs."""
        console = Console()
        for table in self.tables:
            shown = RichTable(title=table.title, title_justify="left")
            for number, column in enumerate(table.columns):
                shown.add_column(column, justify="left" if number == 0 else "right")
            for row in table.rows:
                shown.add_row(*(_text(cell) for cell in row))
            console.print(shown)
        for note in [*self.notes, *_busy()]:
            console.print(f"- {note}", markup=False)
        if self.passed is not None:
            console.print("passed" if self.passed else "FAILED", markup=False)
        if not save:
            return
        folder.mkdir(parents=True, exist_ok=True)
        surroundings = machine() | self.extra | {package: _version(package) for package in self.packages}
        (folder / f"{self.name}.md").write_text(self._markdown(surroundings), encoding="utf-8")
        record = asdict(self) | {"machine": surroundings}
        (folder / f"{self.name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _markdown(self, surroundings: dict[str, Cell]) -> str:
        lines = [f"# {self.name}", "", self.claim, "", f"    {self.command}", ""]
        for table in self.tables:
            lines += [f"**{table.title}**", "", f"| {' | '.join(table.columns)} |", "|---" * len(table.columns) + "|"]
            lines += [f"| {' | '.join(_text(cell) for cell in row)} |" for row in table.rows]
            lines.append("")
        lines += [f"* {note}" for note in [*self.notes, *_busy()]]
        if self.passed is not None:
            lines += ["", "Passed." if self.passed else "**Failed.**"]
        lines += ["", "Measured on: " + "; ".join(f"{key} {_text(value)}" for key, value in surroundings.items()), ""]
        return "\n".join(lines)


def machine() -> dict[str, Cell]:
    """What the numbers depend on; the load tells whether the machine had other work when the bench ended."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory GiB": round(psutil.virtual_memory().total / 2**30),
        "load (1 min)": round(psutil.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _busy() -> list[str]:
    """A warning when more programs want the processor than it has cores, the bench itself among them."""
    load, cores = psutil.getloadavg()[0], os.cpu_count() or 1
    if load <= cores + 1:
        return []
    return [f"The machine was shared (load {load:.0f} on {cores} cores): compare ratios, not absolute times."]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
