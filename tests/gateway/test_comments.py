"""Comments: written, answered, changed and withdrawn by viewers, and seen live."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from relay.audience import comment_store
from relay.audience import comments as rules
from relay.gateway.api import comments as api
from tests.support.listening import open_page

if TYPE_CHECKING:
    from tests.support.gateway import Answer, Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

PATH = "/api/v1/broadcasts/demo/comments"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.broadcast("demo")


@pytest.fixture
async def anna(gateway: Gateway) -> str:
    """A viewer's cookie."""
    return (await gateway.get("/")).cookie()


async def write(gateway: Gateway, text: str = "Hello", **options: Any) -> Answer:
    fields = {name: options.pop(name) for name in ("reply_to", "moment") if name in options}
    body = {"text": text, "name": options.pop("name", "Anna")} | fields
    return await gateway.post(PATH, body, **options)


async def texts(gateway: Gateway, query: str = "", **options: Any) -> list[str]:
    found = (await gateway.get(PATH + query, **options)).ok()
    return [comment["text"] for comment in found["comments"]]


async def test_a_comment_is_seen_live_and_listed(gateway: Gateway, anna: str) -> None:
    async with open_page(gateway, "demo") as page:
        moment = "2026-11-22T14:10:00Z"
        made = (await write(gateway, "So quiet", moment=moment, cookie=anna)).ok(201)

        assert made["yours"]
        assert made["editable_until"] is not None
        assert made["moment"] == moment
        seen = (await page.hear_type("comment"))["comment"]
        assert seen == made | {"yours": False, "editable_until": None}
        nothing: dict[str, Any] = {"next": None, "pinned": [], "roots": [], "yours": []}
        assert (await gateway.get(PATH)).ok() == {"comments": [seen]} | nothing
        mine = (await gateway.get(PATH, cookie=anna)).ok()["comments"][0]
        assert mine == made
        assert "author" not in {name for name, value in made.items() if value}


async def test_replies_are_of_one_level(gateway: Gateway, anna: str) -> None:
    root = (await write(gateway, "Root", cookie=anna)).ok(201)
    reply = (await write(gateway, "Reply", reply_to=root["id"])).ok(201)
    deeper = (await write(gateway, "Deeper", reply_to=reply["id"])).ok(201)

    assert [each["reply_to"] for each in (root, reply, deeper)] == [None, root["id"], root["id"]]
    (await write(gateway, "Nowhere", reply_to="none")).problem(422)
    (await gateway.send("DELETE", f"{PATH}/{root['id']}", cookie=anna)).ok(204)
    assert await texts(gateway) == []  # answers to what is gone are not shown
    (await write(gateway, "Late", reply_to=reply["id"])).problem(404)


async def test_an_answer_comes_with_what_it_answers(gateway: Gateway, anna: str) -> None:
    root = (await write(gateway, "Root", cookie=anna)).ok(201)
    await write(gateway, "Between")
    await write(gateway, "Reply", reply_to=root["id"])
    page = (await gateway.get(f"{PATH}?limit=1")).ok()
    assert [each["text"] for each in page["comments"]] == ["Reply"]
    assert [each["text"] for each in page["roots"]] == ["Root"]
    assert not page["roots"][0]["yours"]
    whole = (await gateway.get(f"{PATH}?limit=3")).ok()
    assert whole["roots"] == []


