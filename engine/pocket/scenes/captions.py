"""The captions' grammar: many ways to say one scene, with noise a person might type. It knows no pixels."""

import random
import string
from typing import Literal

from .scene import COLORS, KINDS, OBJECTS, Scene, Thing

_COLOR_WORDS = {
    "gray": ("gray", "grey", "gray"),
    "purple": ("purple", "purple", "violet"),
    "teal": ("teal", "teal", "turquoise"),
}
_KIND_WORDS = {
    "circle": ("circle", "circle", "disc", "dot"),
    "square": ("square",),
    "cross": ("cross", "cross", "plus sign"),
    "ring": ("ring", "ring", "donut"),
    "diamond": ("diamond", "diamond", "rhombus"),
    "house": ("house", "house", "cottage", "home"),
    "tree": ("tree",),
    "pine": ("pine", "pine tree", "fir tree"),
    "palm": ("palm", "palm tree"),
    "car": ("car", "car", "automobile"),
    "boat": ("boat", "sailboat", "ship"),
    "cat": ("cat", "cat", "kitten"),
    "balloon": ("balloon", "hot air balloon"),
    "rocket": ("rocket", "rocket", "spaceship"),
    "mushroom": ("mushroom", "mushroom", "toadstool"),
}
_PLURALS = {"fish": "fish", "cactus": "cacti", "cross": "crosses"}
_NUMBERS = {1: ("one", "1", "a single"), 2: ("two", "2"), 3: ("three", "3"), 4: ("four", "4")}
_SIZES = {"small": ("small", "tiny", "little"), "large": ("large", "big", "huge")}
_SPOTS = {
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "top": ("at the top", "near the top"),
    "bottom": ("at the bottom", "near the bottom"),
    "middle": ("in the middle", "in the center", "in the centre", "centered"),
    "top left": ("in the top left corner", "at the top left", "in the upper left"),
    "top right": ("in the top right corner", "at the top right", "in the upper right"),
    "bottom left": ("in the bottom left corner", "at the bottom left", "in the lower left"),
    "bottom right": ("in the bottom right corner", "at the bottom right", "in the lower right"),
}
_RELATIONS = {
    "left": ("to the left of", "left of", "on the left of"),
    "right": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over", "on top of"),
    "below": ("below", "under", "beneath"),
    "beside": ("next to", "beside", "and", "with", "and"),
}
_OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above", "beside": "beside"}
_PLACES = {
    "meadow": ("in a meadow", "in the meadow", "on a flowery meadow", "in a field", "on the grass"),
    "forest": ("in a forest", "in the forest", "in the woods", "among trees"),
    "sea": ("at sea", "on the sea", "in the sea", "on the ocean", "on the water"),
    "beach": ("on a beach", "on the beach", "on a sandy beach", "by the beach"),
    "desert": ("in a desert", "in the desert", "among sand dunes"),
    "mountains": ("in the mountains", "in front of mountains", "before snowy mountains"),
    "city": ("in a city", "in the city", "in a town", "on a city street", "in front of skyscrapers"),
    "snow": ("in the snow", "in a snowy landscape", "in a winter landscape", "on snow"),
}
_BARE = {
    "meadow": ("a meadow", "a green meadow", "a field of flowers", "the meadow"),
    "forest": ("a forest", "the forest", "the woods", "a pine forest"),
    "sea": ("the sea", "the ocean", "a calm sea", "waves on the sea"),
    "beach": ("a beach", "the beach", "a sandy beach"),
    "desert": ("a desert", "the desert", "sand dunes"),
    "mountains": ("mountains", "the mountains", "snowy mountains"),
    "city": ("a city", "the city", "a city skyline", "skyscrapers"),
    "snow": ("snow", "a snowy landscape", "a winter landscape"),
}
_TIMES = {
    "day": ("by day", "on a sunny day", "during the day", "in daylight", "under a blue sky", "on a bright day"),
    "sunset": ("at sunset", "at dusk", "in the evening", "under a sunset sky", "in the evening light"),
    "night": (
        "at night", "under a starry night sky", "by night", "on a starry night", "under the stars",
        "in the moonlight", "under the night sky", "at night under a starry sky",
    ),
    "rain": ("in the rain", "on a rainy day", "while it rains", "under rain clouds", "in rainy weather"),
}  # fmt: skip
_STYLES = {
    "line": ("line drawing of {}", "{}, line drawing", "{} as a line drawing", "a sketch of {}", "{}, line art"),
    "watercolour": ("watercolour of {}", "{}, watercolour", "a watercolor painting of {}", "{} in watercolor"),
    "pixel": ("pixel art of {}", "{}, pixel art", "{} in pixel art style", "8 bit {}, pixel art"),
}
_FLAT = ("{}, flat illustration", "a flat illustration of {}", "{}, flat style")
_OPENERS = ("a picture of {}", "an image of {}", "a drawing of {}", "draw {}", "please draw {}", "illustration of {}",
            "i want {}", "there is {}", "show me {}", "an illustration of {}")  # fmt: skip
