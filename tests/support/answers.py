"""Answers in the relay's place, for states that are hard to make."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import re

    from playwright.sync_api import Route

    from tests.support.chromium import Tab


def problem(status: int, kind: str = "about:blank") -> dict[str, Any]:
    """A problem document, whose words are for programs' authors."""
    return {"type": kind, "title": "No", "status": status, "detail": "for authors of programs"}


def answer(
    tab: Tab,
    addresses: str | re.Pattern[str],
    status: int,
    body: object,
    *,
    method: str | None = None,
    **headers: str,
) -> None:
    """Have these addresses answer a method, or any, in the relay's place."""
    headers = {"Content-Type": "application/json"} | headers

    def tell(route: Route) -> None:
        if method in (None, route.request.method):
            route.fulfill(status=status, headers=headers, body=json.dumps(body))
        else:
            route.fallback()

    tab.page.route(addresses, tell)


def without_data(tab: Tab) -> None:
    """Have the pages to come bring no broadcast along, so that they have to ask for it."""
    tab.page.add_init_script(_NO_DATA)


_NO_DATA: Final = """(() => {
  const find = Document.prototype.getElementById;
  Document.prototype.getElementById = function (id) {
    return id === "eva-data" ? null : find.call(this, id);
  };
})()"""