async def test_pages_of_the_list(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        (await write(gateway, f"{number}")).ok(201)

    first = (await gateway.get(f"{PATH}?limit=3")).ok()
    assert [each["text"] for each in first["comments"]] == ["6", "5", "4"]
    assert await texts(gateway, f"?limit=3&before={first['next']}") == ["3", "2", "1"]
    assert await texts(gateway, f"?before={first['next']}") == ["3", "2", "1", "0"]
    for query in (
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=%C2%B2",
        "before=x",
        "before=-1",
        "limit=",
    ):
        (await gateway.get(f"{PATH}?{query}")).problem(422)


async def test_ones_own_can_be_changed_and_withdrawn(
    gateway: Gateway, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await write(gateway, cookie=anna)).ok(201)
    one = f"{PATH}/{made['id']}"
    async with open_page(gateway, "demo") as page:
        changed = await gateway.send("PATCH", one, body={"text": "Hi"}, cookie=anna)
        assert changed.ok() == made | {"text": "Hi", "edited": True}
        # That it was written may be told after the page has begun to listen.
        while (await page.hear_type("comment"))["comment"]["text"] != "Hi":
            pass

        ben = (await gateway.get("/")).cookie()
        for cookie in (ben, None):
            for method, body in (("PATCH", {"text": "Mine"}), ("DELETE", None)):
                answer = await gateway.send(method, one, body=body, cookie=cookie)
                assert answer.problem(403)["type"] == "urn:eva-relay:problem:not-yours"

        (await gateway.send("DELETE", one, cookie=anna)).ok(204)
        await page.hear_type("comment_removed", id=made["id"])
    (await gateway.send("DELETE", one, cookie=anna)).problem(404)

    other = (await write(gateway, cookie=anna)).ok(201)
    monkeypatch.setattr(rules, "_EDIT", rules.timedelta(0))
    for method, body in (("PATCH", {"text": "Late"}), ("DELETE", None)):
        answer = await gateway.send(method, f"{PATH}/{other['id']}", body=body, cookie=anna)
        assert answer.problem(403)["type"] == "urn:eva-relay:problem:edit-time-over"


async def test_links_wait_and_are_not_told(gateway: Gateway, anna: str) -> None:
    async with open_page(gateway, "demo") as page:
        held = (await write(gateway, "Look: https://example.org", cookie=anna)).ok(202)
        assert held["held"]
        shown = (await write(gateway, "No link", cookie=anna)).ok(201)
        assert (await page.hear_type("comment"))["comment"]["id"] == shown["id"]
        one = f"{PATH}/{shown['id']}"
        changed = await gateway.send("PATCH", one, body={"text": "www.x.org"}, cookie=anna)
        assert changed.ok()["held"]
        await page.hear_type("comment_removed", id=shown["id"])
    assert await texts(gateway) == []


async def test_what_waits_is_seen_by_its_author_only(gateway: Gateway, anna: str) -> None:
    async def listed(query: str = "", **options: Any) -> Any:
        return (await gateway.get(PATH + query, **options)).ok()

    root = (await write(gateway, "No link")).ok(201)
    held = (await write(gateway, "See https://example.org", cookie=anna)).ok(202)
    link = "https://example.org/answer"
    answer = (await write(gateway, link, reply_to=root["id"], cookie=anna)).ok(202)
    ben = (await gateway.get("/")).cookie()
    (await write(gateway, "www.example.org", cookie=ben)).ok(202)

    mine = await listed(cookie=anna)
    assert mine["yours"] == [answer, held]
    assert [each["id"] for each in mine["comments"]] == [root["id"]]
    assert [each["text"] for each in (await listed(cookie=ben))["yours"]] == ["www.example.org"]
    assert (await listed())["yours"] == []
    # An older page has no more of them, but a reply finds what it answers.
    assert (await listed("?before=1", cookie=anna))["yours"] == []
    await write(gateway, "Another")
    assert [each["id"] for each in (await listed("?limit=1", cookie=anna))["roots"]] == [root["id"]]
    one = f"{PATH}/{held['id']}/moderation"
    (await gateway.send("PATCH", one, body={"approved": True}, admin=True)).ok()
    mine = await listed(cookie=anna)
    assert [each["id"] for each in mine["yours"]] == [answer["id"]]
    assert held["id"] in [each["id"] for each in mine["comments"]]


async def test_a_comment_that_is_sent_again_is_written_once(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "once", "User-Agent": "one"}

    answers = await asyncio.gather(*(write(gateway, headers=headers) for _ in range(4)))

    assert len({answer.ok(201)["id"] for answer in answers}) == 1
    assert await texts(gateway) == ["Hello"]


async def test_too_many_are_told_when_to_come_again(
    gateway: Gateway, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [await write(gateway, cookie=anna) for _ in range(6)]

    assert [answer.status for answer in answers] == [201] * 5 + [429]
    assert answers[5].problem(429)["type"] == "urn:eva-relay:problem:too-often"
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 8
    (await write(gateway)).ok(201)  # others are not in the way of each other
    monkeypatch.setattr(api, "_WRITERS", api.Limit("crowd", every_s=60, burst=3))
    assert [(await write(gateway)).status for _ in range(5)] == [201] * 3 + [429] * 2


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"text": "A"}, {"name": "A"}, {"text": "", "name": "A"}, {"text": " ", "name": "A"}),
        *({"text": "A", "name": ""}, {"text": "x" * 2001, "name": "A"}, {"text": 5, "name": "A"}),
        *({"text": "A", "name": "x" * 61}, {"text": "nul\0", "name": "A"}),
        *({"text": "A", "name": "a\nb"}, {"text": "A", "name": "A", "pinned": True}),
        *({"text": "A", "name": "A", "moment": "soon"}, {"text": "A", "name": "A", "at": "x"}),
    ],
)
async def test_what_is_no_comment_is_refused(gateway: Gateway, body: object) -> None:
    (await gateway.post(PATH, body)).problem(422)
    assert await texts(gateway) == []


async def test_forged_viewers_may_not_write(gateway: Gateway, anna: str) -> None:
    for headers in ({"Cookie": anna[:-1] + "!"}, {"Eva-Viewer": "me.x"}):
        answer = await write(gateway, headers=headers)
        assert answer.problem(403)["type"] == "urn:eva-relay:problem:forged-viewer"


async def test_the_viewer_may_come_in_a_header(gateway: Gateway, anna: str) -> None:
    value = anna.partition("=")[2]
    made = await write(gateway, headers={"Eva-Viewer": value})
    assert made.ok(201)["yours"]
    assert "Set-Cookie" not in made.headers
    assert (await gateway.get(PATH, cookie=anna)).ok()["comments"][0]["yours"]


