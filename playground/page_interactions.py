"""Interactions as the page sends them: raw Discord data from the page, checked and completed as a client would."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground import component_tree as tree
from playground import filled, offered
from playground.errors import Json, invalid
from playground.files import Upload
from playground.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from playground.offered import NotOffered
from playground.person import Person
from playground.uploads import read_body

if TYPE_CHECKING:
    from playground.server import Playground


class PageInteractions:
    """POST /page/interactions."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground

    async def interact(self, request: web.Request) -> Json:
        """Start an interaction from the data that the page built; the data are checked as a client would."""
        body = await read_body(request, file_limit=self.pg.interactions.file_limit)
        payload = body.payload
        me = self.pg.person(str(payload.get("as") or ""))
        channel_id = self.pg.channel(str(payload.get("channel_id")))["id"]
        me.need(channel_id, 0)
        kind, data = payload.get("type"), payload.get("data") or {}
        extra: Json = {}
        if kind == COMMAND and data.get("type", 1) != 1:
            data = self._menu(me, channel_id, data)
        elif kind in (COMMAND, AUTOCOMPLETE):
            data = self._command(me, channel_id, data, body.files, complete=kind == AUTOCOMPLETE)
        elif kind == COMPONENT:
            record = self.pg.world.message(channel_id, str(payload.get("message_id")))
            data = filled.pressed(self.pg.builder, record, str(data.get("custom_id")), data.get("values"), me.id)
            extra["message"] = record
        elif kind == MODAL_SUBMIT:
            data, extra = self._modal(me, str(payload.get("interaction_id")), data, body.files)
        else:
            raise invalid(50035)
        row = self.pg.interactions.create(
            int(kind), user_id=me.id, channel_id=channel_id, data=data, nonce=payload.get("nonce"), **extra
        )
        return {"interaction_id": row.id, "state": row.state, "reason": row.reason}

    def _command(self, me: Person, channel_id: str, data: Json, files: dict[int, Upload], *, complete: bool) -> Json:
        name, options = str(data.get("name")), data.get("options") or []
        while options and options[0].get("type") in (offered.SUB, offered.GROUP):
            name += f" {options[0].get('name')}"
            options = options[0].get("options") or []
        values: dict[str, Any] = {}
        uploads: dict[str, Upload] = {}
        focused = None
        for option in options:
            if option.get("type") == offered.ATTACHMENT and str(option.get("value")).isdecimal():
                upload = files.get(int(option["value"]))
                if upload is None:
                    raise NotOffered(f"no file came with {option.get('name')}")
                uploads[option["name"]] = upload
            else:
                values[option["name"]] = option.get("value")
            focused = option["name"] if option.get("focused") else focused
        if complete and focused is None:
            raise NotOffered("no option has the focus")
        return self.pg.builder.build(
            user_id=me.id,
            channel_id=channel_id,
            name=name,
            values=values,
            uploads=uploads,
            focused=focused if complete else None,
        )

    def _menu(self, me: Person, channel_id: str, data: Json) -> Json:
        target, name = str(data.get("target_id")), str(data.get("name"))
        if data["type"] == offered.USER_MENU:
            row, message = self.pg.world.user(target), None
        else:
            row = self.pg.world.message(channel_id, target)
            message = self.pg.render.message(row, self.pg.world.bot["id"])
        return self.pg.builder.build_menu(user_id=me.id, channel_id=channel_id, name=name, target=row, message=message)

    def _modal(self, me: Person, opener_id: str, data: Json, files: dict[int, Upload]) -> tuple[Json, Json]:
        opener = self.pg.interaction(opener_id)
        if opener.modal is None:
            raise NotOffered("that interaction opened no modal")
        values = filled.values_in(data.get("components") or [])
        fields = {part["custom_id"]: part["type"] for part in filled.modals.inputs(opener.modal)}
        uploads: dict[str, list[Upload]] = {}
        for key in [key for key in values if fields.get(key) == tree.FILE_UPLOAD]:
            indices = [int(index) for index in values.pop(key) or []]
            uploads[key] = [files[index] for index in indices if index in files]
        built = filled.submitted(self.pg.builder, opener.modal, values, uploads, me.id, opener.channel_id)
        message = self.pg.world.messages.get(opener.channel_id, {}).get(opener.message_id or "")
        return built, {"message": message, "opener": opener.id}
