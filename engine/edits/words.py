"""Edits in words: an instruction applied to the words of a scene. Knows no pixels and no models.

What can be said is what the pocket model's captions can say: colours, things, places, times of day and styles, changed,
replaced, added or removed. What is to go and is not named goes into what is kept out. Anything else is put behind the
scene as it was typed: a model that knows more may make something of it.
"""

import re
from dataclasses import dataclass

from engine.errors import NothingLeft
from engine.pocket.scenes import phrases

LONGEST = 1000
"""Characters of an instruction that are read."""

_CLAUSE = {"day": "by day", "sunset": "at sunset", "night": "at night", "rain": "in the rain"}
_ALSO = {
    "day": ("day", "daytime", "daylight", "sunny", "noon", "morning"),
    "sunset": ("sunset", "dusk", "evening"),
    "night": ("night", "midnight", "nighttime", "starry", "moonlight"),
    "rain": ("rain", "rainy", "raining"),
}
_STYLED = {"line": "{}, line drawing", "watercolour": "{}, watercolour", "pixel": "{}, pixel art"}


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """The changed scene.

    `thing` is what to look for in the picture when only that changes, in the old words; `without` is what to keep out.
    """

    prompt: str
    thing: str | None = None
    without: str = ""


def rewritten(scene: str, instruction: str) -> Rewrite:
    """`scene` as `instruction` wants it: "make the house blue", "turn the cat into a bird", "add a tree", "night".

    Raises NothingLeft: everything there is was to go.
    """
    instruction = instruction[:LONGEST]
    wish = re.sub(r"^(please|can you|could you|now)\s+", "", instruction.strip().rstrip(".!? ").lower())
    for change in (_removed, _background, _replaced, _coloured, _added, _styled, _timed, _moved):
        if (changed := change(scene.strip(), wish)) is not None:
            return changed
    return Rewrite(prompt=f"{scene.strip()}, {instruction.strip()}".strip(", "))


def scenery(scene: str) -> str:
    """What of a scene is around its things: place, time of day, ground; the scene itself where it has none of them.

    For the part of a canvas that is new: told of its things again, a model would draw them a second time.
    """
    place, time, ground = _surroundings(scene)
    if place is None and time is None:
        return f"{_an(ground)} background" if ground else scene
    where = re.sub(r"^(?:in|on|at|by|among|before|in front of) ", "", place) if place else ""
    return f"{where} {time or ''}".strip()


def placed(thing: str, scene: str) -> str:
    """`thing` where the things of a scene are: "a cat" and "a red house in the snow" become "a cat in the snow"."""
    place, time, ground = _surroundings(scene)
    if place is None and time is None:
        return f"{thing} on {_an(ground)} background" if ground else thing
    return " ".join([thing, *(found for found in (place, time) if found)])


def settled(words: str, scene: str) -> str:
    """Words for a part of a scene: `placed` in it, unless they say themselves where and when."""
    return words if any(_surroundings(words)) else placed(words, scene)


def _surroundings(scene: str) -> tuple[str | None, str | None, str | None]:
    """The words for place and time of day as they stand in a scene, and the colour of its plain ground."""
    place, time = (re.search(rf"\b(?:{words})\b", scene) for words in (_PLACE, _TIME))
    ground = re.search(rf"\b({_COLOR}) (?:background|ground|backdrop)\b|\bon (?:{_A})?({_COLOR})$", scene)
    return place and place[0], time and time[0], ground and (ground[1] or ground[2])


def _either(words: dict[str, tuple[str, ...]]) -> str:
    """A pattern of all wordings, the longest first."""
    return "|".join(sorted((re.escape(word) for said in words.values() for word in said), key=len, reverse=True))


