"""The parser under long attack: every text is a prompt or a prompt error, survives the round trip, and never hangs.

    python -m bench.fuzz                          200,000 hypothesis examples
    python -m bench.fuzz --atheris --seconds 600  mutations that follow coverage, where atheris is installed
    python -m bench.fuzz --mutate --seconds 600   the grammar's own pieces, shuffled and glued

prints what it tried and the first failure, and ends with 1 when there is one.
"""

import argparse
import importlib
import os
import random
import sys
import time

from hypothesis import HealthCheck, Phase, given, settings

from prompts import Prompt, format, parse
from tests.prompts.test_properties import check_round_trip
from tests.prompts.texts import GLUE, PIECES, prompts, texts

EXAMPLES = 200_000
SLOW = 0.5
"""Seconds of processor time that no text may take."""


def checked(text: str) -> None:
    """Raises AssertionError for a text that breaks a promise; whatever else it raises breaks one as well."""
    begin = time.process_time()
    check_round_trip(text)
    assert time.process_time() - begin < SLOW, text


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


def atheris(seconds: float) -> None:
    """Does not return: libFuzzer ends the process, with 0 when it found nothing."""
    fuzzer = importlib.import_module("atheris")  # not among the dependencies: it has no wheels for every Python
    with fuzzer.instrument_imports(include=["prompts"]):
        # Imported above without counters, so imported again.
        for name in [name for name in sys.modules if name.split(".")[0] in ("prompts", "tests")]:
            del sys.modules[name]
        from tests.prompts.test_properties import check_round_trip

    def one(data: bytes) -> None:
        given = fuzzer.FuzzedDataProvider(data)
        words = [
            PIECES[given.ConsumeIntInRange(0, len(PIECES) - 1)] if given.ConsumeBool() else given.ConsumeUnicode(8)
            for _ in range(given.ConsumeIntInRange(1, 24))
        ]
        begin = time.process_time()
        text = GLUE[given.ConsumeIntInRange(0, len(GLUE) - 1)].join(words)
        check_round_trip(text)
        assert time.process_time() - begin < SLOW, text

    options = [f"-max_total_time={seconds:g}", "-max_len=512", "-timeout=10", "-print_final_stats=1"]
    fuzzer.Setup([sys.argv[0], *options], one)
    fuzzer.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--mutate", action="store_true")
    parser.add_argument("--seconds", type=float, default=600)
    asked = parser.parse_args()
    if asked.atheris:
        atheris(asked.seconds)
    begin = time.monotonic()
    count = mutate(asked.seconds, os.getpid()) if asked.mutate else hypothesis(asked.examples)
    print(f"{count} texts in {time.monotonic() - begin:.0f} s: each a prompt or a prompt error, each round trip exact")


if __name__ == "__main__":
    main()
