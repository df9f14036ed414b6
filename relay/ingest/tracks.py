"""What of a container can be relayed, and its packets as `Codec` describes them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import av
from av.bitstream import BitStreamFilterContext
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.stream import VideoStream

from relay.bus.faults import Fault, FaultKind
from relay.errors import MediaError, UnsupportedCodec
from relay.ingest.inspection import FILE, refused
from relay.media import sei
from relay.media.aac import AacConfig, split_adts
from relay.media.access_unit import AccessUnits
from relay.media.codecs import Codec, Kind
from relay.media.h264 import split_annexb
from relay.media.timebase import VIDEO_CLOCK, rescale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.stream import AudioStream
    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.packet import Packet

_CODEC_NAMES: Final = {
    "flv1": "Sorenson H.263", "vp6f": "VP6", "mpeg4": "MPEG-4 Part 2", "mpeg2video": "MPEG-2",
    "prores": "ProRes", "theora": "Theora", "opus": "Opus",
}  # fmt: skip
"""Where FFmpeg's name in capitals is not what people call a codec."""


_REORDERED: Final = 16
"""Pictures of H.264 wait for no more others than so many (ITU-T H.264 section A.3.1)."""
_USUAL_FPS: Final = 25


class RefusedSource(MediaError):
    """Nothing of the source can be shown; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Track:
    """Turns one stream's packets into payloads as `Codec` describes them."""

    def __init__(self, stream: VideoStream | AudioStream) -> None:
        codec = {"h264": Codec.H264, "aac": Codec.AAC}.get(_codec_name(stream))
        if codec is None:
            raise UnsupportedCodec(_named(_codec_name(stream)))
        self.codec = codec
        self.stream = stream
        # AVI tells when pictures are decoded, and not when they are shown.
        chain = "dts2pts,h264_mp4toannexb" if _is_avi(stream) else "h264_mp4toannexb"
        self._filter = (
            BitStreamFilterContext(chain, in_stream=stream) if codec is Codec.H264 else None
        )
        self._orientation: sei.Orientation | None = None
        self._held: list[Packet[Any]] = []
        self._dts: int | None = None
        self._units = AccessUnits()
        extradata = stream.codec_context.extradata
        self._config = AacConfig.parse(extradata) if codec is Codec.AAC and extradata else None

    def packets(self, packet: Packet[Any]) -> Iterator[tuple[int, int, bool, bytes]]:
        """For each access unit: dts and pts - dts (90 kHz), keyframe, payload."""
        for timed in self._timed(packet):
            yield from self._units_of(timed)

    def _timed(self, packet: Packet[Any]) -> list[Packet[Any]]:
        """The packets that have decoding times by now. Matroska tells none of the first ones where
        pictures are reordered: they are counted back from the first that is told.

        Raises:
            RefusedSource: none has one.
        """
        is_end = packet.size == 0
        if packet.dts is None and not is_end:
            step = _step(self.stream, packet)
            if self._dts is None:
                self._held.append(packet)
            else:
                packet.dts = self._dts = self._dts + step
                return [packet]
        if packet.dts is None:
            if self._held and (is_end or len(self._held) > _REORDERED):
                text = "it does not tell when its pictures are to be shown"
                remedy = "put it into a container, such as MP4 or MKV"
                raise RefusedSource(Fault(FaultKind.REFUSED, text, remedy))
            return [packet] if is_end else []
        held, self._held, self._dts = self._held, [], packet.dts
        for count, each in enumerate(reversed(held), 1):
            each.dts = packet.dts - count * _step(self.stream, each)
        return [*held, packet]

    def _units_of(self, packet: Packet[Any]) -> Iterator[tuple[int, int, bool, bytes]]:
        if packet.size and self._orientation is None and self.codec is Codec.H264:
            self._orientation = _orientation(self.stream, packet)
        items = [packet]
        if self._filter is not None:
            items = self._filter.filter(packet if packet.size else None)
        for item in items:
            if item.dts is None or item.time_base is None:
                continue
            scale = item.time_base * VIDEO_CLOCK
            dts = rescale(item.dts, scale.denominator, scale.numerator)
            pts = dts if item.pts is None else rescale(item.pts, scale.denominator, scale.numerator)
            if self.codec is Codec.AAC:
                yield dts, pts - dts, True, self._unit(bytes(item))
                continue
            nals = split_annexb(bytes(item))
            if item.is_keyframe and self._orientation not in (None, sei.UPRIGHT):
                nals = [
                    sei.oriented(self._orientation),
                    *nals,
                ]  # what the container says goes on inside
            for unit in self._units.add(nals, dts=dts, offset=pts - dts):
                yield unit.dts, unit.offset, unit.keyframe, unit.payload
        if packet.size == 0:
            for unit in self._units.flush():
                yield unit.dts, unit.offset, unit.keyframe, unit.payload

    def _unit(self, data: bytes) -> bytes:
        if self._config is not None:
            return self._config.unit(data)
        framed = split_adts(data)
        if framed is None:
            raise MediaError("its AAC does not say what it is")
        config, frame = framed
        return config.unit(frame)


def _is_avi(stream: VideoStream | AudioStream) -> bool:
    return stream.container.format.name == "avi"


def _step(stream: VideoStream | AudioStream, packet: Packet[Any]) -> int:
    """How long a packet lasts, in its own ticks."""
    rate = getattr(stream, "average_rate", None) or _USUAL_FPS
    return packet.duration or round(1 / (rate * (packet.time_base or 1)))


def _named(codec: str) -> str:
    return "PCM" if codec.startswith("pcm_") else _CODEC_NAMES.get(codec, codec.upper())


def _orientation(stream: VideoStream | AudioStream, first: Packet[Any]) -> sei.Orientation:
    """How a container has its pictures turned and mirrored. Only frames tell."""
    frames: list[Any] = []
    with suppress(av.error.FFmpegError):  # what is wrong with it, its viewers' decoders will meet
        frames += stream.codec_context.decode(first)
        frames += stream.codec_context.decode(None)
    told = (frame.side_data.get(SideDataType.DISPLAYMATRIX) for frame in frames[:1])
    return next((sei.Orientation.of_matrix(bytes(each)) for each in told if each), sei.UPRIGHT)


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


def has_index_at_end(head: bytes) -> bool:
    """Whether a file that begins like this is an MP4 or MOV whose media come before their index
    (ISO/IEC 14496-12 section 4.2): without it none of them can be read.
    """
    position = 0
    while position + 16 <= len(head):
        size, kind = (
            int.from_bytes(head[position : position + 4]),
            head[position + 4 : position + 8],
        )
        if kind in (b"mdat", b"moov", b"moof") or not kind.isalnum():
            return kind == b"mdat"
        if size == 1:
            size = int.from_bytes(head[position + 8 : position + 16])
        if size < 8:
            return False
        position += size
    return False
