"""What a picture file says about itself: A1111's `parameters` text, our JSON, and XMP that marks it as AI-made.

Knows nothing of files' places, rows or Discord.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self
from xml.sax.saxutils import quoteattr

from PIL import Image
from PIL.PngImagePlugin import PngInfo

JSON_KEY = "atelier"
TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

LONGEST_JSON = 100_000
"""Characters of our JSON that are read."""

_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286


@dataclass(frozen=True, kw_only=True)
class PictureMetadata:
    """How one picture was made. No time and no person: the same picture made again is the same file.

    Attributes:
        strength: how far it left its parent, 0..1, or None for one made from noise or by an edit's own strength.
        parent: digest of the picture it started from, or None.
        recipe: the request of the job's row for this picture alone, from which it can be made again; None in files of
            the first version. From a file it is a stranger's word: `engine.worker.asking` and the catalogue check it.
        hidden: the author keeps the recipe to himself: files say that they are AI-made, and nothing else.
    """

    prompt: str
    negative_prompt: str = ""
    model: str
    sampler: str = "Euler"
    steps: int
    guidance: float
    seed: int
    width: int
    height: int
    strength: float | None = None
    parent: str | None = None
    recipe: Mapping[str, Any] | None = None
    hidden: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any], seed: int, *, size: tuple[int, int]) -> Self:
        """For the picture of `seed` that came of a row's request, `size` pixels wide and high; `row` is plain JSON."""
        return cls(
            prompt=row["prompt"] or row.get("shown", ""),
            negative_prompt=row["negative_prompt"],
            model=row["model"],
            sampler=_SAMPLERS.get(row.get("scheduler", "euler"), "Euler"),
            steps=row["steps"],
            guidance=row["guidance"],
            seed=seed,
            width=size[0],
            height=size[1],
            strength=row.get("strength"),
            parent=row.get("image"),
            recipe={key: value for key, value in row.items() if key not in _BESIDES} | {"seeds": [seed]},
            hidden=bool(row.get("hide_prompt")),
        )

    def parameters(self) -> str:
        """The text A1111 and Civitai read: prompt, negative prompt, and one line beginning with `Steps: `."""
        values: dict[str, object] = {
            "Steps": self.steps,
            "Sampler": self.sampler,
            "CFG scale": f"{self.guidance:g}",
            "Seed": self.seed,
            "Size": f"{self.width}x{self.height}",
            "Model": _quoted(self.model),
        }
        if self.strength is not None:
            values["Denoising strength"] = f"{self.strength:g}"
        if loras := self._loras():
            hashes = ", ".join(f"{name}: {name}" for name in loras)
            values["Lora hashes"] = json.dumps(hashes, ensure_ascii=False)
        lines = [self.prompt]
        if self.negative_prompt:
            lines.append(f"Negative prompt: {self.negative_prompt}")
        lines.append(", ".join(f"{name}: {value}" for name, value in values.items()))
        return "\n".join(lines)

    def json(self) -> str:
        values = asdict(self)
        del values["hidden"]
        return json.dumps({"version": 2, **values}, ensure_ascii=False, sort_keys=True)

    def xmp(self) -> bytes:
        """An XMP packet with the IPTC's DigitalSourceType for pictures made by a trained model."""
        return _XMP.format(source=quoteattr(TRAINED_ALGORITHMIC_MEDIA)).encode()

    def png_info(self) -> PngInfo:
        info = PngInfo()
        if not self.hidden:
            info.add_text("parameters", self.parameters())
            info.add_itxt(JSON_KEY, self.json())
        info.add_itxt("XML:com.adobe.xmp", self.xmp().decode())
        return info

    def exif(self) -> Image.Exif:
        """`parameters` as the EXIF user comment, where A1111 looks for it in WebP and JPEG files."""
        exif = Image.Exif()
        if self.hidden:
            return exif
        exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + self.parameters().encode("utf-16-be")
        return exif

    def _loras(self) -> list[str]:
        uses = (self.recipe or {}).get("loras") or ()
        return [str(use["name"])[:10] for use in uses if isinstance(use, Mapping) and "name" in use]


def read(image: Image.Image) -> PictureMetadata | None:
    """What one of our PNG files says, or None where the JSON is absent or not ours (a stranger may write anything)."""
    return parse(image.info.get(JSON_KEY))


def parse(text: object) -> PictureMetadata | None:
    """Our JSON; None for anything else."""
    if not isinstance(text, str) or len(text) > LONGEST_JSON:
        return None
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    known = {}
    for field in fields(PictureMetadata):
        if field.name not in values or field.name not in _KINDS:
            continue
        if not _fits(values[field.name], _KINDS[field.name]):
            return None
        known[field.name] = values[field.name]
    try:
        return PictureMetadata(**known)
    except TypeError:  # a field without a default is missing
        return None


_BESIDES = ("hide_prompt", "shown")
_KINDS: dict[str, tuple[type, ...]] = {
    "prompt": (str,),
    "negative_prompt": (str,),
    "model": (str,),
    "sampler": (str,),
    "steps": (int,),
    "guidance": (int, float),
    "seed": (int,),
    "width": (int,),
    "height": (int,),
    "strength": (int, float, type(None)),
    "parent": (str, type(None)),
    "recipe": (dict, type(None)),
}
_SAMPLERS = {"euler": "Euler", "heun": "Heun", "dpm++": "DPM++ 2M", "unipc": "UniPC", "ddim": "DDIM"}
"""As A1111 calls the schedulers."""

_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Atelier" '
    "Iptc4xmpExt:DigitalSourceType={source}/>"
    "</rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


def _fits(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _quoted(value: str) -> str:
    """A1111 splits the line at commas and colons; such values are quoted as it does."""
    return json.dumps(value, ensure_ascii=False) if re.search(r"[,:\n\"]", value) else value
