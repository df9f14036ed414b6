"""A real edge with real viewers, over every core: joins, refusals, ends."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.bus import presence, sessions
from relay.bus.rpc import Refused
from relay.edge import choice
from relay.edge.admission import FEW
from relay.edge.fanout import PythonCore
from relay.edge.patience import BLIND, PROBING
from relay.errors import OperatorError
from relay.media.codecs import Kind
from tests.support import feedback
from tests.support.house import Camera, edge
from tests.support.offers import CHROMIUM, CHROMIUM_LIKE, without_rtx
from tests.support.rungs import rungs
from tests.support.stage import open_udp
from tests.support.units import picture
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from relay.config import CoreName
    from tests.support.house import House


# What takes seconds is shown over one of the stores.
ONE_STORE = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@pytest.fixture(params=["python", "native"])
def core_name(request: pytest.FixtureRequest) -> CoreName:
    return request.param


@pytest.fixture
async def camera(store: Redis) -> AsyncIterator[Camera]:
    made = Camera(store, "cam")
    await made.begin()
    yield made
    await made.end()


@pytest.fixture
async def house(store: Redis, store_url: str, core_name: CoreName) -> AsyncIterator[House]:
    async with edge(store, store_url, core_name) as made:
        yield made


async def test_a_viewer_gets_picture_and_sound_without_a_gap(house: House, camera: Camera) -> None:
    viewer = await house.join()

    def whole() -> int:
        return sum(packet.marker for packet in viewer.got.media())

    await eventually(lambda: whole() > 70, "more than two GOPs of picture")
    await eventually(lambda: len(viewer.got.media(Kind.AUDIO)) > 10, "some sound")
    viewer.got.check_continuity()
    assert viewer.got.reports(Kind.VIDEO)
    numbers = await viewer.pictures()
    assert numbers[0] % 30 == 0
    # Whoever joins late in a GOP is sent it faster than it was made, and jumps to the next keyframe
    # if that is there before the end has been reached.
    behind_gaps = [after for before, after in pairwise(numbers) if after != before + 1]
    assert behind_gaps in ([], [numbers[0] + 30])


async def test_the_edge_tells_of_its_viewers(house: House, camera: Camera, store: Redis) -> None:
    first, second = await asyncio.gather(house.join(), house.join())

    async def count() -> int:
        return await sessions.count(store, "show")

    async def two() -> bool:
        return await count() == 2 and (await house.fact())["viewers"] == 2

    await eventually(two, "two viewers")
    await house.call("close", session=first.session)
    second.leave()

    async def none() -> bool:
        return await count() == 0 and (await house.fact())["sessions"] == 0

    await eventually(none, "no viewers")
    assert first.dtls.closed or first.got.goodbyes()


@ONE_STORE
async def test_who_watches_several_cameras_is_one_viewer(
    house: House, camera: Camera, store: Redis
) -> None:
    async def join(name: str | None) -> WebViewer:
        viewer = WebViewer()
        house.viewers.append(viewer)
        return await viewer.join(lambda offer: house.open(offer, viewer=name))

    tile, other, _, _ = [await join(name) for name in ("anna", "anna", "ben", None)]

    async def counted(number: int) -> bool:
        told = (await house.fact()).get("viewers")
        return (await sessions.count(store, "show"), told) == (number, number)

    await eventually(lambda: counted(3), "three viewers in four sessions")
    assert (await house.fact())["sessions"] == 4
    await house.call("close", session=tile.session)
    assert await sessions.count(store, "show") == 3
    await house.call("close", session=other.session)
    await eventually(lambda: counted(2), "one viewer less")


async def at_rest(house: House) -> None:
    """Wait until the edge knows that no camera sends."""
    assert house.edge is not None
    feeds = house.edge._feeds._feeds.values()
    await eventually(lambda: not any(feed.fresh for feed in feeds), "the camera to be gone")


@ONE_STORE
async def test_what_a_camera_sent_before_it_stopped_is_not_shown_to_joiners(
    house: House, camera: Camera, store: Redis
) -> None:
    early = await house.join()
    await eventually(early.got.media, "a picture")
    await camera.end()
    await at_rest(house)
    # Its facts are there, as when it comes back and its first picture is still on its way.
    known, new = await house.join(), await house.join(camera="cam")
    await camera.resume()
    await eventually(lambda: known.got.media() and new.got.media(), "a picture")
    for viewer in (known, new):
        assert (await viewer.pictures())[0] >= camera.resumed_at


@ONE_STORE
async def test_nobody_is_sent_again_what_a_camera_sent_before_it_stopped(
    house: House, camera: Camera
) -> None:
    viewer = await house.join()
    await eventually(viewer.got.media, "a picture")
    await camera.end()
    await at_rest(house)
    video = viewer.got.tracks[Kind.VIDEO].ssrc
    viewer.got.forget()
    viewer.tell(feedback.receiver_report(), feedback.pli(video))
    await eventually(lambda: len(viewer.got.reports()) > 1, "time to go on")
    assert viewer.got.media() == []


@ONE_STORE
@pytest.mark.parametrize("core_name", ["native"])
async def test_an_edge_that_drops_frames_takes_nobody_else(house: House, camera: Camera) -> None:
    for viewer in [await house.join() for _ in range(FEW)]:
        await eventually(viewer.got.media, "a picture")
    assert house.edge is not None
    for feed in house.edge._feeds._feeds.values():
        for number in range(64):  # at once, and paced: the first ones hold up the others
            unit = picture(number, time.time(), keyframe=number == 0, size=60_000)
            house.edge._core.push(feed.number, unit, time.time())
    await eventually(lambda: house.edge and house.edge._headroom.full, "the edge to be full")
    with pytest.raises(Refused) as caught:
        await house.open(CHROMIUM)
    assert caught.value.kind == "Overloaded"
    assert caught.value.retry_after is not None


async def test_a_camera_that_is_gone_is_not_live_whatever_remains_of_it(
    house: House, camera: Camera, store: Redis
) -> None:
    await presence.withdraw(store, presence.CAMERA, camera.name)
    with pytest.raises(Refused) as caught:
        await house.open(CHROMIUM)
    assert caught.value.kind == "NotLive"
    assert caught.value.retry_after is not None


def test_the_core_is_the_one_that_is_wanted() -> None:
    with open_udp() as sock:
        assert isinstance(choice.make_core(sock, "python"), PythonCore)
        auto = choice.make_core(sock, "auto")
        native = choice.make_core(sock, "native")
        assert type(auto) is type(native)
        assert not isinstance(native, PythonCore)
        auto.stop()
        native.stop()


def test_without_the_native_core_the_other_one_does_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "relay._native", None)
    monkeypatch.delitem(__import__("sys").modules, "relay.edge.native", raising=False)
    with open_udp() as sock:
        assert isinstance(choice.make_core(sock, "auto"), PythonCore)
        with pytest.raises(OperatorError, match="RELAY_EDGE_CORE=native"):
            choice.make_core(sock, "native")


@ONE_STORE
async def test_a_path_that_narrows_and_widens(house: House, camera: Camera) -> None:
    viewer = await house.join()
    viewer.remb_bps = 4_000_000
    await eventually(lambda: rungs(viewer) == {0}, "the largest rung")
    await asyncio.sleep(1.0)  # after a beginning reports speak of the time before
    # How soon is shown in simulated time, by `test_adapt`.
    viewer.remb_bps = 600_000
    await eventually(lambda: 2 in rungs(viewer), "the smallest rung")
    viewer.got.forget()
    viewer.remb_bps = 5_000_000
    await eventually(lambda: 0 in rungs(viewer), "the largest rung again")
    assert viewer.got.resent(), "it was not probed"
    viewer.got.check_continuity()


@ONE_STORE
@pytest.mark.parametrize("core_name", ["python"])
async def test_who_cannot_be_sent_anything_again_is_not_tried(house: House, camera: Camera) -> None:
    viewer = await house.join(WebViewer(without_rtx(CHROMIUM_LIKE)))
    viewer.remb_bps = 4_000_000
    await eventually(lambda: rungs(viewer) == {0}, "the largest rung")
    await asyncio.sleep(1.0)  # after a beginning reports speak of the time before
    viewer.remb_bps = 600_000
    await eventually(lambda: 2 in rungs(viewer), "the smallest rung")
    viewer.remb_bps = 5_000_000
    await eventually(lambda: viewer.got.media()[-1].marker, "the end of a picture")
    await asyncio.sleep(1.0)
    viewer.got.forget()
    await asyncio.sleep(PROBING.tries[-1])
    assert rungs(viewer) == {2}
    await eventually(lambda: 1 in rungs(viewer), "the next rung", BLIND.tries[0])


async def test_hints(house: House, camera: Camera) -> None:
    viewer = await house.join(rendition="480p")
    await eventually(lambda: rungs(viewer) == {1}, "the chosen rung")
    await house.call("hint", session=viewer.session, rendition="240p")
    await eventually(lambda: 2 in rungs(viewer), "another choice")
    await house.call("hint", session=viewer.session, hidden=True)
    await eventually(lambda: viewer.got.media()[-1].marker, "the end of a picture")
    seen, heard = len(viewer.got.media()), len(viewer.got.media(Kind.AUDIO))
    await eventually(lambda: len(viewer.got.media(Kind.AUDIO)) > heard + 10, "sound to go on")
    # What was on its way at the moment may still have come.
    assert len(viewer.got.media()) <= seen + 8
    viewer.got.forget()
    await house.call("hint", session=viewer.session, hidden=False, rendition=None, height=240)
    await eventually(lambda: rungs(viewer) == {2}, "the picture again")
    assert not viewer.got.refused
    for wrong in ({"rendition": "9p"}, {"session": "nobody.x"}):
        with pytest.raises(Refused):
            await house.call("hint", **({"session": viewer.session} | wrong))
