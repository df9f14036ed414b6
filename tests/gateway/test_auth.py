"""Who asks: the admin by bearer token, a viewer by signed cookie."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest

from relay.gateway.auth import Auth
from relay.ids import hash_key
from tests.support.gateway import ADMIN, Gateway, running
from tests.support.stack import ADMIN_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

FOR_OPERATORS = [
    ("GET", "/api/v1/cameras"),
    ("POST", "/api/v1/cameras"),
    ("GET", "/api/v1/cameras/c"),
    ("PATCH", "/api/v1/cameras/c"),
    ("DELETE", "/api/v1/cameras/c"),
    ("POST", "/api/v1/cameras/c/key"),
    ("POST", "/api/v1/broadcasts"),
    ("PATCH", "/api/v1/broadcasts/b"),
    ("DELETE", "/api/v1/broadcasts/b"),
]


@pytest.mark.parametrize(("method", "path"), FOR_OPERATORS)
async def test_what_is_for_operators_asks_for_a_token(
    gateway: Gateway, method: str, path: str
) -> None:
    answer = await gateway.send(method, path)

    answer.problem(401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "Bearer wrong",
            f"Token {ADMIN_TOKEN}",
            ADMIN_TOKEN,
        ),
        *(
            f"Bearer {ADMIN_TOKEN}x",
            f"Bearer {ADMIN_TOKEN[:-1]}",
            f"Bearer {hash_key(ADMIN_TOKEN)}",
        ),
        *(f"Bearer {ADMIN_TOKEN} x", f"Bearer {ADMIN_TOKEN},Bearer x", "Bearer ключ", "Bearer \0"),
    ],
)
async def test_a_wrong_token_is_refused_and_not_repeated(gateway: Gateway, header: str) -> None:
    request = f"GET /api/v1/cameras HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\n"

    answer = await gateway.raw(f"{request}Connection: close\r\n\r\n".encode())

    # aiohttp itself refuses control characters in headers.
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.0 400 ")[header.endswith("\0")])
    assert ADMIN_TOKEN.encode() not in answer


async def test_a_token_that_is_not_utf_8_is_merely_wrong(gateway: Gateway) -> None:
    answer = await gateway.raw(
        b"GET /api/v1/cameras HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: Bearer \xff\xfe\x80\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_token_lets_in(gateway: Gateway, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ADMIN_TOKEN} "}

    (await gateway.get("/api/v1/cameras", headers=headers)).ok()


async def test_without_any_token_nobody_is_the_admin(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend, admin_token="") as gateway:
        for token in ("", hash_key(""), "None"):
            headers = {"Authorization": f"Bearer {token}"}
            (await gateway.get("/api/v1/cameras", headers=headers)).problem(401)


async def test_the_token_is_looked_for_before_the_body(gateway: Gateway) -> None:
    answer = await gateway.send("POST", "/api/v1/cameras", raw=b"not JSON")

    answer.problem(401)


async def test_the_token_is_neither_in_errors_nor_in_logs(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("relay.state.documents.Documents.create", broken)
    body = {"slug": "b", "title": f"Bearer {ADMIN_TOKEN}"}

    answer = await gateway.post(f"/api/v1/broadcasts?token={ADMIN_TOKEN}", body, headers=ADMIN)

    answer.problem(500)
    told = logged()
    assert "ZeroDivisionError" in told
    assert ADMIN_TOKEN not in told + answer.text


# --- viewers -------------------------------------------------------------------------------------


def make_auth(key: bytes = b"k") -> Auth:
    return Auth(admin_token_hash="", viewer_key=key)


async def test_a_page_gives_a_viewer_its_cookie(gateway: Gateway) -> None:
    answer = await gateway.get("/")

    cookie = SimpleCookie(answer.headers["Set-Cookie"])["eva_viewer"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 365 * 86_400
    assert not cookie["secure"]
    assert not cookie["domain"]


async def test_behind_https_the_cookie_is_secure(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend, public_url="https://eva.example") as gateway:
        await gateway.begun("demo")
        for answer in (await gateway.get("/"), await gateway.vote("demo", 5)):
            assert SimpleCookie(answer.headers["Set-Cookie"])["eva_viewer"]["secure"]


async def test_a_viewer_is_known_again_and_gets_no_second_cookie(gateway: Gateway) -> None:
    cookie = (await gateway.get("/")).cookie()

    assert "Set-Cookie" not in (await gateway.get("/", cookie=cookie)).headers


async def test_cookies_outlive_a_restart(store: Redis, store_url: str, frontend: Path) -> None:
    async with running(store_url, frontend) as gateway:
        cookie = (await gateway.get("/")).cookie()
    async with running(store_url, frontend) as gateway:
        assert "Set-Cookie" not in (await gateway.get("/", cookie=cookie)).headers


async def test_forged_cookies_are_nobodys(gateway: Gateway) -> None:
    await gateway.begun("demo")
    first = (await gateway.vote("demo", 5)).cookie()
    other = (await gateway.vote("demo", 3)).cookie()
    name, _, signature = first.removeprefix("eva_viewer=").partition(".")
    other_name, _, other_signature = other.removeprefix("eva_viewer=").partition(".")
    foreign = make_auth(b"another key")
    forged = [
        *("", ".", name, f"{name}.", f".{signature}", f"{name}.{signature[:-1]}"),
        *(f"{name}.{signature}A", f"{name}.{other_signature}", f"{other_name}.{signature}"),
        *(f"{name}..{signature}", f"{name}.{signature.swapcase()}", f'"{name}.{signature}'),
        *(f"{name}.{foreign._sign(name)}", f"{name}A.{signature}", "x" * 4000, f"{name}.ü"),
    ]

    for value in forged:
        rating = await gateway.rating("demo", cookie=f"eva_viewer={value}")
        assert rating == {"average": 4.0, "count": 2, "yours": None}, value
        assert "Set-Cookie" in (await gateway.get("/", cookie=f"eva_viewer={value}")).headers
    assert (await gateway.rating("demo", cookie=first))["yours"] == 5


@pytest.mark.parametrize(
    "cookie",
    [b"eva_viewer=\xff\xfe.abc", b'eva_viewer="\\377\xff.a"', b"eva_viewer=a.\xff", b"\xff"],
)
async def test_cookies_that_are_not_utf_8_are_nobodys(gateway: Gateway, cookie: bytes) -> None:
    answer = await gateway.raw(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: " + cookie + b"\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nSet-Cookie: eva_viewer=" in answer