_FILLERS = (
    "highly detailed", "masterpiece", "best quality", "beautiful", "4k", "8k", "trending on artstation", "cute",
    "high quality", "award winning", "digital art", "sharp focus", "professional", "simple", "minimalist",
    "vivid colors", "by a famous artist", "very nice", "stunning", "cinematic lighting", "children's book illustration",
    "clean", "lovely",
)  # fmt: skip


def caption(scene: Scene, rng: random.Random, *, plain: bool = False) -> str:
    """Say the scene in words, lower case mostly; `plain` leaves out omissions, filler and noise (for measuring)."""
    body = _body(scene, rng, plain)
    if scene.style != "flat":
        body = rng.choice(_STYLES[scene.style]).format(body)
    elif not plain and rng.random() < 0.05:
        body = rng.choice(_FLAT).format(body)
    return body if plain else _noisy(body, rng)


def add_filler(text: str, rng: random.Random) -> str:
    """Add one to three filler phrases and perhaps a word nobody knows."""
    parts: list[str] = rng.sample(_FILLERS, rng.randint(1, 3))
    if rng.random() < 0.4:
        parts.append("".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 9))))
    rng.shuffle(parts)
    cut = rng.choice((0, len(parts), rng.randint(0, len(parts))))
    return ", ".join([*parts[:cut], text, *parts[cut:]])


def _noisy(body: str, rng: random.Random) -> str:
    if rng.random() < 0.12:
        body = rng.choice(_OPENERS).format(body)
    if rng.random() < 0.14:
        body = add_filler(body, rng)
    if rng.random() < 0.04:
        words = body.split(" ")
        words.insert(
            rng.randrange(len(words) + 1), "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 8)))
        )
        body = " ".join(words)
    roll = rng.random()
    if roll < 0.1:
        body = body.replace(",", "")
    elif roll < 0.2:
        body += "."
    if rng.random() < 0.06:
        body = " ".join(word for word in body.split(" ") if word not in ("a", "an", "the"))
    return body


def _article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _color(color: str, rng: random.Random) -> str:
    return rng.choice(_COLOR_WORDS.get(color, (color,)))


def _kind(kind: str, rng: random.Random) -> str:
    return rng.choice(_KIND_WORDS.get(kind, (kind,)))


def _noun(thing: Thing, rng: random.Random, size: str | None = None, *, plain: bool = False) -> str:
    """Name one thing without its article: "small red house"."""
    kind, color = _kind(thing.kind, rng), _color(thing.color, rng)
    words = kind if not plain and rng.random() < 0.05 else f"{color} {kind}"
    if size:
        words = f"{rng.choice(_SIZES[size])} {words}"
    elif not plain and rng.random() < 0.04:
        words = f"{rng.choice(('cute', 'nice', 'simple', 'pretty', 'lovely'))} {words}"
    return words


def _plural(kind: str, rng: random.Random) -> str:
    words = _kind(kind, rng)
    last = words.split(" ")[-1]
    return words[: len(words) - len(last)] + _PLURALS.get(
        last, last + ("es" if last.endswith(("s", "x", "sh")) else "s")
    )


def _things(scene: Scene, rng: random.Random, plain: bool) -> str:
    things = scene.things
    if len(things) == 2 and scene.relation:
        return _two(scene, rng, plain)
    if len(things) > 1:
        words = f"{_color(things[0].color, rng)} {_plural(things[0].kind, rng)}"
        return f"{rng.choice(_NUMBERS[len(things)])} {words}"
    first = scene.things[0]
    noun = _noun(first, rng, scene.said_size, plain=plain)
    if scene.category == "count" and (plain or rng.random() < 0.6):
        return f"{rng.choice(_NUMBERS[1])} {noun}"
    roll = rng.random()
    if roll < 0.06 and " " in noun and scene.said_size is None and not plain:
        return f"{_article(_kind(first.kind, rng))} in {_color(first.color, rng)}"
    if roll < 0.1 and first.kind in OBJECTS and scene.said_size is None and not plain:
        return f"a {_kind(first.kind, rng)} that is {_color(first.color, rng)}"
    return noun if roll > 0.85 else _article(noun)


