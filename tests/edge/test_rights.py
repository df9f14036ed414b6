"""A change of who may watch reaches the sessions that are open, on every edge."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from relay.edge.rights import YOUNG_S
from tests.edge.test_edges import edge_of, town
from tests.support.stalls import tries
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually
from tests.support.whep import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.edge.test_edges import Town

SHOW: Final = "/api/v1/broadcasts/show"
PROMISED_S: Final = 1.0


async def join(here: Town, target: str) -> WebViewer:
    viewer = WebViewer()
    here.viewers.append(viewer)
    return await here.player.join(viewer, target)


async def watched_for(viewers: list[WebViewer], since: float, seconds: float) -> float:
    """For how long after `since` media still came, as seen for so many seconds."""
    counts, last = [len(each.got.media()) for each in viewers], since
    while time.monotonic() < since + seconds:
        await asyncio.sleep(0.02)
        now = [len(each.got.media()) for each in viewers]
        if now != counts:
            counts, last = now, time.monotonic()
    return last - since


@pytest.mark.parametrize(
    ("method", "body", "refused"),
    [
        ("PATCH", {"access": "closed"}, 401),
        ("PATCH", {"ended_at": "2026-01-02T00:00:00Z"}, 409),
        ("PATCH", {"cameras": []}, 404),
        ("DELETE", None, 404),
    ],
    ids=["closed", "ended", "camera taken out", "deleted"],
)
async def test_sessions_end_within_a_second(
    tmp_path: Path, method: str, body: Any, refused: int, figure: Callable[[str], None]
) -> None:
    for number, attempt in enumerate(tries(PROMISED_S)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with town(folder, RELAY_EDGES="2") as here:
            viewers = [await join(here, target) for target in ("show?camera=cam", "cam") * 2]
            assert len({edge_of(viewer) for viewer in viewers}) == 2
            for viewer in viewers:
                await eventually(viewer.got.media, "a picture")
            await asyncio.sleep(YOUNG_S)  # media is seen to go on meanwhile
            before = time.monotonic()
            assert await watched_for(viewers, before, 0.5) > 0.2
            with attempt:
                since = time.monotonic()
                watching = asyncio.create_task(watched_for(viewers, since, 3.0))
                await asyncio.to_thread(here.stack.request, method, SHOW, body)
                attempt.found = await watching
            figure(f"s from the change until media stopped, on two edges: {attempt}")
            await refused_from_now(here, viewers[0], refused)


async def refused_from_now(here: Town, viewer: WebViewer, status: int) -> None:
    """Neither a session that has ended nor a new one gets anything."""
    path = f"/whep/cam/{viewer.session}"
    answer = await here.player.send("PATCH", path, "{}", Content_Type="application/json")
    assert answer.status == 404
    with pytest.raises(Refusal) as refusal:
        await join(here, "cam")
    assert refusal.value.answer.status in (status, 404)
