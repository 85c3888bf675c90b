"""A list of words that prompts are held against, however they are written. Words match as words: Scunthorpe passes.

An entry is a word, a phrase, or the beginning of words with a `*` behind it ("gor*"). Entries in scripts without
spaces match anywhere. The cost is that of a few look-ups per word of the text, whatever the text.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from prompts.folding import WILD, fold, read

LONGEST_SPLIT, LONGEST_HIDDEN = 12, 40
"""The most pieces a word is looked for in, and the most letters of one with stars in it."""

# Whoever writes "pen is" means two words. Only pieces that are no words by themselves are put together.
_COMMON = frozenset(
    fold(
        """a an am as at be by do go he hi i if in is it me my no of oh ok on or so to up us we and any are art ash ask
    ate bad bag bar bat bed bee big box boy bud bun bus but buy can cap car cat cow cry cup cut day did die dog dry due
    ear eat egg end eye fan far fat few fit fix fly for fox fun gas get got gun guy had has hat hen her hey him his hit
    hot how ice ill ink inn its jam jar jaw jet job joy key kid kit lab lap law lay led leg let lid lie lip lot low mad
    man map mat may men met mid mix mud mug net new nor not now nut oak odd off oil old one our out owl own pad pan paw
    pay pea pen per pet pie pig pin pit pop pot put ram ran rap rat raw ray red rib rid rim rip rob rod row rub rug run
    sad sat saw say sea see set she shy sir sit six sky son spy sum sun tab tag tan tap tar tax tea ten the tie tin tip
    toe ton too top toy try tub two use van vet via war was wax way web wet who why win wit yes yet you zip zoo also
    back ball band bath bear been bell best bird blue boat body bone book born both bowl bush busy cake call calm came
    camp card care cart case cash cave chin city clay club coal coat cold come cook cool core corn crew dark dawn days
    dead deep deer desk does door down draw drop drum dust duty each east edge else even ever face fact fall farm fast
    fear feet fire fish five flag flat flow food foot form four free frog from full fund game gate gave girl give glad
    goat gold gone good gray grey grew hair half hall hand hard have head hear heat help here hero high hill hold hole
    home hope horn hour huge idea into iron item join jump just keep kept kind king kiss knee knew know lake lamb lamp
    land lane last late lead leaf left lens less life lift like limb line lion list live load lock logo long look lord
    lose loss lost love luck made mail main make many mark mask meal mean meat meet milk mind mine mode mood moon more
    most move much must name near neck need nest news next nice nine none nose note once only onto open over pack page
    paid pain pair pale palm park part pass past path peak pick pile pine pink pipe plan play plot plus poem poet pole
    pond pool poor port pose post pull pure push race rain rare rate read real rest rice rich ride ring rise road rock
    role roof room root rope rose rule rush safe said sail salt same sand save seat seed seek seem seen self sell send
    sent ship shoe shop shot show shut sick side sign silk sing site size skin slow snow soft soil sold some song soon
    sort soul soup spot star stay stem step stop such suit sure swim tail take tale talk tall team tell tent term test
    text than that them then they thin this tide tied time tiny told tone took tool tour town tree trip true tube turn
    twin type unit upon used user vast very vest view wake walk wall want warm wash wave weak wear week well went were
    west what when whom wide wife wild will wind wine wing wire wise wish with wolf wood wool word wore work yard yarn
    year your zero zone"""
    ).split()
)
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# One character at a time, so that no text makes it slow. Signs that end sentences count only before a letter, stars
# only between two.
_PIECE = re.compile(r"(?:[^\W_]|[@$€£¢¥¡]|!(?=[^\W_]|[@$|+])|[|+]|(?<=[\w@$*#%])[*#%_](?=[\w@$*#%]))+")
_SPACE = re.compile(r"\s")
_SIGNS = re.compile(r"[!|+]")
_CONTRACTED = re.compile("(?<=[a-z])['\u2019](?:ii|s|re|ue|d|t|m)\\b")  # after folding: "he'll", "I've"


class _Piece(NamedTuple):
    """A run of letters; `touches` the one before it, with no space between them."""

    text: str
    touches: bool


class Blocklist:
    """`find(text)` tells which entry a text holds.

    Args:
        entries: at most a few thousand; blank ones, and ones without a letter, are passed over.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._words: dict[str, list[tuple[list[int], str]]] = {}
        self._beginnings: dict[str, list[tuple[list[int], str]]] = {}
        self._anywhere: dict[str, str] = {}
        self._starts: set[str] = set()
        for entry in entries:
            self._add(entry)

    def __bool__(self) -> bool:
        return bool(self._words or self._beginnings or self._anywhere)

    def find(self, text: str) -> str | None:
        """The first entry that the text holds, as it was listed; None when it holds none."""
        if not self:
            return None
        folded = fold(text)
        if self._anywhere:
            dense = "".join(character for character in folded if character.isalnum())
            for written, entry in self._anywhere.items():
                if written in dense:
                    return entry
        pieces = _pieces(folded)
        for number, piece in enumerate(pieces):
            found = (
                self._whole(piece.text)
                or self._apart(piece.text)
                or self._put_together(pieces[number : number + LONGEST_SPLIT])
            )
            if found is not None:
                return found
        return None

    def _add(self, entry: str) -> None:
        written = fold(entry.strip())
        is_beginning = written.endswith("*")
        word = "".join(read(piece.text) for piece in _pieces(written.rstrip("*")))
        if not any(map(str.isalpha, word)):
            return
        if _SPACELESS.search(word):
            self._anywhere[word] = entry
            return
        squeezed, runs = _squeeze(word)
        (self._beginnings if is_beginning else self._words).setdefault(squeezed, []).append((runs, entry))
        self._starts.update(squeezed[:length] for length in range(1, len(squeezed) + 1))

    def _whole(self, piece: str) -> str | None:
        """The entry that this piece is."""
        word = read(piece)
        if not WILD.isdisjoint(word):
            return self._hidden(word)
        squeezed, runs = _squeeze(word)
        for wanted, entry in self._words.get(squeezed, ()):
            if _stretches(runs, wanted):
                return entry
        for length in range(1, len(squeezed) + 1 if self._beginnings else 0):
            if squeezed[:length] not in self._starts:
                break
            for wanted, entry in self._beginnings.get(squeezed[:length], ()):
                if _stretches(runs[: length - 1], wanted[:-1]) and runs[length - 1] >= wanted[-1]:
                    return entry
        return None

    def _apart(self, piece: str) -> str | None:
        """The entry that stands in this piece between signs that are no letters after all: "nude+lady"."""
        if not _SIGNS.search(piece):
            return None
        return next(filter(None, map(self._whole, filter(None, _SIGNS.split(piece)))), None)

    def _hidden(self, word: str) -> str | None:
        """The entry of four letters and more that this piece is with stars in the place of some letters."""
        stars = sum(character in WILD for character in word)
        if word[0] in WILD or not 4 <= len(word) <= LONGEST_HIDDEN or stars * 2 > len(word):
            return self._whole("".join(one for one in word if one not in WILD)) if stars < len(word) else None
        pattern = re.compile("".join("." if character in WILD else re.escape(character) for character in word))
        for squeezed, listed in self._words.items():
            for runs, entry in listed:
                whole = "".join(letter * run for letter, run in zip(squeezed, runs, strict=True))
                if pattern.fullmatch(whole):
                    return entry
        return self._whole("".join(one for one in word if one not in WILD))

    def _put_together(self, pieces: list[_Piece]) -> str | None:
        """The entry that the first pieces are together: "f u c k", "fu ck", "f.uck", or a listed phrase."""
        together = read(pieces[0].text)
        for end in range(1, len(pieces)):
            if _squeeze(together)[0] not in self._starts:
                return None
            together += read(pieces[end].text)
            found = self._whole(together)
            if found is not None and (" " in found.strip() or _is_split(pieces[: end + 1])):
                return found
        return None


