"""Several edges in processes of their own behind a real gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from relay.bus import embedded, presence
from relay.bus.client import connect
from tests.support.house import Camera
from tests.support.rungs import rungs
from tests.support.stack import Stack
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually
from tests.support.whep import Player, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any

    from redis.asyncio import Redis


class Town:
    """A relay with a camera that is live, and players before it."""

    def __init__(self, stack: Stack, bus: Redis, player: Player) -> None:
        self.stack = stack
        self.bus = bus
        self.player = player
        self.viewers: list[WebViewer] = []

    async def join(self, query: str = "") -> WebViewer:
        viewer = WebViewer()
        self.viewers.append(viewer)
        return await self.player.join(viewer, f"cam{query}")

    async def hint(self, viewer: WebViewer, **hints: Any) -> None:
        path, body = f"/whep/cam/{viewer.session}", json.dumps(hints)
        answer = await self.player.send("PATCH", path, body, Content_Type="application/json")
        assert answer.status == 204, answer

    async def edges(self) -> dict[str, presence.Fact]:
        return await presence.members(self.bus, presence.EDGE)

    async def sessions(self) -> list[int]:
        return sorted(fact["sessions"] for fact in (await self.edges()).values())

    def pid(self, edge: str) -> int:
        [found] = self.stack.children(f"--name {edge}")
        return found


def edge_of(viewer: WebViewer) -> str:
    return viewer.session.partition(".")[0]


@asynccontextmanager
async def town(folder: Path, **settings: str) -> AsyncIterator[Town]:
    stack = Stack(folder, **settings)
    await asyncio.to_thread(stack.start)
    bus, player = connect(embedded.url(folder / "data", "bus")), Player(stack.url)
    made, camera = Town(stack, bus, player), Camera(bus, "cam")
    try:
        await asyncio.to_thread(stack.camera, "cam")
        await asyncio.to_thread(stack.broadcast, "show", ["cam"])
        await asyncio.to_thread(stack.request, "POST", "/api/v1/broadcasts/show/start")
        await camera.begin()
        yield made
    finally:
        await camera.end()
        for viewer in made.viewers:
            viewer.close()
        await player.close()
        await bus.aclose()
        await asyncio.to_thread(stack.stop)


async def test_sessions_are_shared_and_each_reaches_its_own_edge(tmp_path: Path) -> None:
    async with town(tmp_path, RELAY_EDGES="2") as here:

        async def rest() -> bool:
            loads = [fact["load"] for fact in (await here.edges()).values()]
            return len(loads) == 2 and max(loads) < 0.05

        await eventually(rest, "both edges to have nothing more of their start to do", 30)
        viewers = await asyncio.gather(*(here.join() for _ in range(6)))
        assert Counter(map(edge_of, viewers)).most_common()[-1][1] == 3
        ports = {viewer._edge[1] for viewer in viewers}
        assert ports == {here.stack.webrtc_port, here.stack.webrtc_port + 1}
        for viewer in viewers:
            await eventually(viewer.got.media, "a picture")
        one, other = viewers[0], next(v for v in viewers if edge_of(v) != edge_of(viewers[0]))
        for viewer in (one, other):
            path = f"/whep/cam/{viewer.session}"
            answer = await here.player.send(
                "PATCH",
                path,
                "a=ice-ufrag:newone\r\na=ice-pwd:a-new-password-of-24-chr\r\n",
                Content_Type="application/trickle-ice-sdpfrag",
                If_Match="*",
            )
            assert (answer.status, answer.headers["ETag"] != viewer.etag) == (200, True)
            assert (await here.player.send("DELETE", path)).status == 200
            await eventually(lambda v=viewer: v.got.goodbyes(), "a goodbye")
            assert (await here.player.send("DELETE", path)).status == 200

        async def two_each() -> bool:
            return await here.sessions() == [2, 2]

        await eventually(two_each, "the sessions to be gone")


async def test_an_edge_that_hangs_or_dies_is_passed_over(tmp_path: Path) -> None:
    async with town(tmp_path, RELAY_EDGES="2") as here:
        first = await here.join()
        os.kill(here.pid(edge_of(first)), signal.SIGSTOP)
        others = await asyncio.gather(*(here.join() for _ in range(3)))
        assert edge_of(first) not in map(edge_of, others)
        os.kill(here.pid(edge_of(first)), signal.SIGKILL)

        async def again() -> bool:
            fact = (await here.edges()).get(edge_of(first))
            return fact is not None and fact["sessions"] == 0

        await eventually(again, "another edge in its place")

        async def joined() -> bool:
            return edge_of(await here.join()) == edge_of(first)

        await eventually(joined, "a session on the new edge")
        path = f"/whep/cam/{first.session}"
        assert (await here.player.send("DELETE", path)).status == 200


async def test_an_edge_without_room_says_when_to_try_again(tmp_path: Path) -> None:
    # Of less of a CPU than any edge takes.
    async with town(tmp_path, RELAY_EDGES="2", RELAY_EDGE_LOAD="0.0001") as here:

        async def full() -> bool:
            return all(fact["full"] for fact in (await here.edges()).values())

        await eventually(full, "the edges to be full")
        with pytest.raises(Refusal) as caught:
            await here.join()
        answer = caught.value.answer
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_hints_reach_the_rung(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        full, small, saving = await asyncio.gather(
            here.join(), here.join("?height=400"), here.join("?data_saver=true")
        )
        for viewer, rung in ((full, 0), (small, 1), (saving, 2)):
            await eventually(lambda v=viewer, r=rung: r in rungs(v), f"rung {rung} to begin with")
            assert min(rungs(viewer)) == rung

        async def comes_to(viewer: WebViewer, rung: int, **hints: Any) -> None:
            await here.hint(viewer, **hints)
            viewer.got.forget()
            await eventually(lambda: rung in rungs(viewer), f"rung {rung} for {hints}", 15)

        await comes_to(full, 1, height=480)
        await comes_to(full, 2, height=200)
        # What is left out stays as it is.
        await comes_to(small, 2, data_saver=True)
        await comes_to(small, 1, data_saver=False)
        viewer = saving
        viewer.remb_bps = 5_000_000
        await comes_to(viewer, 0, data_saver=False)
        viewer.got.forget()

        async def slowed() -> bool:
            # Told again and again: just after a switch it is of the rung before, and where a busy
            # machine delays the stream itself, no path is to blame.
            await here.hint(viewer, pace=0.25)
            await asyncio.sleep(0.5)
            return 2 in rungs(viewer)

        await eventually(slowed, "the least rung for pictures that come slowly", 15)
        path = f"/whep/cam/{viewer.session}"
        for wrong in (0, 1, "x"):
            body = json.dumps({"pace": wrong})
            refused = await here.player.send("PATCH", path, body, Content_Type="application/json")
            assert refused.status == 422
