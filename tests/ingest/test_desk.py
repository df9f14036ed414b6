"""Several connections of one camera: one is on air, the others stand by."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import lease
from relay.bus.writer import StreamWriter
from relay.ingest import desk
from relay.ingest.desk import Desk, Source
from relay.media.codecs import Codec
from tests.support.ingest import listening, running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.support.ingest import Ingest, Listener

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@pytest.fixture
async def key(ingest: Ingest) -> str:
    return await ingest.camera("helmet")


@pytest.fixture
async def heard(ingest: Ingest, store_url: str) -> AsyncIterator[Listener]:
    async with listening(store_url, "helmet") as listener:
        yield listener
        times = [unit.dts for unit in listener.pictures]
        assert times == sorted(times)


def marks(heard: Listener) -> bytes:
    """The last bytes of all pictures."""
    return b"".join(unit.payload[-1:] for unit in heard.pictures)


async def test_the_same_device_takes_over(
    ingest: Ingest, key: str, heard: Listener, logged: list[dict[str, Any]]
):
    async with ingest.encoder(key) as first, ingest.encoder() as second:
        first.describe(device="C3441325")
        first.picture(mark=b"1")
        await heard.until(1)
        await second.go_live(key)
        second.describe(device="C3441325")
        await first.hung_up()
        second.picture(mark=b"2")
        second.picture(mark=b"2", keyframe=False)
        await heard.until(3)
    assert marks(heard) == b"122"
    before, *after = (unit.publication for unit in heard.pictures)
    assert len(set(after)) == 1
    assert after[0] != before
    assert "another connection of the same camera took over" in str(logged)


async def test_another_device_stands_by_until_the_first_leaves(
    ingest: Ingest, key: str, heard: Listener, logged: list[dict[str, Any]]
):
    async with ingest.encoder(key) as first, ingest.encoder(key, program="Other/2.0") as second:
        first.picture(mark=b"1")
        second.picture(mark=b"2")
        await heard.until(1)
        first.picture(mark=b"1", keyframe=False)
        await heard.until(2)
        first.call("FCUnpublish", 4.0, None, key)
        await eventually(lambda: str(logged).count("'on air'") == 2, "the second on air")
        first.vanish()
        (ended,) = await eventually(lambda: ends(logged), "the first one's end in the log")
        assert ended["camera"] == "helmet"
        # It has to begin with a keyframe.
        second.picture(mark=b"3", keyframe=False)
        second.picture(mark=b"4")
        second.picture(mark=b"5", keyframe=False)
        await heard.until(4)
    assert marks(heard) == b"1145"


def ends(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in logged if line["event"] == "RTMP connection ended"]


async def test_a_silent_publisher_gives_way(
    ingest: Ingest, key: str, heard: Listener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ingest.server.desk, "_standby_s", 0.3)
    async with ingest.encoder(key) as first, ingest.encoder(key, program="Other/2.0") as second:
        first.picture(mark=b"1")
        await heard.until(1)

        def second_is_heard() -> bool:
            second.picture(mark=b"2")
            return b"2" in marks(heard)

        await eventually(second_is_heard, "the second one")
        await first.hung_up()
    assert marks(heard).startswith(b"12")


async def test_two_encoders_of_one_make_behind_one_address_do_not_duel(
    ingest: Ingest, key: str, heard: Listener, logged: list[dict[str, Any]]
):
    async with ingest.encoder(key) as first, ingest.encoder(key) as second:
        first.picture(mark=b"1")
        await heard.until(1)
        second.picture(mark=b"2")
        first.picture(mark=b"1")
        await heard.until(2)
        assert any(line["event"] == "standby" for line in logged)
    assert marks(heard) == b"11"


class Front:
    """A desk with one source on air, by simulated time."""

    def __init__(self, bus: Redis) -> None:
        self.desk = Desk(bus, "ingest-1")
        self.ends: list[str] = []
        self.source = Source("helmet", "192.0.2.1", "OBS", self.ends.append)

    async def begin(self) -> None:
        await self.desk.join(self.source, protocol="rtmp", now=0.0)

    def picture(self, now: float, *, keyframe: bool = False) -> None:
        self.desk.put(
            self.source,
            Codec.H264,
            dts=round(now * 90_000),
            offset=0,
            keyframe=keyframe,
            payload=b"\0\0\0\1A",
            now=now,
            now_us=round(now * 1e6),
        )


@pytest.fixture
async def front(store: Redis) -> AsyncIterator[Front]:
    made = Front(store)
    await made.begin()
    yield made
    await made.desk.leave(made.source)


async def test_a_source_without_the_keyframe_that_somebody_needs_is_hung_up_on(front: Front):
    front.picture(0.0, keyframe=True)
    front.picture(59.9)
    front.desk.wish_keyframe("helmet", 60.0)
    front.picture(60.9)
    assert front.ends == []
    front.picture(61.1)
    assert "no keyframe for 61 s" in front.ends[0]
    assert "keyframe interval to 2 s" in front.ends[0]


async def test_a_source_that_sends_the_keyframe_stays(front: Front):
    front.picture(0.0, keyframe=True)
    front.desk.wish_keyframe("helmet", 60.0)
    front.picture(60.5, keyframe=True)
    front.desk.wish_keyframe("helmet", 62.0)  # the next one is on its way
    front.picture(64.0)
    assert front.ends == []


async def test_a_source_that_begins_without_a_keyframe_is_given_a_moment(front: Front):
    for tenth in range(51):
        front.picture(tenth / 10)
    assert front.ends == []
    front.picture(5.2)
    assert len(front.ends) == 1


async def test_a_standby_that_proves_to_be_the_same_device_takes_over(
    ingest: Ingest, key: str, heard: Listener
):
    async with ingest.encoder(key) as first, ingest.encoder(key, program="Other/2.0") as second:
        first.describe(device="C3441325")
        first.picture(mark=b"1")
        await heard.until(1)
        second.describe(device="C3441325")
        await first.hung_up()
        second.picture(mark=b"2")
        await heard.until(2)
    assert marks(heard) == b"12"


async def test_not_everybody_may_stand_by(ingest: Ingest, key: str, heard: Listener):
    async with ingest.encoder(key) as first, AsyncExitStack() as standbys:
        for number in range(desk.MAX_STANDBYS):
            await standbys.enter_async_context(ingest.encoder(key, program=f"Other/{number}"))
        async with ingest.encoder() as another:
            await another.connect()
            another.publish(key)
            assert await another.status() == "NetStream.Publish.BadName"
        first.picture(mark=b"1")
        await heard.until(1)


async def test_a_standby_may_leave_first(ingest: Ingest, key: str, heard: Listener):
    async with ingest.encoder(key) as first:
        async with ingest.encoder(key, program="Other/2.0") as second:
            second.call("FCUnpublish", 4.0, None, key)
            assert await second.status() == "NetStream.Unpublish.Success"
        first.picture(mark=b"1")
        await heard.until(1)
    assert await eventually(lambda: gone(ingest), "it to be off air")


async def gone(ingest: Ingest) -> bool:
    return await ingest.fact("helmet") is None


# --- other processes ---------------------------------------------------------------------------


async def test_two_processes_do_not_send_one_camera(
    ingest: Ingest, store_url: str, key: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(desk, "LEASE_WAIT_S", 0.2)
    async with running(store_url, name="ingest-2") as other, ingest.encoder(key) as first:
        async with other.encoder() as second:
            await second.connect()
            second.publish(key)
            assert await second.status() == "NetStream.Publish.BadName"
            await second.hung_up()
        # Once the first has ended, it may.
        first.call("FCUnpublish", 4.0, None, key)
        assert await first.status() == "NetStream.Unpublish.Success"
        async with other.encoder(key):
            pass


async def test_the_lease_of_a_killed_process_is_waited_for(ingest: Ingest, key: str):
    await lease.hold(ingest.bus, lease.publishing("helmet"), "one that was killed", ttl_ms=400)
    async with ingest.encoder(key):
        pass


async def test_a_process_that_lost_its_camera_lets_go_of_it(
    ingest: Ingest, store_url: str, key: str, heard: Listener
):
    async with ingest.encoder(key) as first:
        first.picture(mark=b"1")
        await heard.until(1)
        # What another process does after this one has stood still for longer than a lease lasts.
        await lease.release(ingest.bus, lease.publishing("helmet"), "ingest-1")
        async with running(store_url, name="ingest-2") as other, other.encoder(key) as second:
            await first.hung_up()
            second.picture(mark=b"2")
            await heard.until(2)
            assert await lease.hold(ingest.bus, lease.publishing("helmet"), "ingest-2")
    assert marks(heard) == b"12"


async def test_a_camera_is_taken_up_where_another_process_left_its_timeline(
    ingest: Ingest, key: str, heard: Listener
):
    ahead = 30 * 90_000
    async with ingest.encoder(key) as first:
        first.picture(mark=b"1")
        await heard.until(1)
    await eventually(lambda: gone(ingest), "it to be off air")
    # One whose clock was ahead: the sound's last unit, and a picture before it that is later.
    late = heard.pictures[0]
    writer = StreamWriter(ingest.bus, "units:{helmet}:source")
    writing = asyncio.create_task(writer.run())
    for shift in (ahead, ahead - 500):
        writer.put(type(late)(late.codec, late.pts + shift, late.dts + shift, 0, True, b"x9"))
    await heard.until(3)
    writing.cancel()
    heard.units.sort(key=lambda unit: unit.dts)
    async with ingest.encoder(key) as again:
        again.picture(mark=b"2")
        await heard.until(4)
    assert marks(heard) == b"1992"
    assert heard.pictures[-1].publication != heard.pictures[-2].publication


async def test_a_stream_that_cannot_be_read_is_begun_anew(ingest: Ingest, key: str):
    await ingest.bus.xadd("units:{helmet}:source", {"u": b"of another version"})
    await ingest.bus.xadd("units:{helmet}:source", {"v": b""})
    async with ingest.encoder(key):
        pass
