"""What a picture file says about itself: A1111's `parameters` text, our JSON, and XMP that marks it as AI-made.

Knows nothing of files' places, rows or Discord.
"""

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Self
from xml.sax.saxutils import quoteattr

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.requests import ImageRequest

JSON_KEY = "atelier"
TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286


@dataclass(frozen=True, kw_only=True)
class PictureMetadata:
    """How one picture was made. No time and no person: the same picture made again is the same file.

    Attributes:
        strength: how far it left its parent, 0..1, or None for one made from noise.
        parent: digest of the picture it started from, or None.
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

    @classmethod
    def of(cls, request: ImageRequest, index: int, *, parent: str | None = None) -> Self:
        """For the picture at `index` of a request; `parent` is the digest of `request.image`."""
        return cls(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            model=request.model,
            steps=request.steps,
            guidance=request.guidance,
            seed=request.seeds[index],
            width=request.width,
            height=request.height,
            strength=request.strength,
            parent=parent,
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
        lines = [self.prompt]
        if self.negative_prompt:
            lines.append(f"Negative prompt: {self.negative_prompt}")
        lines.append(", ".join(f"{name}: {value}" for name, value in values.items()))
        return "\n".join(lines)

    def json(self) -> str:
        return json.dumps({"version": 1, **asdict(self)}, ensure_ascii=False, sort_keys=True)

    def xmp(self) -> bytes:
        """An XMP packet with the IPTC's DigitalSourceType for pictures made by a trained model."""
        return _XMP.format(source=quoteattr(TRAINED_ALGORITHMIC_MEDIA)).encode()

    def png_info(self) -> PngInfo:
        info = PngInfo()
        info.add_text("parameters", self.parameters())
        info.add_itxt(JSON_KEY, self.json())
        info.add_itxt("XML:com.adobe.xmp", self.xmp().decode())
        return info

    def exif(self) -> Image.Exif:
        """`parameters` as the EXIF user comment, where A1111 looks for it in WebP and JPEG files."""
        exif = Image.Exif()
        exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + self.parameters().encode("utf-16-be")
        return exif


def read(image: Image.Image) -> PictureMetadata | None:
    """What one of our PNG files says, or None where the JSON is absent or not ours (a stranger may write anything)."""
    text = image.info.get(JSON_KEY)
    if not isinstance(text, str):
        return None
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    known = {}
    for field in fields(PictureMetadata):
        if field.name not in values:
            continue
        if not _fits(values[field.name], _KINDS[field.name]):
            return None
        known[field.name] = values[field.name]
    try:
        return PictureMetadata(**known)
    except TypeError:  # a field without a default is missing
        return None


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
}

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
