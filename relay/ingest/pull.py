"""Pulls a file or a URL into a camera. A process of its own, because FFmpeg parses here.

Files, and whatever else has an end, are read at the pace of their time stamps; live sources as they
come. Back-pressure: the demuxing thread waits while `QUEUE` packets are not yet published.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import av
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition
from av.video.stream import VideoStream

from relay import process
from relay.bus import faults, lease
from relay.bus.client import connect
from relay.bus.faults import Fault, FaultKind
from relay.errors import MediaError, StoreError, UnsupportedCodec
from relay.ids import new_id
from relay.ingest import fetch
from relay.ingest.inspection import FILE, Inspection, refused
from relay.ingest.publisher import Publisher
from relay.log import logger
from relay.media.aac import AacConfig, split_adts
from relay.media.access_unit import AccessUnits
from relay.media.codecs import Codec, Kind
from relay.media.h264 import split_annexb
from relay.media.timebase import VIDEO_CLOCK, rescale

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from av.audio.stream import AudioStream
    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.packet import Packet
    from redis.asyncio import Redis

    from relay.state.models import Pull

QUEUE: Final = 128
_RETRY_S: Final = (1.0, 2.0, 5.0, 10.0)
_FILE: Final = {"protocol_whitelist": "file"}
# A playlist or session description from a stranger must not make FFmpeg open anything else: of
# what comes by HTTP only formats that hold their media themselves are read, and no protocol.
_HTTP: Final = {
    "protocol_whitelist": "none",
    "format_whitelist": "flv,live_flv,mov,mpegts,matroska,aac,h264,avi",
}
# What `nobuffer` spares a live source in delay it takes from the beginning of one that has an end.
_STREAMS: Final = {
    # RTMP's option `timeout` makes FFmpeg listen instead of connect.
    "rtmp": {"protocol_whitelist": "tcp,rtmp", "rw_timeout": "10000000", "fflags": "nobuffer"},
}


_FAULT_MS: Final = 30_000
"""How long a source that cannot be pulled is told of: longer than until the next attempt ends."""
_CODEC_NAMES: Final = {"flv1": "Sorenson H.263", "vp6f": "VP6", "mpeg4": "MPEG-4 Part 2"}
"""Where FFmpeg's name in capitals is not what people call a codec."""


class RefusedSource(MediaError):
    """Nothing of the source can be shown; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Pace:
    """Holds back what has an end to the pace of its time stamps, over all rounds of a loop."""

    _LATE_S: Final = 1.0

    def __init__(self) -> None:
        self._began: float | None = None

    def wait(self, at: int) -> None:
        """Sleep until `at` (90 kHz) is due; a source that is late by a second is not hurried."""
        now, due = time.monotonic(), at / VIDEO_CLOCK
        if self._began is None or now - self._began - due > self._LATE_S:
            self._began = now - due
        time.sleep(max(0.0, self._began + due - now))


class Track:
    """Turns one stream's packets into payloads as `Codec` describes them."""

    def __init__(self, stream: VideoStream | AudioStream) -> None:
        codec = {"h264": Codec.H264, "aac": Codec.AAC}.get(_codec_name(stream))
        if codec is None:
            raise UnsupportedCodec(
                _CODEC_NAMES.get(_codec_name(stream)) or _codec_name(stream).upper()
            )
        self.codec = codec
        self.stream = stream
        self._filter = (
            BitStreamFilterContext("h264_mp4toannexb", in_stream=stream)
            if codec is Codec.H264
            else None
        )
        self._units = AccessUnits()
        extradata = stream.codec_context.extradata
        self._config = AacConfig.parse(extradata) if codec is Codec.AAC and extradata else None

    def packets(self, packet: Packet[Any]) -> Iterator[tuple[int, int, bool, bytes]]:
        """For each access unit: dts and pts - dts (90 kHz), keyframe, payload."""
        for item in [packet] if self._filter is None else self._filter.filter(packet):
            if item.dts is None or item.time_base is None:
                continue
            scale = item.time_base * VIDEO_CLOCK
            dts = rescale(item.dts, scale.denominator, scale.numerator)
            pts = dts if item.pts is None else rescale(item.pts, scale.denominator, scale.numerator)
            if self.codec is Codec.AAC:
                yield dts, pts - dts, True, self._unit(bytes(item))
                continue
            nals = split_annexb(bytes(item))
            for unit in self._units.add(nals, dts=dts, offset=pts - dts):
                yield unit.dts, unit.offset, unit.keyframe, unit.payload

    def _unit(self, data: bytes) -> bytes:
        if self._config is not None:
            return self._config.unit(data)
        framed = split_adts(data)
        if framed is None:
            raise MediaError("its AAC does not say what it is")
        config, frame = framed
        return config.unit(frame)


