"""How well the prompt filter sees through evasions, and leaves clean prompts alone: `python -m bench.filter [--short]`.

The evasions come from tables of their own, not from the filter's. Clean prompts are composed from words that contain
listed ones (Scunthorpe, cocktail, grape), and taken from the prose of this Python's own library.
"""

import argparse
import importlib
import inspect
import random
import re
import sys
import time
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.report import Report, Table
from prompts.blocklist import Blocklist

LISTED = tuple(
    """
    nude naked nsfw topless porn hentai erotic gore corpse beheading suicide torture bloodbath swastika nazi
    hitler terrorist bomb murder massacre rape incest fetish bondage lingerie genitals penis vagina nipple
    breasts butt orgy stripper cocaine heroin meth weed overdose lynching genocide slaughter mutilated severed
    shit fuck bitch cunt cum tit ass
    """.split()  # noqa: SIM905
)
EVASIONS, CLEAN = 2000, 10_000
CAUGHT, WRONG = 0.99, 0.005

LOOK_ALIKES = {
    **dict(zip("aceopxyijs", ["аɑ", "сϲ", "еҽ", "оο", "рρ", "хχ", "уү", "іı", "јϳ", "ѕꜱ"], strict=True)),
    "b": "Ьв",
    "d": "ԁɗ",
    "g": "ɡց",
    "h": "һн",
    "k": "кκ",
    "l": "ӏⅼ",
    "m": "мⅿ",
    "n": "ոռ",
    "r": "гꭇ",
    "t": "тτ",
    "u": "υս",
    "v": "νѵ",
    "w": "ԝѡ",
    "f": "ƒꜰ",
}
LEETS = {"a": "4@", "e": "3€", "i": "1!", "o": "0", "s": "5$", "t": "7+", "b": "8", "g": "9", "l": "1|"}
MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0327\u0331\u0336"
INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u034f"
SEPARATORS = [" ", ".", "-", "_", "*", "/", " . ", "·", "  "]
ALPHABETS = [0xFF41, 0x1D41A, 0x1D44E + 26 * 2, 0x1D4EA, 0x1D51E + 52, 0x24D0, 0x1F130, 0x1F150, 0x1F170, 0x1F1E6]
ACCENTED = {"a": "àâäåāą", "c": "çćč", "e": "èéêëęě", "i": "ìíîïī", "n": "ñńň", "o": "òóôöøō", "s": "śšş", "u": "ùúûüū"}

SUBJECTS = """
    cocktail,Scunthorpe station,a bunch of grapes,an assassin in the rain,a class of bass players,a therapist's office,
    Essex and Sussex,Middlesex county,a button on a coat,a shuttlecock,seaweed on the shore,a weeder in the garden,
    a bass,a documentary,cucumbers,an accumulator,Titanic at sea,a title page,a titmouse,blue tits' nest box,grass,
    brass instruments,glass houses,a passport,the compass,an analysis chart,a canal in Amsterdam,Dickens at his desk,
    a hancock tower,a peacock,a woodcock,Hitchcock,a gorge,Gregory's garden,a category of stones,gorgonzola,an orange,
    something methodical,a method actor,a bombastic orator,a bumblebee,a rapeseed field,a scraper,drapes,a skyscraper,
    parapets,a trapeze,the nudge,denuded trees,a snaked path,a thief,bondsmen,a vagabond,heroines,a heroine's journey,
    a butterfly,butter,rebuttal,buttermilk,an organ,seven,several birds,persevered climbers,laughter,daughters,
    a basset hound,as sunset falls,the pen is red,my pen is on the table,is hit by light,fit ness,cumulus clouds,cumin
"""
STYLES = "oil painting,pixel art,watercolour,35mm photo,ink drawing,low poly,in 8k,art deco poster,matte,bokeh"
LIGHTS = "at dawn,under a starry night sky,in the fog,by candlelight,at 5:45 pm,in 1984,after rain,at noon"


def look_alike(word: str, dice: random.Random) -> str:
    return _some(word, dice, lambda letter: dice.choice(LOOK_ALIKES.get(letter, letter)))


def leet(word: str, dice: random.Random) -> str:
    """Signs for letters, at least one letter left: numbers are not words."""
    written = _some(word, dice, lambda letter: dice.choice(LEETS.get(letter, letter)))
    return written if any(map(str.isalpha, written)) else word[0] + written[1:]


def marked(word: str, dice: random.Random) -> str:
    return _some(word, dice, lambda letter: letter + "".join(dice.choices(MARKS, k=dice.randint(1, 3))))


def accented(word: str, dice: random.Random) -> str:
    return _some(word, dice, lambda letter: dice.choice(ACCENTED.get(letter, letter)))


def invisible(word: str, dice: random.Random) -> str:
    return "".join(letter + dice.choice(INVISIBLE) * dice.randint(0, 2) for letter in word[:-1]) + word[-1]


def spaced(word: str, dice: random.Random) -> str:
    return dice.choice(SEPARATORS).join(word)


def split(word: str, dice: random.Random) -> str:
    at = dice.randint(1, len(word) - 1)
    return word[:at] + dice.choice(".-_/·\u200b") + word[at:]


