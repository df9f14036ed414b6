"""Those who are there while a relay is besieged, and those who come: what they wait for and miss.

Nobody is a browser, but each does what one does: pages with events, clock, heartbeats and votes;
viewers with ICE, DTLS and SRTP; encoders. Each newcomer is of a network of its own.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from relay.bench.peer import Identity, Peer
from tests.support.rtmp import Encoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.support.stack import Stack

PAGES: Final = 20
PATIENCE_S: Final = 8.0
"""Who waits longer goes away, and is a failure."""
VOTE_EVERY_S: Final = 4.0
SLUG: Final = "siege"


@dataclass
class Waits:
    """What honest people waited for, in seconds, by what it was."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """What did not come at all."""

    async def take(self, what: str, work: Awaitable[Any]) -> Any:
        """Wait for something, and note how long that took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                result = await work
        except (TimeoutError, OSError, EOFError, AssertionError, aiohttp.ClientError) as error:
            self.failures.append(f"{what}: {type(error).__name__} {error}"[:200])
            return None
        self.seconds.setdefault(what, []).append(time.monotonic() - began)
        return result

    @property
    def worst(self) -> float:
        """The longest wait."""
        return max(max(each) for each in self.seconds.values())

    def __str__(self) -> str:
        return ", ".join(
            f"{what} {sorted(each)[len(each) // 2] * 1e3:.0f} (most {max(each) * 1e3:.0f}) ms"
            for what, each in self.seconds.items()
        )


class House:
    """All of them."""

    def __init__(self, stack: Stack, key: str) -> None:
        """`key` is that of a camera to which new encoders send."""
        self._stack, self._key = stack, key
        self._identity = Identity()
        self.waits = Waits()

    @asynccontextmanager
    async def _http(self, host: str) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(local_addr=(host, 0))
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(
            self._stack.url, connector=connector, cookie_jar=jar
        ) as found:
            yield found

    # --- pages -----------------------------------------------------------------------------

    async def pages(self, seconds: float) -> None:
        """Open pages, each of another network, that are there all the time."""
        await asyncio.gather(*(self._page(f"127.201.{n}.9", seconds) for n in range(PAGES)))

    async def _page(self, host: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        async with self._http(host) as http:
            await _text(http, f"/b/{SLUG}")
            session = await self._session(http)
            async with http.ws_connect(f"/api/v1/broadcasts/{SLUG}/events") as page:
                next_vote, stars = 0.0, 0
                report = {"type": "watching", "playing": True, "session": session}
                while time.monotonic() < until:
                    await page.send_json(report)
                    if await self.waits.take("clock", _clock(page)) is None:
                        return  # its events have ended, which is told by now
                    if time.monotonic() >= next_vote:
                        next_vote, stars = time.monotonic() + VOTE_EVERY_S, stars % 5 + 1
                        await self.waits.take("vote", _vote(http, stars))
                    await asyncio.sleep(1.0)

    async def _session(self, http: aiohttp.ClientSession) -> str:
        """A session as its page names it."""
        async with http.post(
            f"/whep/{SLUG}",
            data=Peer(self._identity).offer,
            headers={"Content-Type": "application/sdp"},
        ) as answer:
            assert answer.status == 201, await answer.text()
            return answer.headers["Location"].rpartition("/")[2]

    # --- newcomers -------------------------------------------------------------------------

    async def newcomers(self, seconds: float) -> None:
        """One of each kind every second."""
        kinds: tuple[Callable[[str], Awaitable[None]], ...] = (
            self._new_page, self._new_viewer, self._new_encoder,
        )  # fmt: skip
        coming: set[asyncio.Task[None]] = set()
        for number in range(int(seconds)):
            for place, kind in enumerate(kinds):
                host = f"127.{210 + place}.{number % 250}.7"
                coming.add(asyncio.ensure_future(kind(host)))
            await asyncio.sleep(1.0)
        await asyncio.gather(*coming)

    async def _new_page(self, host: str) -> None:
        async with self._http(host) as http:
            await self.waits.take("page", _text(http, f"/b/{SLUG}"))
            await self.waits.take("events", self._listen(http))
            body = {"name": "Ada", "text": f"hello from {host}"}
            await self.waits.take("comment", _post(http, "comments", body, 201))

    async def _listen(self, http: aiohttp.ClientSession) -> bool:
        async with http.ws_connect(f"/api/v1/broadcasts/{SLUG}/events") as page:
            assert (await page.receive_json())["type"] == "state"
        return True

    async def _new_viewer(self, host: str) -> None:
        await self.waits.take("picture", self._watch(host))

    async def _watch(self, host: str) -> bool:
        """From the offer to the first packet of media."""
        peer, loop = Peer(self._identity), asyncio.get_running_loop()
        async with self._http(host) as http:
            async with http.post(
                f"/whep/{SLUG}", data=peer.offer, headers={"Content-Type": "application/sdp"}
            ) as answer:
                text = await answer.text()
                assert answer.status == 201, f"{answer.status} {text}"
            peer.answered(text)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
            sock.setblocking(False)
            sock.connect(peer.edge)
            sock.send(peer.check())
            while True:
                try:
                    async with asyncio.timeout(0.1):
                        datagram = await loop.sock_recv(sock, 4096)
                except TimeoutError:
                    for each in peer.repeat():
                        sock.send(each)
                    continue
                if peer.connected and 128 <= datagram[0] < 192:
                    sock.send(peer.goodbye())
                    return True
                for each in peer.receive(datagram):
                    sock.send(each)

    async def _new_encoder(self, host: str) -> None:
        await self.waits.take("encoder", self._publish(host))

    async def _publish(self, host: str) -> bool:
        """From the connection to the word that it may publish."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._stack.rtmp_port, local_addr=(host, 0)
        )
        try:
            encoder = Encoder(reader, writer)
            await encoder.connect(flashVer="Handmade/1.0")
            encoder.publish(self._key)
            assert await encoder.status() == "NetStream.Publish.Start"
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
        return True


async def _text(http: aiohttp.ClientSession, path: str) -> str:
    async with http.get(path) as answer:
        assert answer.status == 200, answer.status
        return await answer.text()


async def _post(http: aiohttp.ClientSession, what: str, body: Any, status: int) -> bool:
    async with http.post(f"/api/v1/broadcasts/{SLUG}/{what}", json=body) as answer:
        assert answer.status == status, f"{answer.status} {await answer.text()}"
    return True


async def _vote(http: aiohttp.ClientSession, stars: int) -> bool:
    return await _post(http, "rating", {"stars": stars}, 200)


async def _clock(page: aiohttp.ClientWebSocketResponse) -> bool:
    t0 = time.monotonic()
    await page.send_json({"type": "clock", "t0": t0})
    while True:
        message = await page.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(f"the socket was closed: {page.close_code} {message.extra}")
        said = message.json()
        if said["type"] == "clock" and said["t0"] == t0:
            return True
