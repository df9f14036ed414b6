"""Pulls a file or a URL into a camera. A process of its own, because FFmpeg parses here.

Files, and whatever else has an end, are read at the pace of their time stamps; live sources as they
come. Back-pressure: the demuxing thread waits while `QUEUE` packets are not yet published.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import av
from av.video.stream import VideoStream

from relay import process
from relay.bus import faults, lease
from relay.bus.client import connect
from relay.bus.faults import Fault, FaultKind
from relay.errors import MediaError, StoreError
from relay.ids import new_id
from relay.ingest import fetch
from relay.ingest.files import open_file, real
from relay.ingest.inspection import FILE, Inspection
from relay.ingest.publisher import Publisher
from relay.ingest.tracks import RefusedSource, has_index_at_end, tracks_of
from relay.log import logger
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from redis.asyncio import Redis

    from relay.ingest.files import Files
    from relay.media.codecs import Codec, Kind
    from relay.state.models import Pull

QUEUE: Final = 128
_RETRY_S: Final = (1.0, 2.0, 5.0, 10.0)
_REFUSED_S: Final = 300.0
"""A source that cannot be shown as it is may be another one by then."""
# FFmpeg is given what is open already. A playlist or session description must not make it open
# anything else: only formats that hold their media themselves are read, and no protocol.
_HELD: Final = {
    "protocol_whitelist": "none",
    "format_whitelist": "flv,live_flv,mov,mpegts,matroska,aac,h264,hevc,avi,asf,gif,mp3,mpeg,"
    "mpegvideo,ogg,wav,flac,ac3,ivf,obu,m4v,mjpeg",
}
# What `nobuffer` spares a live source in delay it takes from the beginning of one that has an end.
_STREAMS: Final = {
    # RTMP's option `timeout` makes FFmpeg listen instead of connect.
    "rtmp": {"protocol_whitelist": "tcp,rtmp", "rw_timeout": "10000000", "fflags": "nobuffer"}
    | {"format_whitelist": "flv,live_flv"},
}


_FAULT_MS: Final = 30_000
"""How long a source that cannot be pulled is told of: longer than until the next attempt ends."""


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


@contextmanager
def open_source(
    source: str, *, allow_private: bool, find: Callable[[str], Path] = real
) -> Iterator[InputContainer]:
    """A file or URL, open for as long as the context is.

    `find` gives a file's path, if it may be opened; whoever leaves it out has named the file.

    Raises:
        MediaError: it cannot be opened.
    """
    with ExitStack() as stack:
        try:
            container = _open(source, allow_private, find, stack)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # FFmpeg's text may quote the URL, and with it a password.
            reason = getattr(error, "strerror", None) or type(error).__name__
            if isinstance(error, av.error.ArgumentError):
                reason = "it is no media file, or a playlist, whose files are not opened"
            raise MediaError(f"the source cannot be opened: {reason}") from None
        yield stack.enter_context(container)


def _open(
    source: str, allow_private: bool, find: Callable[[str], Path], stack: ExitStack
) -> InputContainer:
    if not fetch.is_url(source):
        return av.open(stack.enter_context(open_file(find(source))), mode="r", options=_HELD)
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https"):
        body = stack.enter_context(closing(fetch.open_http(source, allow_private=allow_private)))
        if not isinstance(body, fetch.Ranges) and has_index_at_end(body.peek()):
            text = "its index is at its end, and its server knows no range requests"
            remedy = "move the index to its beginning (ffmpeg: -movflags +faststart), or serve it"
            raise RefusedSource(Fault(FaultKind.REFUSED, text, f"{remedy} from one that does"))
        return av.open(body, mode="r", options=_HELD)
    url = fetch.pinned(source, allow_private=allow_private)
    return av.open(url, mode="r", options=_STREAMS[scheme])


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


async def pull(
    *, camera: str, source: Pull, bus_url: str, allow_private: bool, files: Files
) -> None:
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
            reason, least = "it has ended", 0.0
            try:
                async with _held(bus, camera, holder):
                    await _pull_once(bus, camera, source, allow_private, files)
                if not fetch.is_url(source.url):
                    return
            except (MediaError, StoreError) as error:
                reason = str(error)
                least = _REFUSED_S if isinstance(error, RefusedSource) else 0.0
                await _tell_fault(bus, camera, error)
            failures = 0 if time.monotonic() - began > _RETRY_S[-1] else failures
            pause = max(least, _RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1
            logger().warning("pull ended", camera=camera, reason=reason, again_in_s=pause)
            await asyncio.sleep(pause)
    finally:
        await bus.aclose()


async def _tell_fault(bus: Redis, camera: str, error: MediaError | StoreError) -> None:
    """Tell the operators why nothing is pulled; an outage of the bus they see by itself."""
    if isinstance(error, StoreError):
        return
    fault, for_ms = Fault(FaultKind.UNREACHABLE, f"it cannot be pulled: {error}"), _FAULT_MS
    if isinstance(error, RefusedSource):
        fault, for_ms = error.fault, _FAULT_MS + int(_REFUSED_S * 1000)
    try:
        await faults.tell(bus, camera, replace(fault, at=time.time()), ttl_ms=for_ms)
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


async def _pull_once(
    bus: Redis, camera: str, source: Pull, allow_private: bool, files: Files
) -> None:
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
            find = partial(files.require, camera)
            with open_source(source.url, allow_private=allow_private, find=find) as container:
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
