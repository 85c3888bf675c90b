"""Interactions from press to answer: the three seconds, the fifteen minutes, one answer only. How a client builds their data
is `offered.py`'s and `filled.py`'s business."""

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from playground import drafts, modals
from playground.clock import Clock
from playground.drafts import EPHEMERAL, LAYOUT, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS
from playground.errors import ApiError, Json, expired_token, form_error, invalid, unknown
from playground.feed import Event, Feed
from playground.posts import REPLY, Posts
from playground.refusals import Refusals
from playground.shapes import Integer, one
from playground.snowflake import Snowflakes
from playground.uploads import Body
from playground.world import DM, World, clean

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL, LAUNCH = 1, 4, 5, 6, 7, 8, 9, 12
ANSWER_WITHIN = 3.0
"""Seconds until an unanswered interaction has failed."""
TOKEN_LIFE = 15 * 60.0
"""Seconds that the token of an answered interaction works."""
_ALLOWED = {
    COMMAND: (ANSWER, DEFER, MODAL, LAUNCH),
    COMPONENT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, MODAL, LAUNCH),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, LAUNCH),
}
_ANSWER_FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | LAYOUT


@dataclass
class Interaction:
    """One interaction and what became of it. `state`: pending, acknowledged (deferred), done or failed (see `reason`)."""

    id: str
    token: str
    type: int
    channel_id: str
    user_id: str
    data: Json
    created: float
    guild_id: str | None = None
    message_id: str | None = None
    opener: str | None = None
    nonce: str | None = None
    state: str = "pending"
    reason: str | None = None
    callback: int | None = None
    ephemeral: bool = False
    original_id: str | None = None
    answered_after: float | None = None
    message_ids: list[str] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    message: Json | None = None
    """The answer's message record (live: it shows later edits)."""


