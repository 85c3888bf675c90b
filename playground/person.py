"""People as tests and the demo play them: command, press, choose, submit, react, as far as a client lets them."""

from typing import TYPE_CHECKING, Any

from playground import component_tree as tree
from playground import drafts, emoji, filled, given, offered, permissions
from playground.direct import open_dm
from playground.errors import Json, forbidden
from playground.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from playground.offered import NotOffered
from playground.shapes import Text, one
from playground.uploads import Body
from playground.world import FORUM

if TYPE_CHECKING:
    from playground.server import Playground

Target = Json | str


class Person:
    """One identity. A channel is given by name, id or record; a message by record or id.

    Verbs that start an interaction wait until the bot has answered or failed (`wait=False` returns at once). They
    return the Interaction: `.state` ("acknowledged" after a deferral, "done", "failed" with `.reason`), `.message` (the
    answer's record, live), `.modal`, `.choices`. What a client would not let a person do raises NotOffered.
    """

    def __init__(self, playground: "Playground", user_id: str) -> None:
        self.pg = playground
        self.id = user_id

    @property
    def name(self) -> str:
        user = self.pg.world.user(self.id)
        return user.get("global_name") or user["username"]

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    # Commands

    async def slash(self, channel: Target, name: str, /, *, wait: bool = True, **options: Any) -> Interaction:
        """Run "name" or "name sub" with options; files as (name, bytes), Path or Upload."""
        channel_id = self._channel(channel)
        uploads = {key: given.upload(value) for key, value in options.items() if given.is_file(value)}
        values = {key: given.plain(value) for key, value in options.items() if key not in uploads and value is not None}
        data = self.pg.builder.build(user_id=self.id, channel_id=channel_id, name=name, values=values, uploads=uploads)
        return await self._act(wait, COMMAND, channel_id=channel_id, data=data)

    async def autocomplete(
        self, channel: Target, name: str, focused: str, typed: Any = "", /, **options: Any
    ) -> list[Json]:
        """Choices that the bot offers for the option `focused` with `typed` in it."""
        channel_id = self._channel(channel)
        data = self.pg.builder.build(
            user_id=self.id, channel_id=channel_id, name=name, values={**options, focused: typed}, focused=focused
        )
        row = await self._act(True, AUTOCOMPLETE, channel_id=channel_id, data=data)
        return row.choices or []

    async def menu(self, target: Target, name: str, *, wait: bool = True) -> Interaction:
        """Run a message menu on a message (record or id)."""
        record = self._message(target)
        self._see(record)
        shown = self.pg.render.message(record, self.pg.world.bot["id"])
        data = self.pg.builder.build_menu(
            user_id=self.id, channel_id=record["channel_id"], name=name, target=record, message=shown
        )
        return await self._act(wait, COMMAND, channel_id=record["channel_id"], data=data)

    async def user_menu(self, channel: Target, person: "Person | str", name: str, *, wait: bool = True) -> Interaction:
        """Run a user menu on a person."""
        channel_id = self._channel(channel)
        target = person.id if isinstance(person, Person) else self.pg.world.find_user(person)["id"]
        data = self.pg.builder.build_menu(
            user_id=self.id, channel_id=channel_id, name=name, target=self.pg.world.user(target), message=None
        )
        return await self._act(wait, COMMAND, channel_id=channel_id, data=data)

    # Components and modals

    async def click(self, message: Target, label_or_custom_id: str, *, wait: bool = True) -> Interaction:
        """Press a button by label, emoji or custom_id."""
        record = self._message(message)
        self._see(record)
        return await self._press(record, self._button(record, label_or_custom_id), None, wait)

    async def choose(self, message: Target, custom_id: str, values: Any, *, wait: bool = True) -> Interaction:
        """Choose in a select menu, by value, label, Person or id."""
        record = self._message(message)
        self._see(record)
        chosen = [given.plain(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
        return await self._press(record, custom_id, [str(value) for value in chosen], wait)

    async def submit(
        self, opener: Interaction, values: dict[str, Any] | None = None, *, wait: bool = True
    ) -> Interaction:
        """Send the modal that `opener` opened, with `{custom_id: value, values or files}`."""
        if opener.modal is None:
            raise NotOffered("no modal is open" + (f": {opener.reason}" if opener.reason else ""))
        if opener.user_id != self.id:
            raise NotOffered("the modal is somebody else's")
        values = values or {}
        uploads = {
            key: given.uploads(value) for key, value in values.items() if given.is_file(value) or given.is_files(value)
        }
        plain = {key: given.plain_all(value) for key, value in values.items() if key not in uploads}
        data = filled.submitted(self.pg.builder, opener.modal, plain, uploads, self.id, opener.channel_id)
        message = self.pg.world.messages.get(opener.channel_id, {}).get(opener.message_id or "")
        return await self._act(
            wait, MODAL_SUBMIT, channel_id=opener.channel_id, data=data, message=message, opener=opener.id
        )

    # Messages

    async def say(
        self,
        channel: Target,
        content: str = "",
        *,
        files: list[given.Attachable] | None = None,
        reply_to: Target | None = None,
    ) -> Json:
        """Write a message. Raises ApiError 50001, 50013 or 50006."""
        channel_id = self._channel(channel)
        self.need(channel_id, permissions.SEND_MESSAGES | (permissions.ATTACH_FILES if files else 0))
        payload: Json = {"content": content}
        if reply_to is not None:
            payload["message_reference"] = {"message_id": self._message(reply_to)["id"]}
        body = Body(payload, dict(enumerate(given.upload(file) for file in files or [])))
        return self.pg.posts.send(drafts.new_message(body), channel_id=channel_id, author_id=self.id)

    async def thread(
        self,
        channel: Target,
        name: str,
        content: str = "",
        *,
        message: Target | None = None,
        files: list[given.Attachable] | None = None,
    ) -> Json:
        """Start a thread (under `message` when given), or a post in a forum. Raises ApiError 50001, 50013 or 50035."""
        channel_id = self._channel(channel)
        home = self.pg.world.channel(channel_id)
        self.need(channel_id, permissions.SEND_MESSAGES if home["type"] == FORUM else permissions.CREATE_PUBLIC_THREADS)
        one(Text(100, 1), name, "name")
        body = Body({"content": content}, dict(enumerate(given.upload(file) for file in files or [])))
        if home["type"] == FORUM:
            return self.pg.threads.post(home, drafts.new_message(body), owner_id=self.id, name=name)[0]
        if message is not None:
            row = self.pg.threads.from_message(self._message(message), owner_id=self.id, name=name)
        else:
            row = self.pg.threads.without_message(home, owner_id=self.id, name=name, private=False)
        if content or body.files:
            self.pg.posts.send(drafts.new_message(body), channel_id=row["id"], author_id=self.id)
        return row

    async def edit(self, message: Target, content: str) -> Json:
        """Change an own message. Raises ApiError 50005."""
        record = self._message(message)
        if record["_author"] != self.id:
            raise forbidden(50005)
        return self.pg.posts.edit(record, drafts.edit_of(record, Body({"content": content})), by_person=True)

    async def delete(self, message: Target) -> None:
        """Delete an own message, or any as a moderator; dismisses an ephemeral one. Raises ApiError 50013."""
        record = self._message(message)
        if record["_author"] != self.id and record["_viewer"] != self.id:
            self.need(record["channel_id"], permissions.MANAGE_MESSAGES)
        self.pg.posts.delete(record)

    async def react(self, message: Target, mark: str) -> None:
        """Add a reaction. Raises ApiError 50013, 10014."""
        record = self._message(message)
        self._see(record)
        parsed = emoji.parse(self.pg.world, mark)
        known = any(row["emoji"] == parsed for row in record["_reactions"])
        adding = 0 if known else permissions.ADD_REACTIONS
        self.need(record["channel_id"], permissions.READ_MESSAGE_HISTORY | adding)
        self.pg.reactions.add(record, parsed, self.id)

    async def unreact(self, message: Target, mark: str) -> None:
        """Take an own reaction back. Raises ApiError 10014."""
        self.pg.reactions.remove(self._message(message), emoji.parse(self.pg.world, mark), self.id)

    def messages(self, channel: Target) -> list[Json]:
        """Message records that this person sees in a channel, oldest first."""
        if not self.pg.world.permissions(self._channel(channel), self.id) & permissions.READ_MESSAGE_HISTORY:
            return []
        return [row for row in self.pg.messages(channel) if row["_viewer"] in (None, self.id)]

    def dm(self) -> Json:
        """The direct-message channel with the bot, opened when there is none."""
        return open_dm(self.pg.world, self.pg.ids, self.id, self.pg.world.bot["id"])

    def close_dms(self, closed: bool = True) -> None:
        """Take no direct messages (or take them again)."""
        self.pg.world.user(self.id)["_dms_open"] = not closed

    def commands(self, channel: Target) -> list[Json]:
        """Commands that a client offers to this person in a channel."""
        return offered.commands_for(self.pg.world, self.id, self._channel(channel))

    def need(self, channel_id: str, bits: int) -> None:
        """Raise ApiError 50001 or 50013 when the person lacks `bits` in a channel."""
        self.pg.world.demand(channel_id, self.id, bits)

    # Inside

    async def _press(self, record: Json, custom_id: str, values: list[str] | None, wait: bool) -> Interaction:
        data = filled.pressed(self.pg.builder, record, custom_id, values, self.id)
        return await self._act(wait, COMPONENT, channel_id=record["channel_id"], data=data, message=record)

    async def _act(self, wait: bool, kind: int, **values: Any) -> Interaction:
        row = self.pg.interactions.create(kind, user_id=self.id, **values)
        if wait:
            await self.pg.interactions.settled(row)
        return row

    def _button(self, record: Json, wanted: str) -> str:
        known: list[str] = []
        for part in tree.walk(record["components"]):
            if part["type"] != tree.BUTTON or not part.get("custom_id"):
                continue
            mark = (part.get("emoji") or {}).get("name")
            names = {part["custom_id"], part.get("label"), mark, f"{mark} {part.get('label')}"}
            if wanted in names:
                return part["custom_id"]
            known.append(str(part.get("label") or mark or part["custom_id"]))
        raise NotOffered(f"no button {wanted!r}; the message has {known}")

    def _see(self, record: Json) -> None:
        if record["_viewer"] not in (None, self.id) or not self.pg.world.can_see(record["channel_id"], self.id):
            raise NotOffered(f"{self.name} does not see message {record['id']}")

    def _channel(self, target: Target) -> str:
        return target["id"] if isinstance(target, dict) else self.pg.world.find_channel(target)["id"]

    def _message(self, target: Target) -> Json:
        return self.pg.message(target)