@contextmanager
def open_source(source: str, *, allow_private: bool) -> Iterator[InputContainer]:
    """A file or URL, open for as long as the context is.

    Raises:
        MediaError: it cannot be opened.
    """
    with ExitStack() as stack:
        try:
            container = _open(source, allow_private, stack)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # FFmpeg's text may quote the URL, and with it a password.
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise MediaError(f"the source cannot be opened: {reason}") from None
        yield stack.enter_context(container)


def _open(source: str, allow_private: bool, stack: ExitStack) -> InputContainer:
    if not fetch.is_url(source):
        return av.open(str(Path(source).expanduser()), mode="r", options=_FILE)
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https"):
        body = stack.enter_context(closing(fetch.open_http(source, allow_private=allow_private)))
        return av.open(body, mode="r", options=_HTTP)
    url = fetch.pinned(source, allow_private=allow_private)
    return av.open(url, mode="r", options=_STREAMS[scheme])


def _codec_name(stream: VideoStream | AudioStream) -> str:
    """FFmpeg's name of a stream's codec, whichever decoder it would take."""
    # Of a codec without a decoder in this build there is no context, whatever the type says.
    context: CodecContext | None = stream.codec_context
    return "unknown" if context is None else context.codec.canonical_name


@dataclass(frozen=True)
class Tracks:
    """What of a container is relayed."""

    found: dict[int, Track]
    """The first picture and the first sound that can be, by their streams' index."""
    lost: dict[Kind, str]
    """The codec of what there is and cannot be relayed, where nothing else of its kind can."""


def tracks_of(container: InputContainer) -> Tracks:
    """What of a container can be relayed.

    Raises:
        RefusedSource: its picture cannot be, or nothing of it.
        MediaError: there is neither picture nor sound.
    """
    found: dict[Kind, Track] = {}
    lost: dict[Kind, str] = {}
    # The cover of a record is a picture to FFmpeg, and not one to show.
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    streams: list[VideoStream | AudioStream] = [*pictures, *container.streams.audio]
    for stream in streams:
        kind = Kind.VIDEO if isinstance(stream, VideoStream) else Kind.AUDIO
        try:
            found.setdefault(kind, Track(stream))
        except UnsupportedCodec as error:
            lost.setdefault(kind, error.codec)
    lost = {kind: codec for kind, codec in lost.items() if kind not in found}
    if Kind.VIDEO in lost or (lost and not found):
        raise RefusedSource(refused(lost, FILE))
    if not found:
        raise MediaError("the source has neither picture nor sound")
    return Tracks({track.stream.index: track for track in found.values()}, lost)


