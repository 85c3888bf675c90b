"""A stranger's text made harmless inside a Discord message: shown as typed, but it formats, links and pings nothing."""

import re

_MARKS = frozenset("\\*_~`|<>[]#")
_MASS_MENTION = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
# Discord unfolds addresses and invites into previews, which would stand between a prompt and its pictures.
_ADDRESS = re.compile(r"://|(?<=discord\.gg)/|(?<=discord\.com)/|(?<=discordapp\.com)/", re.IGNORECASE)
_NOTHING = "\u200b"


def quote(text: str, limit: int = 1200) -> str:
    """`text` on one line, escaped, in at most `limit` characters; what does not fit is cut and ends in "…"."""
    line = " ".join(text.split())
    line = _MASS_MENTION.sub(f"@{_NOTHING}", line)
    line = _ADDRESS.sub(lambda found: found[0].replace("/", f"{_NOTHING}/", 1), line)
    parts = [f"\\{character}" if character in _MARKS else character for character in line]
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    kept, room = [], limit - 1
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        kept.append(part)
    return "".join(kept).rstrip() + "…"


def bold(text: str, limit: int = 1200) -> str:
    """`quote(text)` between bold marks; a text of blanks alone still shows something."""
    return f"**{quote(text, limit - 4) or '(no words)'}**"
