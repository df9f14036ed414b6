"""An edge in a process of its own over many sessions: what it keeps of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus.rpc import Refused
from relay.webrtc.dtls import REPEAT_S
from tests.support.house import Camera, edge_process
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.house import EdgeProcess

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.parametrize("store_kind", ["valkey"], indirect=True),
]

WAVE = 50
KIB = 1024
GIVEN_BACK_S = REPEAT_S + 17
"""Until then handshakes may have to be repeated, and what they leave is not given back."""


def rss(pid: int) -> int:
    """Resident bytes of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Rss:"))
    return int(line.split()[1]) * KIB


async def join(house: EdgeProcess, count: int) -> list[WebViewer]:
    """So many viewers, a wave at a time; they get sound and a small picture."""
    viewers: list[WebViewer] = []
    while len(viewers) < count:
        wave = [WebViewer(keep=False) for _ in range(min(WAVE, count - len(viewers)))]
        viewers += await asyncio.gather(
            *(each.join(lambda offer: patient(house, offer), within_s=30) for each in wave)
        )
    return viewers


async def patient(house: EdgeProcess, offer: str) -> dict[str, Any]:
    """Open a session as a player does, which comes again when it is told to."""
    while True:
        try:
            return await house.open(offer)
        except Refused as refusal:
            if refusal.kind != "Overloaded" or refusal.retry_after is None:
                raise
            await asyncio.sleep(refusal.retry_after)


async def settled(house: EdgeProcess, sessions: int) -> None:
    async def is_so() -> bool:
        return (await house.fact()).get("sessions") == sessions

    await eventually(is_so, f"{sessions} sessions", 30)


async def test_ten_thousand_joins_and_leaves_leave_nothing(
    store: Redis, store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = Camera(store, "cam", rungs={"240p": 40_000})
    await camera.begin()
    async with edge_process(store_url, tmp_path) as house:
        samples: list[int] = []
        for _ in range(5):
            for _ in range(2000 // WAVE):
                for viewer in await join(house, WAVE):
                    viewer.leave()
            await settled(house, 0)
            await asyncio.sleep(GIVEN_BACK_S)
            samples.append(rss(house.pid))
        with capsys.disabled():
            print("\nRSS MiB after each 2000:", [round(each / KIB / KIB, 1) for each in samples])
        # The allocator's pools fill up in the first rounds; then 6000 sessions leave less than 1 KB
        # each, which is nothing of theirs.
        assert samples[-1] - samples[1] < 4 * KIB * KIB
    await camera.end()


async def test_memory_of_a_connected_viewer(
    store: Redis, store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = Camera(store, "cam", rungs={"240p": 40_000})
    await camera.begin()
    async with edge_process(store_url, tmp_path) as house:
        few = await join(house, 100)  # what the first ones cost is the edge's own
        await settled(house, 100)
        await asyncio.sleep(GIVEN_BACK_S)
        before = rss(house.pid)
        many = await join(house, 400)
        await settled(house, 500)
        await asyncio.sleep(GIVEN_BACK_S)
        each = (rss(house.pid) - before) / len(many)
        with capsys.disabled():
            print(f"\n{each / KIB:.1f} KiB a connected viewer")
        for viewer in few + many:
            viewer.close()
        assert each < 64 * KIB
    await camera.end()
