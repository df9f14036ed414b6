"""WHEP as a player speaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from tests.support.viewer import WebViewer


@dataclass(frozen=True)
class Answer:
    """A response, read whole."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str


class Refusal(Exception):
    """The session was not opened."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.text}")
        self.answer = answer


class Player:
    """Opens, changes and closes sessions over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(HANG_S))

    async def close(self) -> None:
        """Be done."""
        await self._http.close()

    async def send(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """A request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._http.request(
            method, self._url + path, data=body, headers=named
        ) as response:
            return Answer(response.status, response.headers, await response.text())

    async def open(self, offer: str, target: str) -> dict[str, Any]:
        """Open a session, as `WebViewer.join` wants it.

        Raises:
            Refusal: it was not opened.
        """
        answer = await self.send("POST", f"/whep/{target}", offer, Content_Type="application/sdp")
        if answer.status != 201:
            raise Refusal(answer)
        return {
            "sdp": answer.text,
            "session": answer.headers["Location"].rpartition("/")[2],
            "etag": answer.headers["ETag"].strip('"'),
        }

    async def join(self, viewer: WebViewer, target: str) -> WebViewer:
        """Connect a viewer."""
        return await viewer.join(lambda offer: self.open(offer, target))
