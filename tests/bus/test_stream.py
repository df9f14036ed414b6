"""Units from a writer to readers."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from relay.bus import wire
from relay.bus.client import connect_blocking
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter
from relay.media.codecs import Kind
from tests.support.numbered import number, numbers, sound, video
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from relay.media.unit import Unit

KEY = "stream"


@asynccontextmanager
async def writing(store: Redis) -> AsyncIterator[StreamWriter]:
    """A writer at work."""
    writer = StreamWriter(store, KEY)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def write(store: Redis, units: list[Unit]) -> None:
    """Write some units, and wait until they have arrived."""
    before = await store.xlen(KEY)
    async with writing(store) as writer:
        for unit in units:
            writer.put(unit)

        async def arrived() -> bool:
            last = await store.xrevrange(KEY, count=1)
            return bool(last) and last[0][1][wire.FIELD].endswith(units[-1].payload)

        await eventually(arrived, f"{len(units)} units behind {before}")


async def read(reader: StreamReader, until: int) -> list[Unit]:
    """Read up to the picture `until`."""
    found: list[Unit] = []
    async with asyncio.timeout(HANG_S):
        while not found or number(found[-1]) < until:
            found += await reader.read()
    return found


async def test_all_units_arrive_in_order(store: Redis, blocking_store: Redis):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    sent = [each for index in range(100) for each in (video(index), sound(index))]
    async with writing(store) as writer:
        found: list[Unit] = []
        for start in range(0, 200, 10):
            for unit in sent[start : start + 10]:
                writer.put(unit)
            found += await reader.read()
        while len(found) < 200:
            found += await reader.read()
    assert found == sent
    assert reader.missed == 0
    assert writer.dropped == 0


async def test_a_late_joiner_starts_at_the_last_keyframe(store: Redis, blocking_store: Redis):
    sent = [each for index in range(75) for each in (sound(index), video(index))]
    await write(store, sent)
    found = await StreamReader(blocking_store, KEY, Start.KEYFRAME).read()
    assert numbers(found) == list(range(60, 75))
    assert numbers(found, Kind.AUDIO) == list(range(61, 75))


async def test_a_joiner_before_the_first_keyframe_waits_for_it(store: Redis, blocking_store: Redis):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await write(store, [video(1), sound(1), video(2)])
    found = await reader.read()
    assert [(unit.kind, number(unit)) for unit in found] == [(Kind.AUDIO, 1)]
    await write(store, [video(3), video(30), video(31)])
    assert numbers(await read(reader, 31)) == [30, 31]
    assert reader.missed == 3


async def written_ago(store: Redis, units: dict[float, Unit]) -> None:
    """Units that the server took so many seconds ago, by its own clock."""
    seconds, microseconds = await store.time()
    for index, (ago_s, unit) in enumerate(units.items()):
        came_ms = round((seconds + microseconds / 1e6 - ago_s) * 1000)
        await store.xadd(KEY, {wire.FIELD: wire.encode(unit, index)}, id=f"{came_ms}-{index}")


def captured(unit: Unit, us: int) -> Unit:
    return replace(unit, captured_us=us)


async def test_a_joiner_is_shown_a_camera_that_is_late_or_whose_clock_is_wrong(
    store: Redis, blocking_store: Redis
):
    # Its clock says 1970, and it may as well say 2106: that it comes is what counts.
    units = [captured(video(index), us) for index, us in enumerate((0, 1 << 32, 1 << 52))]
    await write(store, units)
    found = await StreamReader(blocking_store, KEY, Start.LIVE_KEYFRAME).read()
    assert found == units


async def test_a_joiner_is_not_shown_what_came_before_a_camera_stopped(
    store: Redis, blocking_store: Redis
):
    now_us = time.time_ns() // 1000
    stopped = {
        10 - index / 30: captured(video(index), now_us + 3_600_000_000) for index in range(40)
    }
    # Its sound goes on: that shows nothing.
    await written_ago(store, {**stopped, 0.5: sound(41)})
    reader = StreamReader(blocking_store, KEY, Start.LIVE_KEYFRAME)
    reading = asyncio.create_task(reader.read())
    await eventually(lambda: reader._position is not None, "the reader to find its place")
    await write(store, [video(60), video(61)])
    assert numbers(await reading)[0] == 60


async def test_a_joiner_is_shown_a_camera_whose_pictures_come_seldom(
    store: Redis, blocking_store: Redis
):
    await written_ago(store, {25: video(0), 15: video(30), 5: video(60)})
    found = await StreamReader(blocking_store, KEY, Start.LIVE_KEYFRAME).read()
    assert numbers(found) == [60]


async def test_a_live_reader_sees_only_what_comes(store: Redis, blocking_store: Redis):
    await write(store, [video(index) for index in range(40)])
    reader = StreamReader(blocking_store, KEY, Start.LIVE)
    reading = asyncio.create_task(reader.read())
    await eventually(lambda: reader._position is not None, "the reader to find its place")
    await write(store, [video(60), video(61)])
    assert numbers(await reading)[0] == 60


async def test_a_reader_that_is_restarted_goes_on_from_the_last_keyframe(
    store: Redis, store_url: str
):
    for _ in range(2):
        await write(store, [video(index) for index in range(50)])
        client = connect_blocking(store_url)
        found = await StreamReader(client, KEY, Start.KEYFRAME).read()
        assert numbers(found) == list(range(30, 50))
        await client.aclose()


async def test_a_reader_that_falls_behind_goes_on_with_a_keyframe(
    store: Redis, blocking_store: Redis
):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await write(store, [video(0), video(1)])
    assert numbers(await reader.read()) == [0, 1]
    await write(store, [video(index) for index in range(2, 55)])
    await write(store, [video(index) for index in range(60, 90)])

    found = await read(reader, 89)

    assert numbers(found) == list(range(60, 90))
    assert reader.missed == 53


async def test_a_reader_whose_place_was_trimmed_goes_on_with_a_keyframe(
    store: Redis, blocking_store: Redis
):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    async with writing(store) as writer:
        for index in range(10):
            writer.put(video(index, size=5000))
        assert numbers(await read(reader, 9)) == list(range(10))
        for index in range(10, 500):
            writer.put(video(index, size=5000))
        await writer.flush(HANG_S)
        first = (await store.xrange(KEY, count=1))[0]
        oldest = number(wire.decode(first[1][wire.FIELD])[1])
        found = await read(reader, 499)
    assert oldest > 400
    assert found[0].keyframe
    assert numbers(found) == list(range(number(found[0]), 500))
    assert reader.missed == number(found[0]) - 10


async def test_a_new_writer_is_followed_from_its_keyframe(store: Redis, blocking_store: Redis):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await write(store, [video(index) for index in range(10)])
    assert numbers(await reader.read()) == list(range(10))
    await write(store, [video(1001), sound(1001), video(1020), video(1021)])
    found = await read(reader, 1021)
    assert numbers(found) == [1020, 1021]
    assert numbers(found, Kind.AUDIO) == [1001]


async def test_entries_that_are_no_units_are_passed_over(store: Redis, blocking_store: Redis):
    await write(store, [video(0)])
    await store.xadd(KEY, {"x": "no unit"})
    await store.xadd(KEY, {wire.FIELD: b"\x02 of another version, which is longer than a head"})
    await write(store, [video(index) for index in range(30, 33)])
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    assert numbers(await reader.read()) == [30, 31, 32]


async def test_a_stream_that_begins_anew_with_older_ids_is_followed(
    store: Redis, blocking_store: Redis, monkeypatch: pytest.MonkeyPatch
):
    # The clock of Redis was set back while the camera was away and its stream had expired.
    monkeypatch.setattr("relay.bus.reader._BLOCK_MS", 50)
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await store.xadd(KEY, {wire.FIELD: wire.encode(video(0), 1)}, id="2000000000000-0")
    assert numbers(await reader.read()) == [0]
    await store.delete(KEY)
    await store.xadd(KEY, {wire.FIELD: wire.encode(video(30), 77)}, id="1000000000000-0")
    async with asyncio.timeout(HANG_S):
        assert numbers(await reader.read()) == [30]


async def test_streams_expire(store: Redis):
    await write(store, [video(0)])
    assert 0 < await store.pttl(KEY) <= 30_000


async def put_raw(store: Redis, numbered: range) -> None:
    """Write pictures as a writer does whose answers are lost: what it repeats has its number."""
    pipe = store.pipeline()
    for index in numbered:
        pipe.xadd(KEY, {wire.FIELD: wire.encode(video(index, gop=10), index)})
    await pipe.execute()


async def test_repeats_are_not_doubled_for_a_reader_that_is_behind(
    store: Redis, blocking_store: Redis
):
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await put_raw(store, range(45))
    found = numbers(await reader.read())
    await put_raw(store, range(8, 45))
    await put_raw(store, range(8, 80))
    while found[-1] < 79:
        found += numbers(await reader.read())
    assert found == sorted(set(found))
    assert reader.missed == 79 - 40 - (len(found) - 1)


async def test_a_joiner_sees_no_repeats(store: Redis, blocking_store: Redis):
    await put_raw(store, range(45))
    await put_raw(store, range(35, 48))
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    assert numbers(await reader.read()) == list(range(40, 48))
    assert reader.missed == 0


@pytest.mark.parametrize("size", [10, 100_000])
async def test_a_full_queue_is_emptied_and_goes_on_with_a_keyframe(
    size: int, store: Redis, blocking_store: Redis
):
    reader = StreamReader(blocking_store, KEY, Start.LIVE)
    writer = StreamWriter(store, KEY)  # not at work: Redis does not take them
    count = 0
    while not writer.dropped:
        writer.put(video(count, gop=1000, size=size))
        count += 1
    assert count - 1 == min(StreamWriter.MAX_UNITS, StreamWriter.MAX_BYTES // size + 1)
    assert writer.dropped == count
    writer.put(sound(count))
    writer.put(video(count, gop=1000))
    writer.put(video(2000, gop=1000))
    writer.put(video(2001, gop=1000))
    assert writer.dropped == count + 1

    reading = asyncio.create_task(read(reader, 2001))
    await eventually(lambda: reader._position is not None, "the reader to find its place")
    task = asyncio.create_task(writer.run())
    found = await reading
    task.cancel()

    assert [(unit.kind, number(unit)) for unit in found] == [
        (Kind.AUDIO, count),
        (Kind.VIDEO, 2000),
        (Kind.VIDEO, 2001),
    ]


async def test_a_stream_that_is_cleared_is_gone_and_goes_on_with_a_keyframe(
    store: Redis, blocking_store: Redis
) -> None:
    writer = StreamWriter(store, KEY)
    task = asyncio.create_task(writer.run())
    for place in range(3):
        writer.put(video(place))
    await eventually(lambda: store.xlen(KEY), "the stream")
    reader = StreamReader(blocking_store, KEY, Start.KEYFRAME)
    await reader.read()
    writer.put(video(3))
    writer.clear()
    writer.put(video(4))

    async def gone() -> bool:
        return not await store.exists(KEY)

    await eventually(gone, "the stream to be gone")
    for place in range(5, 8):
        writer.put(video(place, gop=6))
    found = await reader.read()
    assert found[0].keyframe
    entries = await store.xrange(KEY)
    assert wire.decode(entries[0][1][wire.FIELD])[1].keyframe
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
