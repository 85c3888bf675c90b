"""The parser under long attack: every text is a prompt or a prompt error, survives the round trip, and never hangs.

    python -m bench.fuzz                          200,000 hypothesis examples
    python -m bench.fuzz --atheris --seconds 600  mutations that follow coverage, where atheris is installed
    python -m bench.fuzz --mutate --seconds 600   the grammar's own pieces, shuffled and glued

prints what it tried and the first failure, and ends with 1 when there is one. Each way has a row of its own in
bench/results/fuzz.md, which the others leave alone.
"""

import argparse
import importlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings

from bench.report import RESULTS, Report, Table
from prompts import Prompt, format, parse
from tests.prompts.test_properties import check_round_trip
from tests.prompts.texts import GLUE, PIECES, prompts, texts

EXAMPLES = 200_000
SLOW = 0.5
"""Seconds of processor time that no text may take."""


def checked(text: str, check: Callable[[str], None] = check_round_trip) -> None:
    """Raises AssertionError for a text that breaks a promise; whatever else it raises breaks one as well."""
    for _ in range(2):  # a slow text is asked twice: Python may have collected its garbage just then
        begin = time.process_time()
        check(text)
        if time.process_time() - begin < SLOW:
            return
    raise AssertionError(text)


def hypothesis(examples: int) -> int:
    shared = settings(
        max_examples=examples * 9 // 10,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )

    @shared
    @given(texts)
    def any_text(text: str) -> None:
        checked(text)

    @settings(shared, max_examples=examples // 10)
    @given(prompts)
    def any_prompt(prompt: Prompt) -> None:
        written = format(prompt)
        if len(written) <= 4000:
            assert parse(written) == prompt

    any_text()
    any_prompt()
    return examples


def mutate(seconds: float, seed: int) -> int:
    chance, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        count += 1
        checked(chance.choice(GLUE).join(chance.choices(PIECES, k=chance.randint(1, 16))))
    return count


def atheris(seconds: float) -> int:
    """In a process of its own, which libFuzzer ends; how many texts it says to have run."""
    command = [sys.executable, "-m", "bench.fuzz", "--inside", "--seconds", f"{seconds:g}"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    print(done.stderr[-2000:], file=sys.stderr)
    if done.returncode:
        raise SystemExit(done.returncode)
    return int(re.findall(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)[-1])


def inside_atheris(seconds: float) -> None:
    """Does not return: libFuzzer ends the process, with 0 when it found nothing."""
    fuzzer = importlib.import_module("atheris")  # not among the dependencies: it has no wheels for every Python
    with fuzzer.instrument_imports(include=["prompts"]):
        # Imported above without counters, so imported again.
        for name in [name for name in sys.modules if name.split(".")[0] in ("prompts", "tests")]:
            del sys.modules[name]
        from tests.prompts.test_properties import check_round_trip as check

    def one(data: bytes) -> None:
        given = fuzzer.FuzzedDataProvider(data)
        words = [
            PIECES[given.ConsumeIntInRange(0, len(PIECES) - 1)] if given.ConsumeBool() else given.ConsumeUnicode(8)
            for _ in range(given.ConsumeIntInRange(1, 24))
        ]
        checked(GLUE[given.ConsumeIntInRange(0, len(GLUE) - 1)].join(words), check)

    options = [f"-max_total_time={seconds:g}", "-max_len=512", "-timeout=10", "-print_final_stats=1"]
    fuzzer.Setup([sys.argv[0], *options], one)
    fuzzer.Fuzz()


def publish(way: str, texts: int, seconds: float) -> None:
    """Put this way's row in the report, beside those that other ways have left there."""
    path = RESULTS / "fuzz.json"
    rows = json.loads(path.read_text())["tables"][0]["rows"] if path.exists() else []
    rows = [row for row in rows if row[0] != way] + [[way, texts, round(seconds), 0]]
    Report(
        name="fuzz",
        claim="Every text is a prompt or a prompt error, is read back as it is written, and takes no half second.",
        command="python -m bench.fuzz [--atheris | --mutate]",
        tables=[Table("Parser", ["way", "texts", "processor seconds", "failures"], sorted(rows))],
        notes=["The machine below is that of the last row written."],
        packages=["hypothesis"],
        passed=True,
    ).publish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--mutate", action="store_true")
    parser.add_argument("--seconds", type=float, default=600)
    asked = parser.parse_args()
    if asked.inside:
        inside_atheris(asked.seconds)
    if asked.atheris:
        way, count = "atheris", atheris(asked.seconds)
    elif asked.mutate:
        way, count = "the grammar's pieces, shuffled", mutate(asked.seconds, os.getpid())
    else:
        way, count = "hypothesis", hypothesis(asked.examples)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN if asked.atheris else resource.RUSAGE_SELF)
    publish(way, count, spent.ru_utime + spent.ru_stime)


if __name__ == "__main__":
    main()
