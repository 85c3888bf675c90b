"""LoRAs and their schedules as written: `NAME:0.8`, `NAME:0..0.4=1,0.4..1=1..0.2`, `NAME:double=1,single3..7=0`.

Knows no registry: a name is any short text.
"""

from prompts.errors import BadValue, MissingValue
from prompts.prompt import Block, Blocks, Lora, Ramp, Ramps
from prompts.values import decimal, is_decimal, plain, quoted, whole
from prompts.words import TAG, unquote

LORA = "NAME or NAME:WEIGHT, weights -10..10"
STEPS = "NAME:START..END=WEIGHT or NAME:START..END=WEIGHT..WEIGHT, shares 0..1, such as NAME:0..0.4=1,0.4..1=1..0"
BLOCKS = "NAME:double=WEIGHT,single=WEIGHT,single3..7=WEIGHT"
_FORBIDDEN = '"<>{}\\:,'
_LONGEST = 100
_INDEX = whole("lora-blocks", 0, 999)
_WEIGHT = decimal("lora", -10, 10)


def is_tag(word: str) -> bool:
    return word.lower().startswith(TAG) and word.endswith(">")


def read_tag(word: str) -> tuple[Lora, ...]:
    """`<lora:NAME:0.8>`. Raises BadValue, MissingValue."""
    inside = word[len(TAG) : -1]
    if not inside.strip():
        raise MissingValue("lora", LORA)
    return read_lora(inside)


def read_lora(text: str) -> tuple[Lora, ...]:
    """`NAME` or `NAME:WEIGHT`. Raises BadValue."""
    name, colon, weight = unquote(text).partition(":")
    try:
        return (Lora(_name(name), _WEIGHT(weight.strip()) if colon else 1.0),)
    except BadValue:
        raise BadValue("lora", text, LORA) from None


def write_lora(loras: tuple[Lora, ...]) -> str:
    (lora,) = loras
    return quoted(f"{lora.name}:{plain(lora.weight)}")


def read_steps(text: str) -> tuple[Ramps, ...]:
    """Raises BadValue."""
    try:
        name, pieces = _pieces(text)
        ramps: list[Ramp] = []
        for span, weight in pieces:
            start, end = _span(span)
            first, to, last = weight.partition("..")
            ramps.append(Ramp(start, end, _WEIGHT(first), _WEIGHT(last) if to else _WEIGHT(first)))
        _check_order(ramps)
        return (Ramps(name, tuple(ramps)),)
    except (BadValue, ValueError):
        raise BadValue("lora-steps", text, STEPS) from None


def write_steps(schedules: tuple[Ramps, ...]) -> str:
    (schedule,) = schedules
    pieces = (
        f"{plain(ramp.start)}..{plain(ramp.end)}={plain(ramp.first)}"
        + ("" if ramp.last == ramp.first else f"..{plain(ramp.last)}")
        for ramp in schedule.ramps
    )
    return quoted(f"{schedule.name}:{','.join(pieces)}")


def read_blocks(text: str) -> tuple[Blocks, ...]:
    """Raises BadValue."""
    try:
        name, pieces = _pieces(text)
        return (Blocks(name, tuple(_block(which, weight) for which, weight in pieces)),)
    except (BadValue, ValueError):
        raise BadValue("lora-blocks", text, BLOCKS) from None


def write_blocks(schedules: tuple[Blocks, ...]) -> str:
    (schedule,) = schedules
    pieces = []
    for block in schedule.blocks:
        which = ""
        if (block.first, block.last) != (0, None):
            which = str(block.first) if block.first == block.last else f"{block.first}..{block.last}"
        pieces.append(f"{block.kind}{which}={plain(block.weight)}")
    return quoted(f"{schedule.name}:{','.join(pieces)}")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= _LONGEST or any(mark in name for mark in _FORBIDDEN) or name[0] in "-—–":
        raise BadValue("lora", text, LORA)
    return name


def _pieces(text: str) -> tuple[str, list[tuple[str, str]]]:
    name, _, rest = unquote(text).partition(":")
    pieces = [tuple(piece.strip().split("=")) for piece in rest.split(",") if piece.strip()]
    if not pieces:
        raise ValueError
    return _name(name), [(which, weight) for which, weight in pieces]


def _span(text: str) -> tuple[float, float]:
    start, _, end = text.partition("..")
    if not (is_decimal(start) and is_decimal(end)):
        raise ValueError
    return float(start), float(end)


def _check_order(ramps: list[Ramp]) -> None:
    reached = 0.0
    for ramp in ramps:
        if not reached <= ramp.start < ramp.end <= 1:
            raise ValueError
        reached = ramp.end


def _block(which: str, weight: str) -> Block:
    for kind in ("double", "single"):
        if which.lower().startswith(kind):
            indices = which[len(kind) :]
            if not indices:
                return Block(kind, 0, None, _WEIGHT(weight))
            first, to, last = indices.partition("..")
            if not all(
                index.isascii() and index.isdigit() and len(index) <= 3 for index in (first, last if to else first)
            ):
                raise ValueError
            begin, end = int(first), int(last if to else first)
            if begin > end:
                raise ValueError
            return Block(kind, begin, end, _WEIGHT(weight))
    raise ValueError