_COLOR, _KIND, _PLACE, _TIME = (_either(phrases(slot)) for slot in ("color", "kind", "place", "time"))
_A = r"(?:(?:an?|the|one|that|this)\s)"
_DETERMINER = r"(?:a single|an?|the|one|two|three|four|\d+|some|this|that|his|her|its|their)"
_SIZE = r"(?:small|tiny|little|large|big|huge)"
_SPOT = (
    r"(?:on|at|in|near) the (?:(?:top|bottom|upper|lower) )?(?:left|right|top|bottom|middle|cent(?:er|re))"
    r"(?: side| corner)?(?! of)\b"
)
_JOINT = (
    r"(?:(?:to|on) the (?:left|right) of|(?:left|right) of|on top of|next to|in front of|above|below|under|over|beside"
    r"|beneath|behind|among|before|near|around|during|with|without|inside|into|from|in|on|at|by|of|to|and)"
)
"""What joins a thing to the words before it, and goes with it."""
_BEGIN = rf"(?:^|,?\s+)(?:{_JOINT}\s+)?(?:{_DETERMINER}\s+)?"
"""What goes with the words for a place or a time: "in the snow" is one, "over the snow" holds one."""
_BACK = r"(?:background|ground|backdrop)"
_GROUND = re.compile(
    rf",? (?:on|in front of) {_A}?(?:{_COLOR})(?: {_BACK}\b|(?=$|,))|, (?:{_COLOR}) {_BACK}\b"
    rf"|^(?:on|in front of) {_A}?(?:{_COLOR}) {_BACK},? "
)
_NAMES = {
    "place": {key: (key, *said) for key, said in phrases("place").items()},
    "time": {key: (*_ALSO[key], *said) for key, said in phrases("time").items()},
}
"""What a wish for a place or a time may call it."""


def _background(scene: str, wish: str) -> Rewrite | None:
    wanted = re.search(rf"\b({_COLOR}) {_BACK}|{_BACK} (?:to )?({_COLOR})\b", wish)
    if wanted is None:
        return None
    bare = _bare(scene, rf"{_PLACE}|{_TIME}")
    ground = f"{_an(wanted[1] or wanted[2])} background"
    return Rewrite(prompt=f"{bare} on {ground}" if bare else ground)


def _bare(scene: str, around: str) -> str:
    """A scene without its ground, and without its place or time where `around` says so."""
    return re.sub(rf"{_BEGIN}(?:{around})\b", "", _GROUND.sub("", scene)).strip(" ,")


def _removed(scene: str, wish: str) -> Rewrite | None:
    named = re.match(r"(?:remove|delete|erase|take away|get rid of|without|no)\s+(.{1,80})$", wish)
    if named is None:
        return None
    each = (
        re.sub(rf"^(?:(?:{_DETERMINER}|{_JOINT})(?:\s+|$))+", "", name.strip())
        for name in re.split(r",|\band\b", named[1])
    )
    names = [name for name in each if name]
    if not names:
        return None
    left, things, missing = scene, [], []
    for name in names:
        if name in ("it", "all", "everything"):
            raise NothingLeft
        thing, rest = _without(left, name)
        things += [thing] if thing else []
        missing += [name] if rest == left else []
        left = rest
    if not re.search(r"\w", left):
        raise NothingLeft
    return Rewrite(prompt=left, thing=things[0] if len(names) == 1 and things else None, without=", ".join(missing))


