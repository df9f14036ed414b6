"""Requests' bodies: what is taken, and how each of the others is refused."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING

import pytest

from relay.gateway import body as bodies

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

RATING = "/api/v1/broadcasts/demo/rating"
HEAD = f"POST {RATING} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.begun("demo")


async def nobody_voted(gateway: Gateway) -> bool:
    return bool((await gateway.rating("demo"))["count"] == 0)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"stars=5", "not JSON"),
        (b"{'stars': 5}", "not JSON"),
        (b'{"stars": 5,}', "not JSON"),
        (b'{"stars": 5} {"stars": 5}', "not JSON"),
        (b'{"stars": NaN}', "no NaN"),
        (b'{"stars": -Infinity}', "no -Infinity"),
        (b'{"stars": 5, "stars": 1}', "'stars' stands in it twice"),
        (b'{"stars": 05}', "not JSON"),
        (b'{"stars": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'\xef\xbb\xbf{"stars": 5}', "not JSON"),
        (b'{"stars": 5, "\xff": 1}', "not UTF-8"),
        ('{"stars": 5}'.encode("utf-16"), "not UTF-8"),
        (b'{"stars": "\\ud800"}', "body: this is not JSON"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 20_000, "nested too deeply"),
        (b'{"stars": ' + b"[" * 250 + b"]" * 250 + b"}", "body: this is not JSON"),
        (b"\0", "not JSON"),
        (b"null", "body: "),
        (b"5", "body: "),
        (b"[5]", "body: "),
        (b"{}", "stars: it is missing"),
        (b'{"stars": 1e400}', "stars: "),
    ],
)
async def test_what_is_not_wanted_is_refused_with_its_reason(
    gateway: Gateway, raw: bytes, reason: str
) -> None:
    answer = await gateway.send("POST", RATING, raw=raw)

    assert reason in answer.problem(422)["detail"]
    assert await nobody_voted(gateway)


async def test_every_wrong_field_is_named(gateway: Gateway) -> None:
    body = {"slug": "No Slug", "cameras": "c", "crew": [{"name": ""}], "stars": 5}

    detail = (await gateway.post("/api/v1/broadcasts", body, admin=True)).problem(422)["detail"]

    for place in ("slug: ", "title: ", "cameras: ", "crew.0.name: ", "crew.0.role: ", "stars: "):
        assert place in detail


async def test_a_reason_is_not_as_long_as_the_body(gateway: Gateway) -> None:
    many = {f"field{i}": 1 for i in range(6000)}
    long = {"n" * 100_000: 1, "stars": 5}

    for body in (many, long):
        answer = await gateway.post(RATING, body)
        answer.problem(422)
        assert len(answer.body) < 4096
    assert "and 5969 more" in (await gateway.post(RATING, many)).problem(422)["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/merge-patch+json"},
        {"Content-Type": ";;=="},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json; charset="},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "br"},
        {"Content-Encoding": "deflate, gzip"},
        {"Content-Encoding": "none"},
    ],
)
async def test_other_types_charsets_and_codings_are_refused(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    answer = await gateway.send("POST", RATING, raw=b'{"stars": 5}', headers=headers)

    if headers == {"Content-Type": "application/json; charset="}:
        answer.ok()  # says nothing, so UTF-8 it is
    else:
        answer.problem(415)
        assert await nobody_voted(gateway)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json;charset=UTF-8"],
)
async def test_json_is_taken_however_it_is_spelled(gateway: Gateway, content_type: str) -> None:
    headers = {"Content-Type": content_type}

    (await gateway.send("POST", RATING, raw=b' {"stars":5}\n', headers=headers)).ok()


async def test_a_packed_bomb_is_not_unpacked(gateway: Gateway) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    for coding in ("gzip", "deflate", "br", "zstd"):
        headers = {"Content-Encoding": coding}
        (await gateway.send("POST", RATING, raw=bomb, headers=headers)).problem(415)


@pytest.mark.parametrize("size", [128 * 1024 + 1, 1_000_000])
async def test_too_long_a_body_is_refused(gateway: Gateway, size: int) -> None:
    raw = json.dumps({"stars": 5, "padding": "x" * size}).encode()

    for path in (RATING, "/api/v1/broadcasts"):
        (await gateway.send("POST", path, raw=raw, admin=True)).problem(413)
    assert await nobody_voted(gateway)


async def test_a_body_as_long_as_allowed_is_read(gateway: Gateway) -> None:
    raw = b'{"stars": 5}'.ljust(bodies.MAX_BODY)

    (await gateway.send("POST", RATING, raw=raw)).ok()


async def test_a_long_body_without_a_length_is_refused(gateway: Gateway) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    request = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

    answer = await gateway.raw(request + chunk * 3 + b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_viewer_that_leaves_in_the_middle_is_no_fault_of_ours(
    gateway: Gateway, logged: Callable[[], str]
) -> None:
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(HEAD + b'Content-Length: 100\r\n\r\n{"stars"')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    (await gateway.get("/healthz")).ok()
    assert "error" not in logged()


async def test_a_body_that_does_not_come_is_not_waited_for(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.1)

    answer = await gateway.raw(HEAD + b"Content-Length: 100\r\nConnection: close\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


async def test_names_that_stand_twice_are_found_at_any_depth(gateway: Gateway) -> None:
    raw = b'{"slug": "b", "title": "B", "crew": [{"name": "A", "role": "EV1", "name": "B"}]}'

    answer = await gateway.send("POST", "/api/v1/broadcasts", raw=raw, admin=True)

    assert "'name' stands in it twice" in answer.problem(422)["detail"]