def stretched(word: str, dice: random.Random) -> str:
    return _some(word, dice, lambda letter: letter * dice.randint(3, 6))


def alphabet(word: str, dice: random.Random) -> str:
    first = dice.choice(ALPHABETS)
    return "".join(chr(first + ord(letter) - ord("a")) for letter in word)


def cased(word: str, dice: random.Random) -> str:
    return "".join(dice.choice([letter.upper(), letter]) for letter in word)


WAYS: list[Callable[[str, random.Random], str]] = [
    *(look_alike, leet, marked, accented, invisible, spaced, split, stretched, alphabet, cased),
]
# Two at once, the first on plain letters.
PAIRS = [
    *((look_alike, invisible), (leet, invisible), (stretched, look_alike), (accented, invisible), (leet, marked)),
    *((look_alike, spaced), (leet, cased), (alphabet, invisible), (stretched, marked), (cased, spaced)),
]


def evasions(number: int, seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """(how, word, prompt): a listed word written in one or two of the ways, inside of a clean prompt."""
    dice = random.Random(seed)
    for index in range(number):
        word = LISTED[index % len(LISTED)]
        ways = dice.choice([(way,) for way in WAYS] + PAIRS)
        written = word
        for way in ways:
            written = way(written, dice)
        before, after = (
            dice.choice(["a ", "very ", "", "the scene, "]),
            dice.choice(["", " at dawn", ", 35mm", "!", "."]),
        )
        yield " + ".join(way.__name__ for way in ways), word, f"{before}{written}{after}"


def clean(number: int, seed: int = 0) -> list[str]:
    """Prompts without a listed word: composed ones, and as many sentences of Python's library as there are."""
    dice = random.Random(seed)
    subjects, styles, lights = ([one.strip() for one in text.split(",")] for text in (SUBJECTS, STYLES, LIGHTS))
    composed = [
        f"{dice.choice(subjects)} and {dice.choice(subjects)} {dice.choice(lights)}, {dice.choice(styles)}"
        for _ in range(number)
    ]
    listed = set(LISTED)
    prose = [one for one in _sentences() if listed.isdisjoint(re.findall(r"[a-z]+", one.lower()))]
    dice.shuffle(prose)
    prose = prose[: number * 6 // 10]
    return prose + composed[: number - len(prose)]


def _sentences() -> Iterator[str]:
    for path in sorted(Path(inspect.getfile(importlib)).parent.parent.glob("*.py")):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.STRING and token.string.startswith(('"""', 'r"""')):
                    for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n", token.string.strip('r"')):
                        if re.fullmatch(r"[A-Z][^{}<>=\[\]\\]{30,300}", sentence.strip()):
                            yield " ".join(sentence.split())


def _some(word: str, dice: random.Random, change: Callable[[str], str]) -> str:
    """The word with about half of its letters changed, at least one."""
    letters = [change(letter) if dice.random() < 0.5 else letter for letter in word]
    if "".join(letters) == word:
        letters = list(map(change, word))
    return "".join(letters)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of it, nothing is saved")
    short = parser.parse_args().short
    share = 10 if short else 1
    blocklist = Blocklist(LISTED)
    blocklist.find("é")  # reads Unicode's table
    asked, caught, missed = Counter[str](), Counter[str](), list[str]()
    for how, word, prompt in evasions(EVASIONS // share):
        asked[how] += 1
        if blocklist.find(prompt) == word:
            caught[how] += 1
        else:
            missed.append(f"{how}: {word} as `{prompt}`")
    prompts = clean(CLEAN // share)
    began = time.perf_counter()
    wrong = [(found, prompt) for prompt in prompts if (found := blocklist.find(prompt)) is not None]
    seconds = (time.perf_counter() - began) / len(prompts)
    rate, wrong_rate = sum(caught.values()) / sum(asked.values()), len(wrong) / len(prompts)
    passed = rate >= CAUGHT and wrong_rate <= WRONG
    rows = [[how, asked[how], caught[how]] for how in sorted(asked)]
    Report(
        name="filter",
        claim=f"Of {EVASIONS} evasions of {len(LISTED)} listed words at least {CAUGHT:.0%} are caught, and of {CLEAN} "
        f"clean prompts at most {WRONG:.1%} are blocked.",
        command="python -m bench.filter",
        tables=[
            Table(
                "Outcome",
                ["", "prompts", "blocked", "share"],
                [
                    ["evasions", sum(asked.values()), sum(caught.values()), f"{rate:.2%}"],
                    ["clean prompts", len(prompts), len(wrong), f"{wrong_rate:.2%}"],
                ],
            ),
            Table("Evasions by way", ["way", "prompts", "caught"], rows),
        ],
        notes=[
            f"One prompt takes {1e6 * seconds:.0f} µs on average.",
            *(f"Missed {one}" for one in missed[:10]),
            *(f"Wrongly blocked for {found}: {prompt}" for found, prompt in wrong[:10]),
        ],
        packages=["confusable-homoglyphs"],
        passed=passed,
    ).publish(save=not short)
    sys.exit(not passed)


if __name__ == "__main__":
    main()
