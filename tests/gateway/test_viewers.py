"""How many watch: viewers, and not their sessions, through a real gateway and a real edge."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from relay.gateway.keys import AUTH, LIVE
from tests.support.house import Camera, edge
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


async def open_session(gateway: Gateway, headers: dict[str, str], offer: str) -> dict[str, Any]:
    """A WHEP session of the broadcast."""
    given = {"Content-Type": "application/sdp", **headers}
    answer = await gateway.send("POST", "/whep/show", raw=offer.encode(), headers=given)
    assert answer.status == 201, answer.text
    session = answer.headers["Location"].rpartition("/")[2]
    return {"sdp": answer.text, "session": session, "etag": answer.headers["ETag"]}


async def test_a_page_that_shows_several_cameras_is_one_viewer(
    gateway: Gateway, store: Redis, store_url: str
) -> None:
    await gateway.camera("cam")
    await gateway.broadcast("show", cameras=["cam"])
    camera = Camera(store, "cam")
    await camera.begin()
    page = {"Cookie": (await gateway.get("/")).cookie()}
    auth = gateway.app[AUTH]
    framed = {"Eva-Viewer": auth.signed(auth.new_viewer())}  # its cookies are blocked
    live = gateway.app[LIVE]
    async with edge(store, store_url, "python") as house:
        await eventually(lambda: live.edges and live.programme("show", ["cam"]), "all to be known")
        for headers in (page, page, page, framed, framed, {}, {}):
            viewer = WebViewer()
            house.viewers.append(viewer)
            await viewer.join(partial(open_session, gateway, headers))
        await eventually(lambda: live.viewers("show") == 4, "two viewers, and two unknown ones")
        assert (await house.fact())["sessions"] == 7
        viewer.leave()
        await eventually(lambda: live.viewers("show") == 3, "one viewer less")
    await camera.end()
