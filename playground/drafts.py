"""Turns the body of a send or an edit into a checked draft. It knows the rules for one message, not where it goes."""

from dataclasses import dataclass, field

from playground import component_tree as tree
from playground import components as parts
from playground import embeds as embed_rules
from playground.errors import Json, Problems, invalid
from playground.shapes import Address, Anything, Integer, Items, Number, OneOf, Record, Snowflake, Text, Truth
from playground.uploads import Body

SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS, VOICE, LAYOUT = (
    1 << 2,
    1 << 6,
    1 << 7,
    1 << 12,
    1 << 13,
    1 << 15,
)
MOST_FILES = 10
CONTENT = 2000

_MENTIONS = Record(
    {
        "parse": Items(OneOf(("users", "roles", "everyone")), 3),
        "users": Items(Snowflake(), 100),
        "roles": Items(Snowflake(), 100),
        "replied_user": Truth(),
    }
)
_ATTACHMENT = Record(
    {
        "id": Snowflake(),
        "filename": Text(1024, 1),
        "description": Text(1024),
        "title": Text(1024),
        "duration_secs": Number(),
        "waveform": Text(400),
        "is_spoiler": Truth(),
    },
    required=("id",),
)
_REFERENCE = Record(
    {
        "type": Integer(0, 1),
        "message_id": Snowflake(),
        "channel_id": Snowflake(),
        "guild_id": Snowflake(),
        "fail_if_not_exists": Truth(),
    },
    required=("message_id",),
)
_BODY = Record(
    {
        "content": Text(CONTENT),
        "flags": Integer(0, 2**31 - 1),
        "tts": Truth(),
        "nonce": Text(25),
        "enforce_nonce": Truth(),
        "allowed_mentions": _MENTIONS,
        "attachments": Items(_ATTACHMENT, MOST_FILES),
        "message_reference": _REFERENCE,
        "sticker_ids": Items(Snowflake(), 3),
        "poll": Anything(),
        "username": Text(80),
        "avatar_url": Address(("http", "https")),
        "thread_name": Text(100),
        "applied_tags": Items(Snowflake(), 5),
    }
)


@dataclass
class Draft:
    """A checked body. `given` holds the keys the sender wrote, so that an edit changes nothing else."""

    given: frozenset[str]
    content: str = ""
    flags: int = 0
    tts: bool = False
    nonce: str | None = None
    enforce_nonce: bool = False
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] | None = None
    allowed_mentions: Json | None = None
    message_reference: Json | None = None
    body: Body = field(default_factory=Body)

    @property
    def is_layout(self) -> bool:
        """Whether the message uses Components V2."""
        return bool(self.flags & LAYOUT)

    @property
    def has_embeds(self) -> bool:
        return bool(self.embeds)


def new_message(body: Body, *, flags_allowed: int = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | VOICE | LAYOUT) -> Draft:
    """A draft for a new message. Raises ApiError 50035 or 50006."""
    draft = _read(body, flags_allowed, layout=bool(_flags_of(body) & LAYOUT))
    if draft.is_layout:
        _refuse_legacy(draft)
    files = bool(body.files)
    if not (draft.content.strip() or draft.embeds or draft.components or files):
        raise invalid(50006)
    return draft


def edit_of(message: Json, body: Body, *, flags_allowed: int = SUPPRESS_EMBEDS | LAYOUT) -> Draft:
    """A draft that changes `message`. Raises ApiError 50035 or 50006."""
    was_layout = bool(message["flags"] & LAYOUT)
    draft = _read(body, flags_allowed, layout=was_layout or bool(_flags_of(body) & LAYOUT))
    if was_layout:
        draft.flags |= LAYOUT
    if draft.is_layout:
        _refuse_legacy(draft)
        problems = Problems()
        if not was_layout:
            for key in ("content", "embeds"):
                if message[key] and key not in draft.given:
                    problems.add((key,), *_legacy(key))
        if was_layout and "components" in draft.given and not draft.components:
            problems.add(("components",), "BASE_TYPE_REQUIRED", "This field is required")
        problems.raise_if_any()
    return draft


def refuse_empty(message: Json) -> None:
    """Raise ApiError 50006 when nothing is left to show."""
    if not (message["content"].strip() or message["embeds"] or message["components"] or message["attachments"]):
        raise invalid(50006)


def refuse_lost_media(message: Json) -> None:
    """Raise ApiError 50035 when `attachment://name` names no attachment of the message."""
    names = {attachment["filename"] for attachment in message["attachments"]}
    problems = Problems()
    for path, media in tree.media_of(message["components"]):
        if media["url"].startswith("attachment://") and media["url"].removeprefix("attachment://") not in names:
            text = f"The referenced attachment '{media['url'].removeprefix('attachment://')}' was not found"
            problems.add((*path, "url"), "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", text)
    for _, part in tree.places(message["components"]):
        if part["type"] == tree.FILE and not part["file"]["url"].startswith("attachment://"):
            text = "A file component must use an attachment:// reference"
            problems.add(("components",), "UNFURLED_MEDIA_ITEM_ATTACHMENT_REFERENCE_REQUIRED", text)
    problems.raise_if_any()


def _read(body: Body, flags_allowed: int, *, layout: bool) -> Draft:
    problems = Problems()
    payload = body.payload
    clean = _BODY.check(payload, (), problems)
    draft = Draft(given=frozenset(payload), body=body)
    draft.content = clean.get("content") or ""
    flags = clean.get("flags")
    draft.flags = (flags if isinstance(flags, int) else 0) & flags_allowed
    draft.tts = bool(clean.get("tts"))
    draft.nonce = clean.get("nonce")
    draft.enforce_nonce = bool(clean.get("enforce_nonce"))
    draft.allowed_mentions = clean.get("allowed_mentions")
    draft.message_reference = clean.get("message_reference")
    draft.attachments = clean.get("attachments") if payload.get("attachments") is not None else None
    if payload.get("embeds") is not None:
        draft.embeds = embed_rules.check(payload["embeds"], ("embeds",), problems)
    elif isinstance(payload.get("embed"), dict):
        draft.embeds = embed_rules.check([payload["embed"]], ("embeds",), problems)
    if payload.get("components") is not None:
        draft.components = parts.check(payload["components"], ("components",), problems, layout=layout)
    _check_mentions(draft.allowed_mentions, problems)
    for key in ("poll", "sticker_ids"):
        if clean.get(key):
            problems.add((key,), "PLAYGROUND_NOT_OFFERED", "The playground has no such thing (Discord has)")
    if len(body.files) > MOST_FILES:
        problems.add(("attachments",), "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    problems.raise_if_any()
    return draft


def _check_mentions(allowed: Json | None, problems: Problems) -> None:
    for key in ("users", "roles"):
        if allowed and key in allowed.get("parse", []) and allowed.get(key):
            text = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            problems.add(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _refuse_legacy(draft: Draft) -> None:
    problems = Problems()
    if draft.content:
        problems.add(("content",), *_legacy("content"))
    if draft.embeds:
        problems.add(("embeds",), *_legacy("embeds"))
    problems.raise_if_any()


def _legacy(key: str) -> tuple[str, str]:
    return (
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
    )


def _flags_of(body: Body) -> int:
    flags = body.payload.get("flags")
    return flags if isinstance(flags, int) else 0
