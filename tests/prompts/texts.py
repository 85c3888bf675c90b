"""Texts and prompts for property tests: what the grammar is made of, and what strangers type."""

from hypothesis import strategies as st

from prompts import PARAMETERS, Address, Block, Blocks, Code, Lora, Part, Prompt, Ramp, Ramps
from prompts.parameters import SCHEDULERS

_MARKS = ["--", "—", "–", "-", "=", ",", ":", "::", "..", " ", " ", "\n", '"', "“", "”", "{", "}", "\\", "\\,", "\\{"]
_WORDS = [
    "a",
    "cat",
    "red house",
    "5",
    "2.5",
    "-1",
    "3:2",
    "512x768",
    "random",
    "https://a.example/b.png",
    "<lora:",
    ">",
]
_VALUES = [
    "NAME:0..0.4=1",
    "x:double=1,single3..7=0",
    "euler",
    "::2",
    "::-.5",
    "@everyone",
    "\x00",
    "\ud800",
    "²",
    "no",
]
_NAMES = [f"{dash}{name}" for one in PARAMETERS for name in (one.name, *one.aliases) for dash in ("--", " --")]

PIECES = [*_MARKS, *_WORDS, *_VALUES, *_NAMES]
GLUE = ["", " "]

pieces = st.sampled_from(PIECES) | st.text(max_size=6)


def glued(choices: bytes, glue: str) -> str:
    """A text by bytes: one draw for all of its pieces, ten times quicker than a list of draws."""
    return glue.join(PIECES[choice] if choice < len(PIECES) else chr(choice) for choice in choices)


texts = st.builds(glued, st.binary(max_size=24), st.sampled_from(GLUE)) | st.lists(pieces, max_size=6).map(" ".join)
"""Anything at all, but hitting the grammar often."""

words = st.text("abcXYZé4.:=-", min_size=1, max_size=8).filter(lambda word: word[0] not in "-:" and "::" not in word)
_plain_words = st.text("abcXYZé", min_size=1, max_size=8)
_phrases = st.lists(_plain_words, min_size=1, max_size=4).map(" ".join)
_weights = st.integers(-1000, 1000).map(lambda number: number / 8)
_small = st.integers(0, 24).map(lambda number: number / 8)
_shares = st.lists(st.integers(0, 100), min_size=2, max_size=6, unique=True).map(sorted)
_terms = st.integers(1, 10_000)
_addresses = st.builds(
    Address,
    st.builds("https://{}.example/{}.png".format, _plain_words.filter(str.isascii), st.integers(0, 99)),
    st.none() | _small,
)


def _ramps(name: str, shares: list[int], weights: list[float]) -> Ramps:
    spans = zip(shares, shares[1:], weights, weights[1:], strict=False)
    return Ramps(name, tuple(Ramp(start / 100, end / 100, first, last) for start, end, first, last in spans))


_factors = st.integers(-80, 80).map(lambda number: number / 8)
_schedules = st.builds(_ramps, _phrases, _shares, st.lists(_factors, min_size=6, max_size=6))
_indices = st.integers(0, 999)
_block = st.builds(Block, st.sampled_from(["double", "single"]), st.just(0), st.none(), _factors) | st.builds(
    lambda kind, pair, weight: Block(kind, min(pair), max(pair), weight),
    st.sampled_from(["double", "single"]),
    st.tuples(_indices, _indices),
    _factors,
)


def _whole_prompt(parts: list[Part], **fields: object) -> Prompt:
    """A multi-prompt where there are several parts with a good sum, else a plain one."""
    if len(parts) > 1 and sum(part.weight for part in parts) > 0.01:
        return Prompt(text=", ".join(part.text for part in parts), parts=tuple(parts), **fields)  # type: ignore[arg-type]
    return Prompt(text=parts[0].text, **fields)  # type: ignore[arg-type]


def _tuples(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.just(()) | st.lists(strategy, max_size=3).map(tuple)


_shape = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"aspect": st.tuples(_terms, _terms).filter(lambda pair: max(pair) <= 4 * min(pair))}),
    st.fixed_dictionaries({"size": st.tuples(st.integers(64, 4096), st.integers(64, 4096))}),
    st.sampled_from([{"draft": True}, {"hd": True}]),
)
_haste = st.sampled_from([{}, {"fast": True}, {"relax": True}])

_fields = st.fixed_dictionaries(
    {},
    optional={
        "images": _tuples(_addresses),
        "seed": st.integers(0, 2**32 - 1),
        "steps": st.integers(1, 100),
        "guidance": st.floats(0, 30, allow_subnormal=False).map(abs),
        "quality": st.floats(0.25, 4),
        "stop": st.integers(10, 100),
        "stylize": st.integers(0, 1000),
        "chaos": st.integers(0, 100),
        "weird": st.integers(0, 3000),
        "image_weight": _small,
        "styles": _tuples(_addresses | st.builds(Code, st.none() | st.integers(0, 2**32 - 1), st.none() | _small)),
        "style_weight": st.integers(0, 1000),
        "subject": _addresses.map(lambda address: Address(address.url)),
        "subject_weight": st.integers(0, 1000),
        "no": _tuples(_phrases),
        "repeat": st.integers(1, 10),
        "model": words,
        "scheduler": st.sampled_from(SCHEDULERS),
        "loras": _tuples(st.builds(Lora, _phrases, _factors)),
        "lora_steps": _tuples(_schedules),
        "lora_blocks": _tuples(st.builds(Blocks, _phrases, st.lists(_block, min_size=1, max_size=3).map(tuple))),
        "tile": st.booleans(),
        "raw": st.booleans(),
    },
)

prompts = st.builds(
    lambda parts, fields, shape, haste: _whole_prompt(parts, **fields, **shape, **haste),
    st.lists(st.builds(Part, _phrases | st.just('a sign "--no {x}"'), _weights), min_size=1, max_size=4),
    _fields,
    _shape,
    _haste,
)
"""Prompts with every field of the language."""