def play_once(
    container: InputContainer,
    emit: Callable[[Codec, int, int, bool, bytes], None],
    *,
    start: int,
    pace: Pace,
) -> int:
    """Emit all units of a container, at their pace if it has an end; blocks until it is through.

    Time stamps are moved so that the first is `start`. Returns the time stamp at which a next round
    begins.

    Raises:
        MediaError: there is nothing in it that can be relayed, or it breaks off.
    """
    tracks = tracks_of(container).found
    paced = container.duration is not None
    first: int | None = None
    end = start
    try:
        for packet in container.demux([track.stream for track in tracks.values()]):
            for dts, offset, keyframe, payload in tracks[packet.stream_index].packets(packet):
                first = dts if first is None else first
                at = start + dts - first
                if paced:
                    pace.wait(at)
                emit(tracks[packet.stream_index].codec, at, offset, keyframe, payload)
                end = max(end, at + VIDEO_CLOCK // 30)
    except av.error.FFmpegError as error:
        raise MediaError(f"the source breaks off: {error.strerror}") from None
    if first is None:
        raise MediaError("the source is empty")
    return end


async def pull(*, camera: str, source: Pull, bus_url: str, allow_private: bool) -> None:
    """Pull `source` into `camera` until cancelled; a file that is not looped ends by itself.

    A source that cannot be opened, breaks off, or is a URL and ends, is tried again with growing
    pauses. So is one whose camera somebody else sends.
    """
    bus = connect(bus_url)
    holder = f"pull-{new_id()}"
    failures = 0
    try:
        while True:
            began = time.monotonic()
            reason = "it has ended"
            try:
                async with _held(bus, camera, holder):
                    await _pull_once(bus, camera, source, allow_private=allow_private)
                if not fetch.is_url(source.url):
                    return
            except (MediaError, StoreError) as error:
                reason = str(error)
                await _tell_fault(bus, camera, error)
            failures = 0 if time.monotonic() - began > _RETRY_S[-1] else failures
            pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
            failures += 1
            logger().warning("pull ended", camera=camera, reason=reason, again_in_s=pause)
            await asyncio.sleep(pause)
    finally:
        await bus.aclose()


async def _tell_fault(bus: Redis, camera: str, error: MediaError | StoreError) -> None:
    """Tell the operators why nothing is pulled; an outage of the bus they see by itself."""
    if isinstance(error, StoreError):
        return
    fault = Fault(FaultKind.UNREACHABLE, f"it cannot be pulled: {error}")
    if isinstance(error, RefusedSource):
        fault = error.fault
    try:
        await faults.tell(bus, camera, replace(fault, at=time.time()), ttl_ms=_FAULT_MS)
        await faults.note(bus, camera, {fault.kind: 1})
    except StoreError as away:
        logger().debug("the bus does not hear of a fault", error=str(away))


@asynccontextmanager
async def _held(bus: Redis, camera: str, holder: str) -> AsyncIterator[None]:
    """Be the one who writes this camera.

    Raises:
        MediaError: somebody else is, from the beginning or all of a sudden.
    """
    name = lease.publishing(camera)
    if not await lease.hold(bus, name, holder):
        raise MediaError("the camera is being sent by somebody else")
    lost = False
    task = asyncio.current_task()
    assert task is not None

    async def keep() -> None:
        nonlocal lost
        await lease.keep(bus, name, holder)
        lost = True
        task.cancel()

    keeping = asyncio.create_task(keep())
    try:
        yield
    except asyncio.CancelledError:
        if not lost or task.uncancel():
            raise
        raise MediaError("the camera is being sent by somebody else") from None
    finally:
        keeping.cancel()
        with suppress(StoreError):
            await lease.release(bus, name, holder)


async def _pull_once(bus: Redis, camera: str, source: Pull, *, allow_private: bool) -> None:
    publisher = Publisher(bus, camera, protocol="pull", peer="")
    inspection = Inspection(FILE)
    publisher.inspect(inspection)
    await publisher.prepare()
    loop = asyncio.get_running_loop()
    slots = threading.Semaphore(QUEUE)
    is_over = threading.Event()

    def put(codec: Codec, dts: int, offset: int, keyframe: bool, payload: bytes) -> None:
        now_us = time.time_ns() // 1000
        inspection.usable(codec.kind, loop.time(), keyframe=keyframe)
        publisher.put(
            codec, dts=dts, offset=offset, keyframe=keyframe, payload=payload, now_us=now_us
        )
        slots.release()

    def emit(codec: Codec, dts: int, offset: int, keyframe: bool, payload: bytes) -> None:
        slots.acquire()
        if is_over.is_set():
            raise MediaError("nobody waits for it any more")
        loop.call_soon_threadsafe(put, codec, dts, offset, keyframe, payload)

    def note_lost(lost: dict[Kind, str]) -> None:
        for kind, codec in lost.items():
            logger().warning("a track is left out", camera=camera, kind=kind, codec=codec)
            inspection.unusable(kind, "its codec is not supported", codec, loop.time())

    def play() -> None:
        at = 0
        pace = Pace()
        while True:
            with open_source(source.url, allow_private=allow_private) as container:
                tracks = tracks_of(container)
                loop.call_soon_threadsafe(note_lost, tracks.lost)
                for track in tracks.found.values():
                    if isinstance(track.stream, VideoStream):
                        publisher.crop(track.stream.width, track.stream.height)
                at = play_once(container, emit, start=at, pace=pace)
            if not source.loop:
                return

    running = process.vital(publisher.run(), "publisher")
    try:
        await _in_daemon_thread(play)
        await publisher.flush()
    finally:
        is_over.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _in_daemon_thread(work: Callable[[], None]) -> None:
    """Run `work` in a thread that does not keep the process alive: FFmpeg may hang in a read."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as caught:  # noqa: BLE001 - it is raised where the thread is awaited
            error = caught
        with suppress(RuntimeError):  # the loop is gone, and nobody waits
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="pull", daemon=True).start()
    await done