class Interactions:
    """All interactions of the last quarter of an hour."""

    def __init__(
        self, world: World, ids: Snowflakes, clock: Clock, posts: Posts, feed: Feed, refusals: Refusals
    ) -> None:
        self.world = world
        self.ids = ids
        self.clock = clock
        self.posts = posts
        self.feed = feed
        self.refusals = refusals
        self.rows: dict[str, Interaction] = {}
        self.file_limit = 10 * 1024 * 1024
        self.is_bot_online = lambda: False

    def create(
        self,
        kind: int,
        *,
        user_id: str,
        channel_id: str,
        data: Json,
        message: Json | None = None,
        opener: str | None = None,
        nonce: str | None = None,
    ) -> Interaction:
        """Make an interaction, send it to the bot and start its three seconds."""
        self._forget_old()
        row = Interaction(
            id=self.ids.new(),
            token=secrets.token_urlsafe(48),
            type=kind,
            channel_id=channel_id,
            user_id=user_id,
            data=data,
            created=self.clock.time(),
            guild_id=self.world.channel(channel_id).get("guild_id"),
            message_id=message["id"] if message else None,
            opener=opener,
            nonce=nonce,
        )
        self.rows[row.id] = row
        self._tell(row)
        if not self.is_bot_online():
            self._fail(row, "The application is offline", missed=False)
            return row
        self.feed.publish(Event(name="INTERACTION_CREATE", record=self.payload(row, message), page=False))
        self.clock.call_later(ANSWER_WITHIN, lambda: self._deadline(row))
        return row

    def payload(self, row: Interaction, message: Json | None = None) -> Json:
        """The INTERACTION_CREATE object."""
        channel = self.world.channel_object(row.channel_id, self.world.bot["id"])
        channel["permissions"] = str(self.world.permissions(row.channel_id, row.user_id))
        bot = self.world.bot["id"]
        payload: Json = {
            "id": row.id,
            "application_id": self.world.application["id"],
            "type": row.type,
            "data": row.data,
            "token": row.token,
            "version": 1,
            "channel_id": row.channel_id,
            "channel": channel,
            "locale": "en-US",
            "app_permissions": str(self.world.permissions(row.channel_id, bot)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._owners(row),
            "context": 1 if self.world.channel(row.channel_id)["type"] == DM else 0,
            "attachment_size_limit": self.file_limit,
        }
        if row.guild_id:
            guild = self.world.guild(row.guild_id)
            member = self.world.member_object(row.guild_id, row.user_id)
            member["permissions"] = channel["permissions"]
            payload |= {
                "guild_id": row.guild_id,
                "guild": {"id": row.guild_id, "locale": guild["preferred_locale"], "features": guild["features"]},
                "guild_locale": guild["preferred_locale"],
                "member": member,
            }
        else:
            payload["user"] = self.world.user_object(row.user_id)
        if message is not None:
            payload["message"] = self.posts.render.message(message, bot)
        return payload

    def answer(self, interaction_id: str, token: str, body: Body) -> tuple[Interaction, Json]:
        """The bot's first answer; returns the interaction and the `resource`. Raises 10062, 40060 or 50035."""
        row = self.rows.get(interaction_id)
        if row is None or row.token != token:
            raise unknown("interaction")
        if row.callback is not None:
            raise invalid(40060)
        if row.state == "failed" or self.clock.time() - row.created > ANSWER_WITHIN:
            raise unknown("interaction")
        kind = body.payload.get("type")
        if kind not in _ALLOWED[row.type] or (kind in (DEFER_UPDATE, UPDATE) and not row.message_id):
            allowed = ", ".join(map(str, _ALLOWED[row.type]))
            raise form_error(("type",), "BASE_TYPE_CHOICES", f"Value must be one of ({allowed}).")
        data = body.payload.get("data") or {}
        if not isinstance(data, dict):
            raise form_error(("data",), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        resource = self._apply(row, int(kind), Body(data, body.files))
        row.callback = int(kind)
        row.answered_after = self.clock.time() - row.created
        row.state = "acknowledged" if kind in (DEFER, DEFER_UPDATE) else "done"
        self._tell(row)
        return row, {"type": kind, **resource}

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The interaction of a webhook address. Raises 10015 (not there, not answered yet) or 50027 (too old)."""
        row = next((row for row in self.rows.values() if row.token == token), None)
        if application_id != self.world.application["id"] or row is None:
            raise unknown("webhook")
        if self.clock.time() - row.created > TOKEN_LIFE:
            raise expired_token()
        if row.callback is None:
            raise unknown("webhook")
        return row

    def own_message(self, row: Interaction, message_id: str) -> Json:
        """A message this token may touch: its own answers, or with `@original` the first one. Raises 10008."""
        wanted = row.original_id if message_id == "@original" else message_id
        if wanted is None or wanted not in (row.original_id, row.message_id, *row.message_ids):
            raise unknown("message")
        return self.world.message(row.channel_id, wanted)

    def follow_up(self, row: Interaction, body: Body) -> Json:
        """A further message. The first one after a deferral takes the place of "thinking"."""
        draft = drafts.new_message(body, flags_allowed=_ANSWER_FLAGS)
        original = self.world.messages.get(row.channel_id, {}).get(row.original_id or "")
        if original is not None and original["_thinking"]:
            draft.given |= {"content", "embeds", "components"}
            return self.edit(row, original, draft)
        target = original
        extra = self._extra(row, follow_up=True)
        if target is not None:
            extra["message_reference"] = self.posts.reference(target)
        record = self._send(row, draft, kind=REPLY if target is not None else 0, extra=extra)
        self._done(row)
        return record

    def edit(self, row: Interaction, record: Json, draft: drafts.Draft) -> Json:
        """Change an answer by its token."""
        self.posts.edit(record, draft)
        self._done(row)
        return record

    def delete(self, row: Interaction, record: Json) -> None:
        """Remove an answer by its token."""
        self.posts.delete(record)
        self._done(row)

    def dump(self) -> list[Json]:
        """Interactions whose token still works, for the state file."""
        self._forget_old()
        return [{**asdict(row), "message": None} for row in self.rows.values()]

    def load(self, rows: list[Json]) -> None:
        """Take what `dump` gave; those that waited for an answer have failed meanwhile."""
        for values in rows:
            row = Interaction(**values)
            if row.state == "pending":
                row.state, row.reason = "failed", "The application did not respond"
            row.message = self.world.messages.get(row.channel_id, {}).get(row.original_id or "")
            self.rows[row.id] = row

    def _apply(self, row: Interaction, kind: int, body: Body) -> Json:
        if kind == ANSWER:
            draft = drafts.new_message(body, flags_allowed=_ANSWER_FLAGS)
            row.ephemeral = bool(draft.flags & EPHEMERAL)
            extra = self._extra(row)
            record = self._send(row, draft, kind=self._message_kind(row), extra=extra)
            return self._answered(row, record)
        if kind == DEFER:
            flags = body.payload.get("flags") or 0
            row.ephemeral = bool(one(Integer(), flags, "data", "flags") & EPHEMERAL)
            viewer = row.user_id if row.ephemeral else None
            record = self.posts.placeholder(
                channel_id=row.channel_id,
                author_id=self.world.bot["id"],
                kind=self._message_kind(row),
                viewer=viewer,
                extra=self._extra(row),
            )
            row.message_ids.append(record["id"])
            return self._answered(row, record)
        if kind in (UPDATE, DEFER_UPDATE):
            record = self.world.message(row.channel_id, row.message_id or "")
            if kind == UPDATE:
                self.posts.edit(record, drafts.edit_of(record, body))
            return self._answered(row, record)
        if kind == CHOICES:
            row.choices = modals.check_choices(body.payload)
            told = {"interaction_id": row.id, "nonce": row.nonce, "choices": row.choices}
            self.feed.publish(Event(name="AUTOCOMPLETE_RESULT", record=told, viewer=row.user_id, bot=False))
        elif kind == MODAL:
            row.modal = modals.check(body.payload)
            told = {"interaction_id": row.id, "nonce": row.nonce, "channel_id": row.channel_id, **row.modal}
            self.feed.publish(Event(name="MODAL_OPEN", record=told, viewer=row.user_id, bot=False))
        return {}

    def _answered(self, row: Interaction, record: Json) -> Json:
        row.original_id = record["id"]
        row.message = record
        return {"message": record}

    def _send(self, row: Interaction, draft: drafts.Draft, *, kind: int, extra: Json) -> Json:
        viewer = row.user_id if draft.flags & EPHEMERAL else None
        record = self.posts.send(
            draft, channel_id=row.channel_id, author_id=self.world.bot["id"], kind=kind, viewer=viewer, extra=extra
        )
        row.message_ids.append(record["id"])
        return record

    def _message_kind(self, row: Interaction) -> int:
        first = self._opener(row)
        if first.type == COMMAND:
            return 20 if first.data.get("type", 1) == 1 else 23
        return REPLY

    def _opener(self, row: Interaction) -> Interaction:
        return self.rows.get(row.opener, row) if row.opener else row

    def _extra(self, row: Interaction, *, follow_up: bool = False) -> Json:
        application = self.world.application["id"]
        extra: Json = {
            "application_id": application,
            "webhook_id": application,
            "interaction_metadata": self._metadata(row, follow_up=follow_up),
            "_interaction": row.id,
        }
        first = self._opener(row)
        if first.type == COMMAND:
            extra["interaction"] = {
                "id": row.id,
                "type": row.type,
                "name": first.data["name"],
                "user": self.world.user_object(row.user_id),
            }
        elif row.message_id and not follow_up:
            extra["message_reference"] = self.posts.reference(self.world.message(row.channel_id, row.message_id))
        return extra

    def _metadata(self, row: Interaction, *, follow_up: bool = False) -> Json:
        told: Json = {
            "id": row.id,
            "type": row.type,
            "user": self.world.user_object(row.user_id),
            "authorizing_integration_owners": self._owners(row),
        }
        if follow_up and row.original_id:
            told["original_response_message_id"] = row.original_id
        if row.type == COMMAND:
            told |= {"name": row.data["name"], "command_type": row.data.get("type", 1)}
            target = row.data.get("target_id")
            if target in self.world.users:
                told["target_user"] = self.world.user_object(str(target))
            elif target:
                told["target_message_id"] = target
        elif row.type == COMPONENT:
            told["interacted_message_id"] = row.message_id
        elif row.type == MODAL_SUBMIT and row.opener in self.rows:
            told["triggering_interaction_metadata"] = self._metadata(self.rows[row.opener])
        return told

    def _owners(self, row: Interaction) -> Json:
        return {"0": row.guild_id or "0"}

    def _deadline(self, row: Interaction) -> None:
        if row.callback is None and row.state == "pending":
            self._fail(row, "The application did not respond")

    def _fail(self, row: Interaction, reason: str, *, missed: bool = True) -> None:
        row.state, row.reason = "failed", reason
        if missed:
            error = ApiError(404, 10062, "No answer within 3 seconds: the interaction has failed")
            self.refusals.note("POST", f"/interactions/{row.id}/callback", error)
        self._tell(row)

    def _done(self, row: Interaction) -> None:
        if row.state == "acknowledged":
            row.state = "done"
            self._tell(row)
        else:
            self.feed.nudge()

    def _tell(self, row: Interaction) -> None:
        told: Json = {"id": row.id, "nonce": row.nonce, "type": row.type, "state": row.state, "reason": row.reason}
        told |= {"channel_id": row.channel_id, "message_id": row.message_id, "callback": row.callback}
        told["custom_id"] = row.data.get("custom_id")
        if row.message is not None and row.message["_author"] in self.world.users:
            told["message"] = self.posts.render.for_page(row.message, row.user_id)
        self.feed.publish(Event(name="INTERACTION_UPDATE", record=told, viewer=row.user_id, bot=False))

    def _forget_old(self) -> None:
        now = self.clock.time()
        for row in [row for row in self.rows.values() if now - row.created > TOKEN_LIFE + 60]:
            del self.rows[row.id]


def shown(row: Interaction) -> Json:
    """An interaction for people who debug: without its token."""
    values: dict[str, Any] = {**asdict(row), "message": None}
    values.pop("token")
    return clean(values)
