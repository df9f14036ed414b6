"""Comments and feedback in operators' hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from relay.audience import comment_store
from relay.audience.comment_store import Comments
from relay.audience.comments import Place
from relay.bus import keys
from relay.gateway.api import comments as api
from relay.gateway.api import feedback as feedback_api
from relay.gateway.api import moderation
from tests.gateway.test_comments import PATH, texts, write
from tests.support.listening import open_page

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Gateway
    from tests.support.listening import OpenPage

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.begun("demo")


async def decide(gateway: Gateway, comment: Any, **decision: object) -> Any:
    return await gateway.change(f"{PATH}/{comment['id']}/moderation", **decision)


async def test_hidden_ones_vanish_live_and_come_back(gateway: Gateway) -> None:
    made = (await write(gateway)).ok(201)
    reply = (await write(gateway, "Reply", reply_to=made["id"])).ok(201)
    async with open_page(gateway, "demo") as page:
        assert (await decide(gateway, made, hidden=True))["hidden"]
        await page.hear_type("comment_removed", id=made["id"])
        assert await texts(gateway) == []
        assert await texts(gateway, "?state=hidden", admin=True) == ["Hello"]

        assert not (await decide(gateway, made, hidden=False))["hidden"]
        assert (await page.hear_type("comment"))["comment"]["id"] == made["id"]
        assert await texts(gateway) == ["Reply", "Hello"]
        assert reply["reply_to"] == made["id"]


async def test_a_root_comes_back_with_its_newest_replies(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, "_REPLIES", 2)
    monkeypatch.setattr(comment_store, "_CHUNK", 2)
    (await write(gateway, "Before")).ok(201)
    root = (await write(gateway, "Root")).ok(201)
    other = (await write(gateway, "Other")).ok(201)
    replies = [
        (await write(gateway, f"{number}", reply_to=root["id"])).ok(201) for number in range(4)
    ]
    (await write(gateway, "Another's", reply_to=other["id"])).ok(201)
    await decide(gateway, replies[2], hidden=True)
    for text in ("Later", "Last"):
        (await write(gateway, text)).ok(201)
    await decide(gateway, root, hidden=True)
    async with open_page(gateway, "demo") as page:
        await decide(gateway, root, hidden=False)
        await decide(gateway, other, pinned=True)  # its reply has been there all the time
        assert (await shown_live(gateway, page))[-4:] == ["Root", "1", "3", "Other"]
        await decide(gateway, replies[2], hidden=False)
        assert await shown_live(gateway, page) == ["2"]


async def shown_live(gateway: Gateway, page: OpenPage) -> list[str]:
    """The comments that a page is shown until this moment."""
    page.heard.clear()
    end = (await write(gateway, "End")).ok(201)
    await page.hear_that(lambda event: event.get("comment", {}).get("id") == end["id"], "the end")
    return [event["comment"]["text"] for event in page.heard if event["type"] == "comment"][:-1]


async def test_the_approval_queue(gateway: Gateway) -> None:
    await gateway.change(DEMO, comments="approval")
    async with open_page(gateway, "demo") as page:
        assert page.state["comments"] == "approval"
        first = (await write(gateway, "First")).ok(202)
        second = (await write(gateway, "Second")).ok(202)
        assert await texts(gateway) == []
        assert await texts(gateway, "?state=held", admin=True) == ["Second", "First"]

        await decide(gateway, first, approved=True)
        assert (await page.hear_type("comment"))["comment"]["text"] == "First"
        await decide(gateway, second, approved=False)
        await page.hear_type("comment_removed", id=second["id"])
        assert await texts(gateway) == ["First"]
        assert await texts(gateway, "?state=held", admin=True) == []

    await gateway.change(DEMO, comments="closed")
    answer = await write(gateway, "Third")
    assert answer.problem(409)["type"] == "urn:eva-relay:problem:comments-closed"


async def test_pinned_ones_are_told_apart(gateway: Gateway) -> None:
    made = (await write(gateway)).ok(201)
    async with open_page(gateway, "demo") as page:
        assert (await decide(gateway, made, pinned=True))["pinned"]
        # That it was written may be told after the page has begun to listen.
        await page.hear_that(lambda event: event.get("comment", {}).get("pinned"), "the pin")
    assert [each["id"] for each in (await gateway.get(PATH)).ok()["pinned"]] == [made["id"]]
    await decide(gateway, made, hidden=True)
    assert (await gateway.get(PATH)).ok()["pinned"] == []


async def test_reports_reach_operators_once_a_viewer(gateway: Gateway, store: Redis) -> None:
    bad = (await write(gateway, "Bad")).ok(201)
    (await write(gateway, "Good")).ok(201)
    cookie = (await gateway.get("/")).cookie()
    path = f"{PATH}/{bad['id']}/report"
    for _ in range(3):
        (await gateway.post(path, {"reason": 'spam "ü"'}, cookie=cookie)).ok(204)
    (await gateway.post(path, {})).ok(204)
    (await gateway.post(f"{PATH}/none/report", {})).problem(404)

    listed = (await gateway.get(f"{PATH}?state=reported", admin=True)).ok()["comments"]
    assert [(each["text"], each["reports"], each["reasons"]) for each in listed] == [
        ("Bad", 2, ['spam "ü"'])
    ]
    seen = (await gateway.get(PATH)).ok()["comments"]
    assert {(each["reports"], each["reasons"]) for each in seen} == {(None, None)}
    (await gateway.send("DELETE", f"{PATH}/{bad['id']}", admin=True)).ok(204)
    assert (await gateway.get(f"{PATH}?state=reported", admin=True)).ok()["comments"] == []
    assert not await store.exists(keys.comment_list("demo", "reports"))


async def test_of_one_comment_so_many_reports_are_kept(gateway: Gateway, store: Redis) -> None:
    made = (await write(gateway)).ok(201)
    comments = Comments(store, "demo")
    for number in range(201):
        await comments.report(made["id"], who=f"{number}", reason=f"{number}")
    ((comment, reasons),) = await comments.reported(10)
    assert comment.id == made["id"]
    assert reasons == [f"{number}" for number in range(200)]


async def test_a_blocked_author_is_refused_until_forgiven(gateway: Gateway) -> None:
    cookie = (await gateway.get("/")).cookie()
    made = (await write(gateway, cookie=cookie)).ok(201)
    await decide(gateway, made, block_author=True)
    answer = await write(gateway, cookie=cookie)
    assert answer.problem(403)["type"] == "urn:eva-relay:problem:blocked"
    (await write(gateway, "Another's")).ok(201)
    await decide(gateway, made, block_author=False)
    (await write(gateway, cookie=cookie)).ok(201)


async def test_the_export_has_all_of_them(
    gateway: Gateway, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = (await gateway.get(f"{PATH}/export", admin=True)).ok()
    assert empty == {"broadcast": "demo", "comments": []}
    monkeypatch.setattr(api, "_WRITERS", api.Limit("crowd", every_s=0.001, burst=1000))
    for number in range(205):
        (await write(gateway, f"{number}")).ok(201)
    comments = Comments(store, "demo")
    for comment in await comments.page("shown", before_us=None, limit=3):
        await comments.change(comment.id, lambda c: c.model_copy(update={"place": Place.HIDDEN}))

    answer = await gateway.get(f"{PATH}/export", admin=True)

    found = answer.ok()["comments"]
    assert [each["text"] for each in found] == [f"{number}" for number in range(205)]
    assert [each["hidden"] for each in found] == [False] * 202 + [True] * 3
    assert len({each["author"] for each in found}) == 205
    assert "demo-comments.json" in answer.headers["Content-Disposition"]


async def test_all_of_this_is_for_operators(gateway: Gateway) -> None:
    made = (await write(gateway)).ok(201)
    one = f"{PATH}/{made['id']}/moderation"
    (await gateway.send("PATCH", one, body={"hidden": True})).problem(401)
    for path in (f"{PATH}/export", f"{PATH}?state=held", f"{PATH}?state=reported"):
        (await gateway.get(path)).problem(401)
    (await gateway.get(f"{DEMO}/feedback")).problem(401)
    (await gateway.get(f"{PATH}?state=shown2", admin=True)).problem(422)
    wrong = await gateway.send("DELETE", f"{PATH}/{made['id']}", headers={"Authorization": "x y"})
    wrong.problem(401)
    for body in ({"hidden": True, "approved": True}, {"hidden": "yes please"}, {"seen": True}):
        (await gateway.send("PATCH", one, body=body, admin=True)).problem(422)


async def test_feedback_goes_to_operators_only(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cookie = f"{DEMO}/feedback", (await gateway.get("/")).cookie()
    (await gateway.vote("demo", 2, cookie=cookie)).ok()
    body = {"text": "Too dark\n<script>", "email": "anna@example.org"}
    headers = {"Idempotency-Key": "one"}
    for _ in range(2):
        assert (await gateway.post(path, body, cookie=cookie, headers=headers)).ok(201) == {}
    (await gateway.post(path, {"text": "Nice"})).ok(201)

    found = (await gateway.get(path, admin=True)).ok()["feedback"]

    told = [(each["text"], each["email"], each["stars"]) for each in found]
    assert told == [("Nice", None, None), ("Too dark\n<script>", "anna@example.org", 2)]
    assert (await texts_in_pages(gateway, path)) == ["Nice", "Too dark\n<script>"]
    (await gateway.get(f"{path}?before=none", admin=True)).problem(404)
    (await gateway.get(f"{path}?limit=0", admin=True)).problem(422)
    for wrong in (
        *({}, {"text": ""}, {"text": "x" * 4001}, {"text": "a", "email": "nobody"}),
        *({"text": "a", "email": "a@b\r\nBcc: c@d"}, {"text": "a", "stars": 5}),
    ):
        (await gateway.post(path, wrong)).problem(422)
    monkeypatch.setattr(feedback_api, "_WRITERS", feedback_api.Limit("f", every_s=60, burst=1))
    assert [(await gateway.post(path, {"text": "a"})).status for _ in range(2)] == [201, 429]


async def texts_in_pages(gateway: Gateway, path: str) -> list[str]:
    """What a list of feedback has, read one by one."""
    texts, query = [], "?limit=1"
    while True:
        page = (await gateway.get(f"{path}{query}", admin=True)).ok()
        texts += [each["text"] for each in page["feedback"]]
        if page["next"] is None:
            return texts
        query = f"?limit=1&before={page['next']}"
