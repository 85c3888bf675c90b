"""Files of messages: their limits, what an edit keeps of them, and how long their addresses are good."""

from playground import ManualClock
from playground.files import LINGER
from tests.playground.conftest import Rest, code, problems


async def test_a_file_over_the_limit_is_refused_and_nothing_is_stored(rest: Rest) -> None:
    rest.pg.interactions.describe.file_limit = 1000
    assert code(await rest("POST", rest.studio, {}, {"big.png": b"x" * 1001})) == (413, 40005)
    status, message = await rest("POST", rest.studio, {}, {"fits.png": b"x" * 1000})
    assert (status, message["attachments"][0]["size"]) == (200, 1000)
    assert len(rest.pg.messages("studio")) == 1


async def test_eleven_files_are_refused(rest: Rest) -> None:
    answer = await rest("POST", rest.studio, {}, {f"{index}.txt": b"x" for index in range(11)})
    assert problems(answer) == {"attachments": "BASE_TYPE_MAX_LENGTH"}


def linger(rest: Rest) -> None:
    """Until what was dropped is served no more."""
    assert isinstance(rest.pg.clock, ManualClock)
    rest.pg.clock.advance(LINGER)


async def test_an_edit_keeps_listed_attachments_and_drops_the_others(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"}, {"a.txt": b"a", "b.txt": b"b"})
    first, second = message["attachments"]
    path = f"{rest.studio}/{message['id']}"
    listed = {"attachments": [{"id": second["id"]}, {"id": "0", "filename": "c.txt", "description": "new"}]}
    _, edited = await rest("PATCH", path, listed, {"c.txt": b"c"})
    assert [row["filename"] for row in edited["attachments"]] == ["b.txt", "c.txt"]
    assert edited["attachments"][1]["description"] == "new"
    linger(rest)
    assert rest.pg.files.read(first["id"]) is None
    _, untouched = await rest("PATCH", path, {"content": "y"})
    assert len(untouched["attachments"]) == 2
    _, cleared = await rest("PATCH", path, {"attachments": []})
    assert cleared["attachments"] == []


async def test_an_attachment_inside_an_embed_shows_there_and_survives_an_edit(rest: Rest) -> None:
    body = {"embeds": [{"title": "t", "image": {"url": "attachment://a.png"}}]}
    _, message = await rest("POST", rest.studio, body, {"a.png": b"pixels"})
    assert message["attachments"] == []
    url = message["embeds"][0]["image"]["url"]
    async with rest.session.get(url) as answer:
        assert await answer.read() == b"pixels"
    _, edited = await rest("PATCH", f"{rest.studio}/{message['id']}", {"embeds": message["embeds"], "attachments": []})
    linger(rest)
    async with rest.session.get(edited["embeds"][0]["image"]["url"]) as answer:
        assert answer.status == 404  # the edit dropped the file on purpose
    _, other = await rest("POST", rest.studio, body, {"a.png": b"pixels"})
    _, kept = await rest("PATCH", f"{rest.studio}/{other['id']}", {"content": "text", "attachments": []})
    async with rest.session.get(kept["embeds"][0]["image"]["url"]) as answer:
        assert await answer.read() == b"pixels"


async def test_a_cdn_address_expires_and_a_fresh_look_gives_a_new_one(rest: Rest) -> None:
    assert isinstance(rest.pg.clock, ManualClock)
    _, message = await rest("POST", rest.studio, {}, {"a.txt": b"a"})
    url = message["attachments"][0]["url"]
    async with rest.session.get(url.partition("?")[0]) as answer:
        assert answer.status == 404
    rest.pg.clock.advance(86_401)
    async with rest.session.get(url) as answer:
        assert answer.status == 404
    _, again = await rest("GET", f"{rest.studio}/{message['id']}")
    async with rest.session.get(again["attachments"][0]["url"]) as answer:
        assert await answer.read() == b"a"


async def test_what_an_edit_replaced_is_served_a_little_longer(rest: Rest) -> None:
    async def status(address: str) -> int:
        async with rest.session.get(address) as answer:
            return answer.status

    _, message = await rest("POST", rest.studio, {"content": "25 %"}, {"a.png": b"a"})
    address = message["attachments"][0]["url"]
    _, message = await rest("PATCH", f"{rest.studio}/{message['id']}", {"attachments": [{"id": 0}]}, {"b.png": b"b"})
    assert [file["filename"] for file in message["attachments"]] == ["b.png"]
    assert await status(address) == 200
    linger(rest)
    assert await status(address) == 404
    assert await status(message["attachments"][0]["url"]) == 200