async def test_there_are_no_comments_on_what_is_not_there(gateway: Gateway) -> None:
    path = "/api/v1/broadcasts/none/comments"
    (await gateway.get(path)).problem(404)
    (await gateway.post(path, {"text": "A", "name": "A"})).problem(404)
    made = (await write(gateway)).ok(201)
    (await gateway.send("DELETE", "/api/v1/broadcasts/demo", admin=True)).ok(204)
    await gateway.broadcast("demo")
    assert await texts(gateway) == []
    (await gateway.post(f"{PATH}/{made['id']}/report", {})).problem(404)


async def test_edits_have_a_pace(gateway: Gateway) -> None:
    cookie = (await gateway.get("/")).cookie()
    made = (await write(gateway, cookie=cookie)).ok(201)
    answers = [
        await gateway.send("PATCH", f"{PATH}/{made['id']}", body={"text": f"{n}"}, cookie=cookie)
        for n in range(15)
    ]
    assert [answer.status for answer in answers[:10]] == [200] * 10
    assert answers[-1].problem(429)["type"] == "urn:eva-relay:problem:too-often"
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_a_broadcast_has_so_many_comments(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_store, "MOST", 2)
    headers = {"Idempotency-Key": "second"}
    cookie = (await gateway.get("/")).cookie()
    (await write(gateway, "First")).ok(201)
    second = (await write(gateway, "Second", cookie=cookie, headers=headers)).ok(201)
    refused = await write(gateway, "Third")
    assert "no more comments" in refused.problem(503)["detail"]
    # What was taken is acknowledged again, and makes no more.
    again = (await write(gateway, "Second", cookie=cookie, headers=headers)).ok(201)
    assert again["id"] == second["id"]
    assert await texts(gateway) == ["Second", "First"]


CREW = [{"name": "Ada Okafor", "role": "EV1"}]
"""Of the broadcast "walk"."""


@pytest.fixture
async def walk(gateway: Gateway) -> str:
    """The path of the comments of a broadcast that names its crew."""
    await gateway.broadcast("walk", crew=CREW)
    return PATH.replace("demo", "walk")


@pytest.mark.parametrize("name", ["Ada Okafor", "ADA  OKAFOR", "Аdа Оkаfоr", "Desk", "EV1"])
async def test_a_name_of_the_crew_or_the_desk_is_refused(
    name: str, gateway: Gateway, walk: str, anna: str
) -> None:
    body = {"text": "I can see my house", "name": name}
    answer = await gateway.post(walk, body, cookie=anna)
    problem = answer.problem(422)
    assert problem["type"] == "urn:eva-relay:problem:name-reserved"
    assert "choose another" in problem["detail"]
    assert (await gateway.get(walk)).ok()["comments"] == []
    # It costs the viewer nothing: the next try is under another name.
    assert not (await gateway.post(walk, body | {"name": "Anna"}, cookie=anna)).ok(201)["desk"]


async def test_an_answer_of_the_desk_says_so(gateway: Gateway, walk: str, anna: str) -> None:
    asked = (await gateway.post(walk, {"text": "Why?", "name": "Anna"}, cookie=anna)).ok(201)
    said = {"text": "See https://example.org", "name": "Ada Okafor", "reply_to": asked["id"]}
    async with open_page(gateway, "walk") as page:
        made = (await gateway.post(walk, said, admin=True)).ok(201)
        assert made["desk"]
        assert not made["held"]
        while (heard := (await page.hear_type("comment"))["comment"])["id"] != made["id"]:
            pass
        assert heard["desk"]
    found = (await gateway.get(walk)).ok()["comments"]
    assert [(each["name"], each["desk"]) for each in found] == [
        ("Ada Okafor", True),
        ("Anna", False),
    ]
    export = (await gateway.get(f"{walk}/export", admin=True)).ok()["comments"]
    assert [(each["name"], each["desk"]) for each in export] == [
        ("Anna", False),
        ("Ada Okafor", True),
    ]
    one = f"{walk}/{made['id']}"
    changed = await gateway.send("PATCH", one, body={"text": "It is cold."}, admin=True)
    assert changed.ok()["text"] == "It is cold."
    (await gateway.send("PATCH", one, body={"text": "Mine"}, cookie=anna)).problem(403)


async def test_the_desk_is_who_has_the_token(gateway: Gateway, walk: str, anna: str) -> None:
    body = {"text": "Hello", "name": "Desk"}
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        (await gateway.post(walk, body, headers=headers, cookie=anna)).problem(401)
    # A viewer cannot say so itself.
    (await gateway.post(walk, {"text": "Hello", "name": "Anna", "desk": True})).problem(422)
    for _ in range(8):  # as fast as questions come
        (await gateway.post(walk, body, admin=True)).ok(201)


async def test_the_desk_never_blocks_itself(gateway: Gateway, walk: str) -> None:
    made = (await gateway.post(walk, {"text": "Hello", "name": "Desk"}, admin=True)).ok(201)
    one = f"{walk}/{made['id']}/moderation"
    answer = await gateway.send("PATCH", one, body={"block_author": True}, admin=True)
    assert "never blocked" in answer.problem(422)["detail"]
    (await gateway.send("PATCH", one, body={"pinned": True}, admin=True)).ok()
    (await gateway.post(walk, {"text": "Again", "name": "Desk"}, admin=True)).ok(201)
