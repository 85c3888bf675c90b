"""Edits in words: an instruction applied to the words of a scene. Knows no pixels and no models.

What can be said is what the pocket model's captions can say: colours, things, places, times of day and styles, changed,
replaced, added or removed. Anything else is put behind the scene as it was typed: a model that knows more may make
something of it.
"""

import re
from dataclasses import dataclass

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
    """The changed scene; `thing` is what to look for in the picture when only that changes, in the old words."""

    prompt: str
    thing: str | None = None


def rewritten(scene: str, instruction: str) -> Rewrite:
    """`scene` as `instruction` wants it: "make the house blue", "turn the cat into a bird", "add a tree", "night"."""
    instruction = instruction[:LONGEST]
    wish = re.sub(r"^(please|can you|could you|now)\s+", "", instruction.strip().rstrip(".!? ").lower())
    for change in (_background, _removed, _replaced, _coloured, _added, _styled, _timed, _moved):
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
_GROUND = re.compile(
    rf",? (?:on|in front of) {_A}?(?:{_COLOR})(?: background| ground| backdrop)?$|, (?:{_COLOR}) background"
)


def _background(scene: str, wish: str) -> Rewrite | None:
    wanted = re.search(
        rf"\b({_COLOR}) (?:background|ground|backdrop)|(?:background|ground|backdrop) (?:to )?({_COLOR})\b", wish
    )
    if wanted is None:
        return None
    bare = re.sub(rf"\s+(?:{_PLACE}|{_TIME})\b", "", _GROUND.sub("", scene))
    return Rewrite(prompt=f"{bare} on {_an(wanted[1] or wanted[2])} background")


def _removed(scene: str, wish: str) -> Rewrite | None:
    named = re.match(rf"(?:remove|delete|erase|take away|get rid of|without|no)\s+{_A}?(.{{1,80}})$", wish)
    if named is None:
        return None
    thing = _named_in(scene, named[1])
    if thing is None:
        return Rewrite(prompt=scene)
    joint = (
        "(?:to the left of|to the right of|left of|right of|on top of|next to|in front of|above|below|under|over|beside"
    )
    joint += "|beneath|with|and|,)"
    phrase = rf"(?:{_A})?{re.escape(thing)}"
    left = re.sub(rf"\s*{joint}\s*{phrase}", "", scene, count=1)
    if left == scene:
        left = re.sub(rf"{phrase}\s*(?:{joint})?\s*", "", scene, count=1)
    # "in the snow" alone is no scene, "the snow" is.
    return Rewrite(prompt=re.sub(r"^(?:in|on|at|by|among|before) ", "", left.strip(" ,")), thing=thing)


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
    if not re.search(rf"\b(?:{_KIND})", new):
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
        return Rewrite(prompt=f"{more[1]} {scene}" if re.match(rf"{_PLACE}", scene) else f"{scene} and {more[1]}")
    return Rewrite(prompt=f"{first[0]} and {more[1]}{scene[first.end() :]}")


def _styled(scene: str, wish: str) -> Rewrite | None:
    for style, pattern in _STYLED.items():
        words = {said.replace("{}", "").strip(" ,") for said in phrases("style")[style]} | {style}
        names = {re.sub(r"^(?:an?|in|as) | (?:of|style)$|painting of$", "", word).strip() for word in words}
        if any(re.search(rf"\b{re.escape(name)}\b", wish) for name in names if len(name) > 3):
            return Rewrite(prompt=pattern.format(re.sub(r", (?:line drawing|watercolour|pixel art)$", "", scene)))
    return None


def _timed(scene: str, wish: str) -> Rewrite | None:
    for time, clause in _CLAUSE.items():
        if any(re.search(rf"\b{re.escape(word)}\b", wish) for word in (*phrases("time")[time], *_ALSO[time])):
            bare = _GROUND.sub("", re.sub(rf"\s*\b(?:{_TIME})\b", "", scene)).strip(" ,")
            return Rewrite(prompt=f"{bare} {clause}")
    return None


def _moved(scene: str, wish: str) -> Rewrite | None:
    for place, said in phrases("place").items():
        if any(re.search(rf"\b{re.escape(words)}\b", wish) for words in (*said, place)):
            time = re.search(rf"\b(?:{_TIME})\b", scene)
            bare = _GROUND.sub("", re.sub(rf"\s*\b(?:{_PLACE})\b", "", scene)).replace(time[0] if time else "\0", "")
            return Rewrite(prompt=f"{bare.strip(' ,')} {said[0]}{' ' + time[0] if time else ''}")
    return None


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