def _without(scene: str, name: str) -> tuple[str | None, str]:
    """What to look for in the picture, and the scene without what is called so: the same scene when it has no such."""
    if not re.search(rf"\b(?:{_KIND})(?:e?s)?\b", name):
        for slot, said in (("place", _PLACE), ("time", _TIME)):
            found = re.search(rf"{_BEGIN}(?P<words>{said})\b", scene, re.IGNORECASE)
            meant = _last_named(slot, name)
            if found and (
                re.search(rf"\b{re.escape(name)}\b", found["words"], re.IGNORECASE)
                or (meant and meant == _last_named(slot, found["words"].lower()))
            ):
                return None, _tidied(scene[: found.start()] + scene[found.end() :])
        if re.search(rf"\b{_BACK}$", name):
            return None, _tidied(_bare(scene, rf"{_PLACE}|{_TIME}"))
    thing = _named_in(scene, name)
    if thing is None:
        return name, scene
    described = rf"{_DETERMINER}\s+(?:(?!(?:{_JOINT}|{_DETERMINER})\b)[\w'-]+\s+){{0,3}}?|(?:{_SIZE}\s+)*"
    words = rf"(?:{described})\b{re.escape(thing)}\b(?:\s+(?:that is|in) (?:{_COLOR})\b)?(?:\s+{_SPOT})?"
    joint = rf"(?:\s*,\s*|\s+(?:{_JOINT}|\w+ing(?=\s+{_DETERMINER}\s))\s+)"
    left = re.sub(f"{joint}{words}", "", scene, count=1, flags=re.IGNORECASE)
    if left == scene:
        left = re.sub(rf"^{words}(?:\s*,|\s+{_JOINT}\b)?|{words}", "", scene, count=1, flags=re.IGNORECASE)
    return thing, _tidied(left)


def _tidied(scene: str) -> str:
    """A scene that lost some words, without what hangs in the air: "in the snow" alone is no scene, "the snow" is."""
    scene = re.sub(r"\s+(?=,|$)", "", " ".join(scene.split()))
    begun = re.sub(rf"^(?:(?:{_JOINT}|while)\b|[\s,])+", "", scene, flags=re.IGNORECASE)
    return re.sub(rf"(?:[\s,]|(?:^|\s)(?:{_JOINT}|{_DETERMINER}))+$", "", begun, flags=re.IGNORECASE)


def _replaced(scene: str, wish: str) -> Rewrite | None:
    pair = re.match(
        rf"(?:replace|swap|change|turn|exchange|make)\s+{_A}?(.{{1,60}}?)\s+(?:with|by|for|into|to)\s+(?:be\s+)?(.{{1,80}})$",
        wish,
    )
    if pair is None or (thing := _named_in(scene, pair[1])) is None:
        return None
    new = re.sub(rf"^{_A}", "", pair[2])
    if re.fullmatch(_COLOR, new):
        return _coloured(scene, f"make the {pair[1]} {new}")
    if not re.search(rf"\b(?:{_KIND})(?:e?s)?\b", new):
        return None
    if not re.match(rf"(?:{_COLOR})\b", new) and (color := re.match(rf"({_COLOR})\s", thing)):
        new = f"{color[1]} {new}"
    return Rewrite(prompt=_swapped(scene, thing, new), thing=thing)


def _coloured(scene: str, wish: str) -> Rewrite | None:
    pair = re.match(
        rf"(?:make|turn|paint|colou?r|let|change)\s+(?:{_A})?(.{{1,60}}?)\s+(?:be\s+|into\s+|to\s+)?({_COLOR})$", wish
    )
    if pair is None:
        return None
    first = re.search(rf"\b(?:(?:{_COLOR})\s+)?(?:{_KIND})\b", scene)
    thing = first[0] if pair[1] in ("it", "thing") and first else _named_in(scene, pair[1])
    if thing is None:
        return None
    return Rewrite(prompt=_swapped(scene, thing, f"{pair[2]} {re.sub(rf'^(?:{_COLOR}) ', '', thing)}"), thing=thing)


def _added(scene: str, wish: str) -> Rewrite | None:
    more = re.match(r"(?:add|put|place|insert|draw|include)\s+(.{1,120})$", wish)
    if more is None or re.match(r"(?:it|this|that|everything)\b", more[1]):
        return None
    first = re.match(rf"{_A}?(?:(?:{_COLOR})\s)?(?:{_KIND})s?\b", scene)
    if first is None:
        bare = re.match(rf"(?:{_DETERMINER}\s+)?(?P<words>{_PLACE})\b", scene)
        if bare and (place := _last_named("place", bare["words"])):
            return Rewrite(prompt=f"{more[1]} {phrases('place')[place][0]}{scene[bare.end() :]}")
        return Rewrite(prompt=f"{scene} and {more[1]}" if scene else more[1])
    return Rewrite(prompt=f"{first[0]} and {more[1]}{scene[first.end() :]}")