def _two(scene: Scene, rng: random.Random, plain: bool) -> str:
    a, b = scene.things
    relation = scene.relation or "beside"
    if relation in ("left", "right") and rng.random() < 0.2:
        left, right = (a, b) if relation == "left" else (b, a)
        sides = [
            f"{_article(_noun(left, rng, plain=plain))} on the left",
            f"{_article(_noun(right, rng, plain=plain))} on the right",
        ]
        if rng.random() < 0.5:
            sides.reverse()
        return " and ".join(sides)
    if rng.random() < 0.5:
        a, b, relation = b, a, _OPPOSITE[relation]
    first, second = (_article(_noun(thing, rng, plain=plain)) for thing in (a, b))
    return f"{first} {rng.choice(_RELATIONS[relation])} {second}"


def _body(scene: Scene, rng: random.Random, plain: bool) -> str:
    if not scene.things:
        return _bare(scene, rng, plain)
    words = _things(scene, rng, plain)
    if scene.said_spot:
        words = f"{words} {rng.choice(_SPOTS[scene.said_spot])}"
    if scene.time is None:
        if not plain and rng.random() < 0.05:
            return words
        ground = _color(scene.ground or "white", rng)
        back = rng.choice(("background", "background", "background", "ground", "backdrop"))
        roll = rng.random()
        if roll < 0.55:
            return f"{words} on {_article(ground)} {back}"
        if roll < 0.75:
            return f"{words}, {ground} {back}"
        if roll < 0.87:
            return f"{words} on {ground}"
        if roll < 0.94:
            return f"on {_article(ground)} {back}, {words}"
        return f"{words} in front of {_article(ground)} {back}"
    where = rng.choice(_PLACES[scene.place]) if scene.place else ""
    when = rng.choice(_TIMES[scene.time])
    if scene.time == "day" and scene.place and (rng.random() < (0.2 if plain else 0.5)):
        when = ""
    if where and when and rng.random() < 0.12:
        return f"{when}, {words} {where}" if rng.random() < 0.5 else f"{words} {when} {where}"
    return " ".join(part for part in (words, where, when) if part)


def _bare(scene: Scene, rng: random.Random, plain: bool) -> str:
    words = rng.choice(_BARE[scene.place or "meadow"])
    time = scene.time or "day"
    if time == "day" and not plain and rng.random() < 0.4:
        return words
    roll = rng.random()
    if roll < 0.15 and time == "rain":
        return f"rain over {words}"
    if roll < 0.15 and time == "night":
        return f"a starry night over {words}"
    if roll < 0.15 and time == "sunset":
        return f"sunset over {words}"
    return f"{words} {rng.choice(_TIMES[time])}"


def vocabulary() -> list[str]:
    """Return every word the grammar can say (noise apart), sorted."""
    said = [
        *_OPENERS,
        *_FILLERS,
        *_FLAT,
        "background backdrop ground front nice simple pretty lovely cute that is single",
    ]
    tables = (_COLOR_WORDS, _KIND_WORDS, _NUMBERS, _SIZES, _SPOTS, _RELATIONS, _PLACES, _BARE, _TIMES, _STYLES)
    for table in tables:
        for words in table.values():
            said.extend(words)
    said.extend(COLORS)
    rng = random.Random(0)
    for kind in KINDS:
        said.extend((kind, *(_plural(kind, rng) for _ in range(12))))
    said.append("rain over starry night sunset over in on and of")
    text = " ".join(said).replace("{}", " ").replace("'", " ").replace(",", " ")
    return sorted(set(text.split()))


def phrases(slot: Literal["color", "kind", "place", "time", "style"]) -> dict[str, tuple[str, ...]]:
    """Return how captions say each value of a slot; those of a style have {} where the rest stands."""
    match slot:
        case "color":
            return {color: tuple(dict.fromkeys(_COLOR_WORDS.get(color, (color,)))) for color in COLORS}
        case "kind":
            return {kind: tuple(dict.fromkeys(_KIND_WORDS.get(kind, (kind,)))) for kind in KINDS}
        case "place":
            return {place: words + _BARE[place] for place, words in _PLACES.items()}
        case "time":
            return dict(_TIMES)
        case "style":
            return dict(_STYLES)