def _is_split(parts: list[_Piece]) -> bool:
    """Whether the parts are pieces of one word and not words: no space between, letters alone, or something odd."""
    if all(part.touches for part in parts[1:]):
        return True
    if all(len(part.text) == 1 for part in parts):
        return len(parts) > 2
    return any(len(part.text) <= 4 and part.text not in _COMMON and not part.text.isdigit() for part in parts)


def _pieces(folded: str) -> list[_Piece]:
    """What stands between spaces and punctuation; signs that stand for letters belong to the word."""
    plain = _CONTRACTED.sub("", folded).replace("'", "").replace("\u2019", "")
    end, pieces = 0, []
    for found in _PIECE.finditer(plain):
        pieces.append(_Piece(found.group(), touches=not _SPACE.search(plain, end, found.start())))
        end = found.end()
    return pieces


def _squeeze(word: str) -> tuple[str, list[int]]:
    """The letters without their repetitions, and how often each stood: "boob" is ("bob", [1, 2, 1])."""
    runs = [(letter, len(list(group))) for letter, group in groupby(word)]
    return "".join(letter for letter, _ in runs), [length for _, length in runs]


def _stretches(runs: list[int], wanted: list[int]) -> bool:
    """Whether the runs are the wanted ones, some perhaps stretched: "good" is not "god", but longer words may be."""
    if sum(wanted) >= 4:
        return all(run >= least for run, least in zip(runs, wanted, strict=True))
    return all(run == least or run >= max(3, least) for run, least in zip(runs, wanted, strict=True))
