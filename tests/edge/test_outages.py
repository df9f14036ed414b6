"""An edge whose bus stands still: sessions end, and media goes on, by the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.bus.client import connect
from relay.edge import viewer
from relay.edge.process import _TICK_S
from relay.media.codecs import Kind
from tests.support import feedback
from tests.support.house import Camera, edge
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.server import Server

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


async def test_the_clock_does_not_wait_for_the_bus(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = connect(own_server.url)
    camera = Camera(bus, "cam", rungs={"240p": 400_000})
    await camera.begin()
    async with edge(bus, own_server.url, "python") as house:
        staying, *leaving = [await house.join() for _ in range(5)]
        monkeypatch.setattr(viewer, "CONSENT_S", 1.5)  # browsers have 30 s
        own_server.pause()
        for each in leaving:
            each.vanish()
        assert house.edge is not None
        roster = house.edge._roster
        reports = staying.got.reports(Kind.VIDEO)
        await eventually(lambda: len(roster) == 1, "the others' sessions to end", 4.0)
        video = staying.got.tracks[Kind.VIDEO].ssrc
        for _ in range(2):  # more than one replay helps
            staying.tell(feedback.receiver_report(), feedback.pli(video))
            await asyncio.sleep(2 * _TICK_S)
        await eventually(
            lambda: len(staying.got.reports(Kind.VIDEO)) > len(reports) + 2, "reports to go on", 5.0
        )
        own_server.resume()
    await camera.end()
    await bus.aclose()
