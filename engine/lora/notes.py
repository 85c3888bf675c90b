"""What a LoRA's maker noted in the file: triggers, the base, the licence. A stranger's words, so short and plain ones.

Knows no files: metadata goes in, text comes out.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping

MOST_TRIGGERS = 8
LONGEST = 60

_MARKS = re.compile(r"[\"<>{}\\|:`]|--+")

_KEYS = {
    "modelspec.title": "title",
    "modelspec.author": "author",
    "modelspec.license": "licence",
    "modelspec.architecture": "architecture",
    "modelspec.date": "date",
    "ss_output_name": "name",
    "ss_base_model_version": "base model",
    "ss_network_dim": "rank",
    "ss_network_alpha": "alpha",
    "ss_num_train_images": "pictures",
    "ss_steps": "steps",
    "ss_learning_rate": "learning rate",
    "software": "made with",
    "format": "format",
}


def told(metadata: Mapping[str, str]) -> dict[str, str]:
    """The notes that say something to people, under plain names."""
    return {plain: _short(metadata[key]) for key, plain in _KEYS.items() if _short(metadata.get(key, ""))}


def triggers(metadata: Mapping[str, str]) -> list[str]:
    """The words it was trained on: as the maker says, or else tags that stand under at least half of the pictures."""
    given = metadata.get("modelspec.trigger_phrase") or metadata.get("trigger") or ""
    return words(given or ",".join(_frequent(metadata.get("ss_tag_frequency", ""))))


def words(text: str) -> list[str]:
    """Triggers from a text with commas between them, without marks that mean something in a prompt."""
    found = dict.fromkeys(_short(_MARKS.sub(" ", word)).lstrip("-— ") for word in text.split(","))
    return [word for word in found if word][:MOST_TRIGGERS]


def _frequent(text: str) -> list[str]:
    try:
        table = json.loads(text or "{}")
        counts: Counter[str] = Counter()
        for tags in table.values():
            counts.update({str(tag): int(count) for tag, count in tags.items()})
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return []
    most = max(counts.values(), default=0)
    return [tag for tag, count in counts.most_common(MOST_TRIGGERS) if 2 * count >= most]


def _short(text: str) -> str:
    """One line without control characters."""
    plain = " ".join("".join(mark if mark.isprintable() else " " for mark in str(text)[:500]).split())
    return plain[:LONGEST].strip()
