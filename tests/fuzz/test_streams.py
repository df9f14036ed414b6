"""A real stream whose structure is damaged: nothing crashes, nothing is lost without a count, and
the picture is back within two seconds of the stream being good again. All in simulated time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from relay.av.decode import Decoder
from relay.bus import faults
from relay.commands.states import CameraState
from relay.errors import MediaError
from relay.ingest import publisher
from relay.ingest.desk import Desk, Source
from relay.ingest.rtmp.events import MediaAudio, MediaFault, MediaVideo
from relay.ingest.rtmp.message import Message, MessageType
from relay.ingest.rtmp.publication import Publication
from relay.media.codecs import Codec, Kind
from relay.media.h264 import nal_type, split_annexb
from relay.media.timebase import VIDEO_CLOCK, rescale
from relay.state.models import Camera as Registered
from tests.fuzz.mutation import FACTOR, TIMEOUT_S
from tests.support.streams import Damage, Tag, keyframe_interval_ms, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from av.video.frame import VideoFrame
    from redis.asyncio import Redis

    from relay.media.unit import Unit

pytestmark = [
    pytest.mark.timeout(TIMEOUT_S),
    pytest.mark.parametrize("store_kind", ["valkey"], indirect=True),
]

MUTANTS: Final = 200 + 100 * FACTOR
PARTS: Final = min(max(FACTOR, 1), 8)
"""Tests that share them, so that `make fuzz` uses all cores."""
DAMAGED_MS: Final = 500
"""So much of the stream is damaged; what follows is good."""
WITHIN_MS: Final = 2000
"""The picture has to be back so soon."""
START_US: Final = 1_750_000_000_000_000
CAMERA: Final = Registered(id="helmet", name="Helmet")
SLICES: Final = range(1, 6)


class Bus:
    """Takes the place of the writer: what was published."""

    units: list[Unit]
    dropped = 0

    def __init__(self, *_: object) -> None:
        Bus.units = []

    def put(self, unit: Unit) -> None:
        self.units.append(unit)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def flush(self, _within_s: float) -> None:
        pass


@dataclass
class Viewer:
    """Decodes what is published and shows what is not behind what was shown."""

    decoders: dict[Codec, Decoder] = field(default_factory=dict)
    until: int = 0
    damaged: int = 0
    repeated: int = 0
    taken: int = 0
    sounds: int = 0

    def take(self) -> list[int]:
        """Decode what has been published since; the pictures that are shown, by their sums."""
        units, shown = Bus.units[self.taken :], []
        self.taken += len(units)
        for unit in units:
            decoder = self.decoders.setdefault(unit.codec, Decoder(unit.codec))
            try:
                frames: list[Any] = [frame for frame, _ in decoder.decode(unit)]
            except MediaError:
                self.damaged += 1
                continue
            if unit.kind is Kind.AUDIO:
                self.sounds += len(frames)
                continue
            for frame in frames:
                if 0 <= self.until - frame.pts < 60 * VIDEO_CLOCK:
                    self.repeated += 1
                    continue
                self.until = frame.pts
                shown.append(checksum(frame))
        return shown


def checksum(frame: VideoFrame) -> int:
    return zlib.crc32(memoryview(frame.planes[0]))


class Camera:
    """An encoder, through publication and desk to what is published."""

    def __init__(self, bus: Redis, name: str) -> None:
        self.desk = Desk(bus, "ingest-1")
        self.name = name
        self.publication = Publication()
        self.dismissed = ""
        self.source: Source

    async def begin(self, now_ms: int) -> None:
        self.publication, self.dismissed = Publication(), ""
        self.source = Source(self.name, "192.0.2.1", "GoPro", self._dismiss)
        await self.desk.join(self.source, protocol="rtmp", now=now_ms / 1000)
        await asyncio.sleep(0.001)  # its tasks begin

    def _dismiss(self, reason: str) -> None:
        self.dismissed = reason

    def send(self, tag: Tag) -> None:
        now = tag.came_ms / 1000
        for event in self.publication.receive(Message(tag.kind, tag.time_ms, 1, tag.body)):
            self._take(event, now)

    def _take(self, event: object, now: float) -> None:
        match event:
            case MediaVideo() | MediaAudio():
                is_video = isinstance(event, MediaVideo)
                self.desk.put(
                    self.source,
                    event.codec,
                    dts=rescale(event.dts_ms, 1000, VIDEO_CLOCK),
                    offset=rescale(event.cts_ms, 1000, VIDEO_CLOCK) if is_video else 0,
                    keyframe=event.keyframe if is_video else True,
                    payload=event.payload,
                    now=now,
                    now_us=START_US + round(now * 1e6),
                )
            case MediaFault():
                self.source.inspection.unusable(event.kind, event.reason, event.codec, now)
                refusal = self.source.inspection.refusal()
                if refusal is not None:
                    self._dismiss(str(refusal))
            case _:
                pass


def slices(nals: Iterable[bytes]) -> Counter[bytes]:
    # Zeros at a NAL unit's end are not of it (H.264 B.1), and are not published.
    return Counter(nal.rstrip(b"\0") for nal in nals if nal and nal_type(nal) in SLICES)


def published() -> Counter[bytes]:
    found: Counter[bytes] = Counter()
    for unit in Bus.units:
        if unit.codec is Codec.H264:
            found += slices(split_annexb(unit.payload))
    return found


class Stream:
    """The clip, cut into what is damaged and what is good again."""

    def __init__(self, clip: Path) -> None:
        found = tags(clip, (DAMAGED_MS + WITHIN_MS) / 1000)
        self.headers = [tag for tag in found if tag.is_header]
        media = [tag for tag in found if not tag.is_header]
        self.early = [*self.headers, *(tag for tag in media if tag.time_ms < DAMAGED_MS)]
        self.late = [tag for tag in media if tag.time_ms >= DAMAGED_MS]
        assert keyframe_interval_ms(media) <= WITHIN_MS / 2 + 1  # times are whole milliseconds
        decoder, self.pictures = Decoder(Codec.H264), set[int]()
        publication = Publication()
        for tag in found:
            for event in publication.receive(Message(tag.kind, tag.time_ms, 1, tag.body)):
                if isinstance(event, MediaVideo):
                    self.pictures |= self._decoded(decoder, event)
        self.pictures |= {checksum(frame) for frame, _ in decoder.finish()}  # type: ignore[arg-type]
        assert len(self.pictures) > len(self.late) // 4

    def _decoded(self, decoder: Decoder, event: MediaVideo) -> set[int]:
        dts, pts = event.dts_ms * 90, (event.dts_ms + event.cts_ms) * 90
        unit = publisher.Unit(Codec.H264, pts, dts, 0, event.keyframe, event.payload, 0)
        return {checksum(frame) for frame, _ in decoder.decode(unit)}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def stream(clip: Path) -> Stream:
    return Stream(clip)


async def check(bus: Redis, stream: Stream, seed: int) -> set[str]:
    """Send a mutant; what befell it."""
    early, done = Damage(Random(f"stream {seed}")).of(stream.early)
    name = f"c{seed}"
    camera, viewer = Camera(bus, name), Viewer()
    note = f"mutant {seed}: {', '.join(done)}"
    await camera.begin(0)
    for tag in early:
        camera.send(tag)
        if camera.dismissed:
            break
    viewer.take()
    now = max((tag.came_ms for tag in early), default=0)
    if camera.dismissed:
        await camera.desk.leave(camera.source)
        await camera.begin(now)
    good = [replace(tag, came_ms=now, time_ms=DAMAGED_MS) for tag in stream.headers] + [
        replace(tag, came_ms=max(now, tag.came_ms)) for tag in stream.late
    ]
    back = None
    for tag in good:
        camera.send(tag)
        assert not camera.dismissed, note
        if stream.pictures & set(viewer.take()):
            back = tag.came_ms
            break
    counts = await told(bus, camera)
    assert back is not None, f"{note}: no picture, {counts}"
    assert back - now <= WITHIN_MS, f"{note}: the picture is back after {back - now} ms"
    # What is written as one tag's NAL units is asked for; what is no whole one is not.
    asked = slices(nal for tag in [*early, *good[: good.index(tag)]] if tag.is_picture
                   for nal in tag.nals if whole(tag))  # fmt: skip
    lost = asked - published()
    waiting = sum(tag.kind is MessageType.VIDEO for tag in early)
    assert not lost or counts, f"{note}: {sum(lost.values())} of {waiting} lost without a count"
    return set(counts) | ({"damaged"} if viewer.damaged else set())


def whole(tag: Tag) -> bool:
    return sum(4 + len(nal) for nal in tag.nals) == len(tag.body) - 5


async def told(bus: Redis, camera: Camera) -> dict[str, int]:
    """What is told of a camera, as `relay camera list` reads it."""
    await camera.desk.leave(camera.source)
    history = (await faults.histories(bus, [camera.name]))[camera.name]
    line = CameraState(CAMERA, None, [], history, None).row()[-1]
    assert all(f"{count:,}" in line for count in history.counts.values()), line
    return dict(history.counts)


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_stream_whose_structure_is_damaged(
    part: int,
    store: Redis,
    stream: Stream,
    figure: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(publisher, "StreamWriter", Bus)
    met: Counter[str] = Counter()
    seeds = range(part, MUTANTS, PARTS)
    for seed in seeds:
        met.update(await check(store, stream, seed))
    # The damage comes to all that there is to tell of.
    assert {"unusable_video", "without_keyframe", "wrong_offset", "clock_changed"} <= met.keys()
    figure(f"{len(seeds):,} mutants of a stream, of which were told: {dict(met)}")
