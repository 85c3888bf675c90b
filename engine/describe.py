"""Reading pictures: what they show as prompts, and where in them something is.

With the pocket model's judge, which sees what the pocket model can draw and says nothing of other things; or with a
captioning model that the owner names. Loads when first asked, on the CPU beside the device thread. Knows no rows.
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from engine import hub
from engine.errors import ModelUnavailable

if TYPE_CHECKING:
    from engine.pocket.judge import Judge, Reading, Seen
    from engine.pocket.scenes import Scene

PROMPTS = 4

_LONGEST, _SHORTEST = 1024, 32  # the judge reads from 32 pixels on
_MARGIN = 0.15  # around a thing, of its side
_SPOTS = {(0, 0): "top left", (1, 0): "top", (2, 0): "top right", (0, 1): "left", (1, 1): "middle", (2, 1): "right",
          (0, 2): "bottom left", (1, 2): "bottom", (2, 2): "bottom right"}  # fmt: skip


class Describer:
    """Reads pictures of any size. `captioner` is a folder or a name on the model hub, or "" for the judge alone.

    Safe to use from several threads, which take turns. Every method may raise ModelDamaged or ModelUnavailable, when
    the models are not there.
    """

    def __init__(self, captioner: str | Path = "") -> None:
        self._captioner = str(captioner)
        self._turn = threading.Lock()
        self._judge: Judge | None = None
        self._caption: Callable[[Image.Image, int], list[str]] | None = None

    def words(self, picture: Image.Image) -> str:
        """The picture as a prompt; "" where nothing can be told."""
        return next(iter(self.prompts(picture, 1)), "")

    def subject(self, picture: Image.Image) -> str:
        """What the picture is of, without where it is: "a red house"; "" where nothing can be told."""
        if self._captioner:
            return self.words(picture)
        return subject_of(self.read(picture))

    def prompts(self, picture: Image.Image, count: int = PROMPTS) -> list[str]:
        """Up to `count` different prompts for such a picture, the plainest first; none where nothing can be told."""
        if self._captioner:
            with self._turn:
                self._caption = self._caption or _captioning(self._captioner)
                return self._caption(picture.convert("RGB"), count)
        return prompts_of(self.read(picture), count)

    def where(self, picture: Image.Image, words: str) -> tuple[int, int, int, int] | None:
        """The box around the thing that `words` name ("red house"), in pixels; None where it is not seen."""
        seen = _meant(self.read(picture).things, words)
        if seen is None:
            return None
        half = seen.size * min(picture.size) * (0.5 + _MARGIN)
        x, y = seen.x * picture.width, seen.y * picture.height
        return (
            max(0, round(x - half)),
            max(0, round(y - half)),
            min(picture.width, round(x + half)),
            min(picture.height, round(y + half)),
        )

    def read(self, picture: Image.Image) -> "Reading":
        """What the judge sees."""
        from engine.pocket.judge import Judge

        with self._turn:
            self._judge = self._judge or Judge.load()
            return self._judge.read(_fit(picture))


def prompts_of(reading: "Reading", count: int = PROMPTS) -> list[str]:
    """The same reading in up to `count` different wordings, with where things stand and how large in the later ones."""
    from engine.pocket.scenes import caption

    plain = reading.describe()
    if not plain:
        return []
    found = [plain]
    scene = reading.scene()
    assert scene is not None
    for number in range(1, 40):
        words = caption(_told(scene) if number % 2 else scene, random.Random(number), plain=True)
        if words not in found:
            found.append(words)
        if len(found) >= count:
            break
    return found[:count]


def subject_of(reading: "Reading") -> str:
    """The largest thing that has a name, in its colour."""
    from engine.pocket.scenes import phrases

    thing = next((seen for seen in reading.things if seen.kind is not None), None)
    if thing is None or thing.kind is None:
        return ""
    words = f"{phrases('color')[thing.color][0]} {phrases('kind')[thing.kind][0]}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _told(scene: "Scene") -> "Scene":
    """With its one thing's place and size said, where they are worth it."""
    if len(scene.things) != 1:
        return scene
    [thing] = scene.things
    spot = _SPOTS[min(2, int(thing.x * 3)), min(2, int(thing.y * 3))]
    size = "small" if thing.size < 0.3 else "large" if thing.size > 0.62 else None
    return replace(scene, said_spot=spot if size is None else None, said_size=size)


def _meant(things: "Sequence[Seen]", words: str) -> "Seen | None":
    """The largest thing of the kind that is named, in the colour that is named where there is one."""
    from engine.pocket.scenes import phrases

    text = f" {words.lower()} "
    kinds = {kind for kind, said in phrases("kind").items() if any(f" {word}" in text for word in said)}
    colors = {color for color, said in phrases("color").items() if any(f" {word} " in text for word in said)}
    alike = [seen for seen in things if seen.kind in kinds]
    return next((seen for seen in alike if seen.color in colors), alike[0] if alike else None)


def _fit(picture: Image.Image) -> Image.Image:
    """Within what the judge reads: not too large, not too small, not too narrow (the middle is taken)."""
    picture = picture.convert("RGB")
    longest = 4 * min(picture.size)
    if max(picture.size) > longest:
        left, top = (max(0, (side - longest) // 2) for side in picture.size)
        picture = picture.crop((left, top, picture.width - left, picture.height - top))
    if max(picture.size) > _LONGEST:
        picture.thumbnail((_LONGEST, _LONGEST))
    if min(picture.size) < _SHORTEST:
        scale = _SHORTEST / min(picture.size)
        picture = picture.resize(
            (max(_SHORTEST, round(picture.width * scale)), max(_SHORTEST, round(picture.height * scale)))
        )
    return picture


def _captioning(model: str) -> Callable[[Image.Image, int], list[str]]:
    """A captioning model of transformers, such as BLIP. Raises ModelUnavailable."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(model)
        network: Any = AutoModelForImageTextToText.from_pretrained(model).eval()
    except Exception as error:  # the hub's client and the loaders raise errors of many libraries
        raise ModelUnavailable("captioner", model, hub.why(error)) from error

    def caption(picture: Image.Image, count: int) -> list[str]:
        inputs = processor(images=picture, return_tensors="pt")
        with torch.inference_mode():
            tokens = network.generate(**inputs, num_beams=max(2, count), num_return_sequences=count, max_new_tokens=60)
        said = (text.strip() for text in processor.batch_decode(tokens, skip_special_tokens=True))
        return list(dict.fromkeys(text for text in said if text))

    return caption
