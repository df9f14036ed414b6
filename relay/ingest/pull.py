"""Pulls a file or a URL into a camera. A process of its own, because FFmpeg parses here.

Files, and whatever else has an end, are read at the pace of their time stamps; live sources as they
come. Back-pressure: the demuxing thread waits while `QUEUE` packets are not yet published.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import av
from av.bitstream import BitStreamFilterContext

from relay.bus.client import connect
from relay.errors import MediaError
from relay.ingest import fetch
from relay.ingest.publisher import Publisher
from relay.log import logger
from relay.media.aac import AacConfig
from relay.media.codecs import Codec
from relay.media.timebase import VIDEO_CLOCK, rescale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from redis.asyncio import Redis

    from relay.state.models import Pull

QUEUE: Final = 128
_RETRY_S: Final = (1.0, 2.0, 5.0, 10.0)
_OPTIONS: Final = {
    "protocol_whitelist": fetch.PROTOCOLS,
    "rtsp_transport": "tcp",
    "timeout": "10000000",
    "fflags": "nobuffer",
}


class Track:
    """Turns one stream's packets into payloads as `Codec` describes them."""

    def __init__(self, stream: VideoStream | AudioStream) -> None:
        names = {"h264": Codec.H264, "aac": Codec.AAC}
        codec = names.get(stream.codec_context.name)
        if codec is None:
            raise MediaError(
                f"{stream.codec_context.name} is not supported yet, only H.264 and AAC"
            )
        self.codec = codec
        self.stream = stream
        self._filter = (
            BitStreamFilterContext("h264_mp4toannexb", in_stream=stream)
            if codec is Codec.H264
            else None
        )
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
            data = bytes(item)
            if self._config is not None:
                data = self._config.adts(data)
            yield dts, pts - dts, item.is_keyframe or self.codec is Codec.AAC, data


def open_source(source: str, *, allow_private: bool) -> InputContainer:
    """Open a file or URL.

    Raises:
        MediaError: it cannot be opened.
    """
    try:
        if not fetch.is_url(source):
            return _open(str(Path(source).expanduser()))
        if urlsplit(source).scheme in ("http", "https"):
            return _open(fetch.open_http(source, allow_private=allow_private))
        return _open(fetch.pinned(source, allow_private=allow_private))
    except (av.error.FFmpegError, OSError) as error:
        # FFmpeg's text may quote the URL, and with it a password.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise MediaError(f"the source cannot be opened: {reason}") from None


def _open(source: str | IO[bytes]) -> InputContainer:
    return av.open(source, mode="r", options=_OPTIONS)


def play_once(
    container: InputContainer,
    emit: Callable[[Codec, int, int, bool, bytes], None],
    *,
    start: int,
) -> int:
    """Emit all units of a container, at their pace if it has an end; blocks until it is through.

    Time stamps are moved so that the first is `start`. Returns the time stamp at which a next round
    begins.

    Raises:
        MediaError: there is nothing in it that can be relayed, or it breaks off.
    """
    found: list[VideoStream | AudioStream] = [
        *container.streams.video[:1],
        *container.streams.audio[:1],
    ]
    tracks = {stream.index: Track(stream) for stream in found}
    if not tracks:
        raise MediaError("the source has neither picture nor sound")
    paced = container.duration is not None
    began = time.monotonic()
    first: int | None = None
    end = start
    try:
        for packet in container.demux([track.stream for track in tracks.values()]):
            for dts, offset, keyframe, payload in tracks[packet.stream_index].packets(packet):
                first = dts if first is None else first
                at = dts - first
                if paced:
                    time.sleep(max(0.0, began + at / VIDEO_CLOCK - time.monotonic()))
                emit(tracks[packet.stream_index].codec, start + at, offset, keyframe, payload)
                end = max(end, start + at + VIDEO_CLOCK // 30)
    except av.error.FFmpegError as error:
        raise MediaError(f"the source breaks off: {error.strerror}") from None
    return end


async def pull(*, camera: str, source: Pull, bus_url: str, allow_private: bool) -> None:
    """Pull `source` into `camera` until cancelled; a file that is not looped ends by itself.

    A source that cannot be opened, or breaks off, is tried again with growing pauses.
    """
    bus = connect(bus_url)
    failures = 0
    try:
        while True:
            try:
                await _pull_once(bus, camera, source, allow_private=allow_private)
                failures = 0
            except MediaError as error:
                pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
                failures += 1
                logger().warning("pull failed", camera=camera, error=str(error), again_in_s=pause)
                await asyncio.sleep(pause)
                continue
            if not source.loop and not fetch.is_url(source.url):
                return
    finally:
        await bus.aclose()


async def _pull_once(bus: Redis, camera: str, source: Pull, *, allow_private: bool) -> None:
    publisher = Publisher(bus, camera, protocol="pull", peer="")
    await publisher.prepare()
    loop = asyncio.get_running_loop()
    slots = threading.Semaphore(QUEUE)

    def put(codec: Codec, dts: int, offset: int, keyframe: bool, payload: bytes) -> None:
        now_us = time.time_ns() // 1000
        publisher.put(
            codec, dts=dts, offset=offset, keyframe=keyframe, payload=payload, now_us=now_us
        )
        slots.release()

    def emit(codec: Codec, dts: int, offset: int, keyframe: bool, payload: bytes) -> None:
        slots.acquire()
        loop.call_soon_threadsafe(put, codec, dts, offset, keyframe, payload)

    def play() -> None:
        at = 0
        while True:
            with open_source(source.url, allow_private=allow_private) as container:
                for video in container.streams.video[:1]:
                    publisher.crop(video.width, video.height)
                at = play_once(container, emit, start=at)
            if not source.loop:
                return

    running = asyncio.create_task(publisher.run())
    try:
        await _in_daemon_thread(play)
    finally:
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
