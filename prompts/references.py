"""Pictures and styles by address, number or chance, with weights: `https://... ::2`, `--sref 1234::0.5 random`.

Whether an address may be fetched is not known here.
"""

from urllib.parse import urlsplit

from prompts.errors import BadValue
from prompts.prompt import Address, Code
from prompts.values import decimal, plain, whole

ADDRESS = "an address, https://..."
STYLES = f"{ADDRESS}, a number 0..4294967295, or random"
_LONGEST = 1000


def is_address(word: str) -> bool:
    """Whether the word is meant as an address, good or not."""
    return word.lower().startswith(("http://", "https://", "<http://", "<https://"))


def is_style(word: str) -> bool:
    """Whether the word reads as one more style: an address, a number, or `random`."""
    bare = _split(word.rstrip(","))[0]
    return is_address(word) or bare.lower() == "random" or (bare.isascii() and bare.isdigit() and len(bare) <= 20)


def read_address(word: str, parameter: str) -> Address:
    """An address, perhaps in `<>`, perhaps with `::weight`. Raises BadValue."""
    bare, weight = _split(word.rstrip(","))
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1]
    try:
        parts = urlsplit(bare)
        is_good = is_address(bare) and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    if not is_good or len(bare) > _LONGEST or any(mark in bare for mark in '"<>{}\\'):
        raise BadValue(parameter, word, ADDRESS)
    return Address(bare, _weight(weight, parameter))


def read_subject(text: str) -> Address:
    address = read_address(text, "oref")
    if address.weight is not None:
        raise BadValue("oref", text, f"{ADDRESS} without a weight; --ow has it")
    return address


def read_styles(text: str) -> tuple[Address | Code, ...]:
    return tuple(_style(word) for word in text.split(" ") if word.strip(","))


def write_styles(styles: tuple[Address | Code, ...]) -> str:
    return " ".join(write_address(style) if isinstance(style, Address) else _write_code(style) for style in styles)


def write_address(address: Address) -> str:
    return address.url + _write_weight(address.weight)


def _style(word: str) -> Address | Code:
    if is_address(word):
        return read_address(word, "sref")
    bare, weight = _split(word.rstrip(","))
    if bare.lower() == "random":
        return Code(None, _weight(weight, "sref"))
    try:
        return Code(whole("sref", 0, 2**32 - 1)(bare), _weight(weight, "sref"))
    except BadValue:
        raise BadValue("sref", word, STYLES) from None


def _write_code(code: Code) -> str:
    return ("random" if code.number is None else str(code.number)) + _write_weight(code.weight)


def _split(word: str) -> tuple[str, str | None]:
    bare, mark, weight = word.rpartition("::")
    return (bare, weight) if mark else (word, None)


def _weight(text: str | None, parameter: str) -> float | None:
    if text is None:
        return None
    try:
        return decimal(parameter, 0, 3)(text)
    except BadValue:
        raise BadValue(parameter, f"::{text}", "::0..::3") from None


def _write_weight(weight: float | None) -> str:
    return "" if weight is None else f"::{plain(weight)}"