def _styled(scene: str, wish: str) -> Rewrite | None:
    for style, pattern in _STYLED.items():
        words = {said.replace("{}", "").strip(" ,") for said in phrases("style")[style]} | {style}
        names = {re.sub(r"^(?:an?|in|as) | (?:of|style)$|painting of$", "", word).strip() for word in words}
        if any(re.search(rf"\b{re.escape(name)}\b", wish) for name in names if len(name) > 3):
            return Rewrite(prompt=pattern.format(re.sub(r", (?:line drawing|watercolour|pixel art)$", "", scene)))
    return None


def _timed(scene: str, wish: str) -> Rewrite | None:
    time = _last_named("time", wish)
    if time is None:
        return None
    bare = re.sub(r"^(?:rain|a starry night|sunset) over ", "", _bare(scene, _TIME))
    if not bare or any(bare in names for names in _NAMES["time"].values()):
        return Rewrite(prompt=_tidied(_CLAUSE[time]))
    return Rewrite(prompt=f"{bare} {_CLAUSE[time]}")


def _moved(scene: str, wish: str) -> Rewrite | None:
    place = _last_named("place", wish)
    if place is None:
        return None
    known = re.search(rf"(?:\b{_DETERMINER}\s+)?\b(?:{_PLACE})\b", scene)
    if known and not re.match(rf"{_JOINT}\b", known[0]):
        alone = next(words for words in phrases("place")[place] if not re.match(rf"{_JOINT}\b", words))
        return Rewrite(prompt=f"{scene[: known.start()]}{alone}{scene[known.end() :]}")
    time = re.search(rf"\b(?:{_TIME})\b", scene)
    bare = _bare(scene, rf"{_PLACE}|{_TIME}")
    words = " ".join(part for part in (bare, phrases("place")[place][0], time and time[0]) if part)
    return Rewrite(prompt=words if bare else _tidied(words))


def _last_named(slot: str, wish: str) -> str | None:
    """Which place or time a wish is for: of "turn day into night" the last, of "day instead of night" the first."""
    wish = re.sub(r"\s+(?:instead of|rather than|not)\s.*$", "", wish)
    found = [
        (match.end(), len(name), key)
        for key, names in _NAMES[slot].items()
        for name in names
        for match in re.finditer(rf"\b{re.escape(name)}\b", wish)
    ]
    return max(found)[2] if found else None


def _named_in(scene: str, name: str) -> str | None:
    """How the scene calls what `name` means: "house" -> "red house", "home" as well; None when it has no such thing."""
    kind = re.search(rf"\b(?:{_KIND})(?=s?\b)", name)
    words = kind[0] if kind else name
    alike = next((said for said in phrases("kind").values() if words in said), (words,))
    either = "|".join(re.escape(word) for word in sorted(alike, key=len, reverse=True))
    color = re.match(rf"({_COLOR})\b", name)
    found = re.search(rf"\b(?:{color[1] if color else _COLOR})\s+(?:{either})s?\b", scene, re.IGNORECASE)
    found = found or re.search(rf"\b(?:{either})s?\b", scene, re.IGNORECASE)
    return found[0] if found else None


def _swapped(scene: str, old: str, new: str) -> str:
    """`new` for `old`, with the right article before it."""
    return re.sub(
        rf"\b(?:(an?)\s+)?{re.escape(old)}",
        lambda found: _an(new) if found[1] else new,
        scene,
        count=1,
        flags=re.IGNORECASE,
    )


def _an(words: str) -> str:
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"
