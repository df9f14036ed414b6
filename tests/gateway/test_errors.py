"""What is answered where there is nothing, or not in that way: problems for programs, pages for
people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.html import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NOWHERE = ["/nowhere", "/b", "/b/", "/b/none", "/b/none/more", "/api", "/static", "//", "/%00"]


@pytest.mark.parametrize(
    "path", [*NOWHERE, "/api/v1/none", "/api/v1/broadcasts/none", "/whep/none/"]
)
async def test_programs_get_a_problem_for_unknown_paths(gateway: Gateway, path: str) -> None:
    answer = await gateway.get(path)

    answer.problem(404)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", NOWHERE)
async def test_browsers_get_a_page_for_unknown_paths(gateway: Gateway, path: str) -> None:
    answer = await gateway.get(path, headers=BROWSER)

    assert answer.status == 404
    assert answer.type == "text/html"
    assert answer.headers["Cache-Control"] == "no-store"
    page = Page(answer.text)
    assert page.one("h1").text == "Not found"
    assert {a.attributes["href"] for a in page.all("a")} == {"/"}
    assert page.meta("viewport")
    assert not page.all("script")


@pytest.mark.parametrize("path", ["/api/v1/none", "/api/v1/broadcasts/none", "/static/none.js"])
async def test_data_and_files_are_problems_for_browsers_too(gateway: Gateway, path: str) -> None:
    (await gateway.get(path, headers=BROWSER)).problem(404)


@pytest.mark.parametrize(
    ("path", "cookie", "theme", "bars"),
    [
        ("/b/none", "eva_theme=dark", "dark", 1),
        ("/b/none", "eva_theme=pink", None, 1),
        ("/b/none?theme=light", "eva_theme=dark", "dark", 1),
        ("/embed/none?theme=light", "eva_theme=dark", "light", 0),
    ],
)
async def test_an_error_page_looks_as_the_viewer_wants(
    gateway: Gateway, path: str, cookie: str, theme: str | None, bars: int
) -> None:
    answer = await gateway.get(path, headers=BROWSER, cookie=cookie)
    assert answer.status == 404
    page = Page(answer.text)
    assert page.one("html").attributes.get("data-theme") == theme
    assert len(page.all("header")) == bars
    for shade in ("dark", "light"):
        assert f"[data-theme={shade}]{{color-scheme:{shade}}}" in answer.text


async def test_a_path_cannot_put_elements_into_the_error_page(gateway: Gateway) -> None:
    answer = await gateway.get("/b/%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers=BROWSER)

    assert answer.status == 404
    assert not Page(answer.text).all("script")
    assert "<script>alert(1)</script>" in Page(answer.text).one("main").text


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/v1/broadcasts", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/api/v1/broadcasts/demo", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("DELETE", "/api/v1/broadcasts/demo/rating", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/api/v1/cameras", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/api/v1/cameras/c/key", "OPTIONS, POST"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("PUT", "/b/demo", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("POST", "/api/openapi.json", "GET, HEAD, OPTIONS"),
        ("PUT", "/whep/demo", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/whep/demo/e.1", "DELETE, OPTIONS, PATCH"),
        ("DELETE", "/static/favicon.svg", "GET, HEAD, OPTIONS"),
        ("PROPFIND", "/", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    gateway: Gateway, method: str, path: str, allow: str
) -> None:
    answer = await gateway.send(method, path)

    assert allow in answer.problem(405)["detail"]
    assert answer.headers["Allow"] == allow


async def test_options_names_the_methods(gateway: Gateway) -> None:
    answer = await gateway.send("OPTIONS", "/api/v1/broadcasts/demo")

    assert answer.status == 204
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/b/demo", "/static/favicon.svg", "/healthz", "/metrics"),
        *("/api/v1/broadcasts", "/api/v1/broadcasts/demo", "/api/v1/broadcasts/demo/rating"),
        *("/api/openapi.json", "/api/docs", "/api/v1/cameras"),
    ],
)
async def test_head_is_get_without_a_body(gateway: Gateway, path: str) -> None:
    await gateway.begun("demo")
    get = await gateway.get(path, admin=True)

    head = await gateway.send("HEAD", path, admin=True)

    assert head.status == get.status == 200
    assert head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


async def test_a_fault_of_ours_is_a_problem_that_says_nothing_of_it(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("inner workings")

    monkeypatch.setattr("relay.state.documents.Documents.get", broken)

    for headers in ({}, BROWSER):
        answer = await gateway.get("/b/demo", headers=headers)
        assert answer.status == 500
        assert "inner workings" not in answer.text
    assert "inner workings" in logged()
    (await gateway.get("/healthz")).ok()
