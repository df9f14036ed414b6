"""Bodies of audio and video messages, which are those of FLV tags, to NAL units and AAC frames.

Sources: Video File Format Specification 10.1 annex E.4, and Enhanced RTMP v2, sections "Enhanced
Video" and "Enhanced Audio".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.errors import MediaError, UnsupportedCodec
from relay.ingest.rtmp.sound import AacFrames
from relay.media.codecs import Kind
from relay.media.h264 import START_CODE, AvcConfig, split_annexb, split_avcc

if TYPE_CHECKING:
    from relay.media.aac import AacConfig


@dataclass(frozen=True, slots=True)
class VideoNals:
    """What a video message brings: a picture, a part of one, or what belongs to the next."""

    nals: list[bytes]
    """NAL units of H.264."""
    cts_ms: int
    """Presentation time less decoding time, milliseconds; negative from some encoders."""
    stray: int = 0
    """Bytes behind them that are none."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """One AAC frame."""

    payload: bytes
    """The frame behind its configuration (`media.aac`)."""


_AVC: Final = 7
_AAC: Final = 10
_EX_AUDIO: Final = 9
_EX_VIDEO: Final = 0x80
_COMMAND_FRAME: Final = 5

_VIDEO_CODECS: Final = {
    2: "Sorenson H.263", 3: "Screen video", 4: "VP6", 5: "VP6 with alpha", 6: "Screen video 2",
    12: "HEVC (codec id 12)", 13: "AV1 (codec id 13)",
}  # fmt: skip
_AUDIO_CODECS: Final = {
    0: "PCM", 1: "ADPCM", 2: "MP3", 3: "PCM", 4: "Nellymoser", 5: "Nellymoser", 6: "Nellymoser",
    7: "G.711 A-law", 8: "G.711 µ-law", 11: "Speex", 13: "Opus (sound format 13)", 14: "MP3",
    15: "device-specific sound",
}  # fmt: skip
_FOUR_CCS: Final = {
    b"hvc1": "HEVC (hvc1)", b"av01": "AV1 (av01)", b"vp09": "VP9 (vp09)", b"vp08": "VP8 (vp08)",
    b"vvc1": "VVC (vvc1)", b"Opus": "Opus", b"ac-3": "AC-3", b"ec-3": "E-AC-3", b"fLaC": "FLAC",
    b".mp3": "MP3",
}  # fmt: skip

# Packet types of plain AVC and AAC tags, and of enhanced ones.
_SEQUENCE_START: Final = 0
_CODED_FRAMES: Final = 1
_SEQUENCE_END: Final = 2
_CODED_FRAMES_X: Final = 3
_METADATA: Final = 4
_MULTICHANNEL: Final = 4
_VIDEO_MULTITRACK: Final = 6
_AUDIO_MULTITRACK: Final = 5
_MOD_EX: Final = 7
_ONE_TRACK: Final = 0

_LENGTH_SIZE: Final = 4
"""Bytes of a NAL unit's length, unless a sequence header says otherwise."""


@dataclass(frozen=True, slots=True)
class _Packet:
    """A tag body behind its header."""

    kind: int
    """Packet type."""
    data: bytes
    """What follows the header."""


class _Cursor:
    """Reads a tag's header."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, size: int) -> bytes:
        start = self._position
        self._position += size
        if self._position > len(self._body):
            raise MediaError("truncated media message")
        return self._body[start : self._position]

    def uint(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def rest(self) -> bytes:
        return self._body[self._position :]


def _skip_mod_ex(cursor: _Cursor, packet_type: int) -> int:
    """Pass over ModEx data; the only kind there is moves a timestamp by less than a millisecond.

    Returns the packet type that follows.
    """
    while packet_type == _MOD_EX:
        size = cursor.uint(1) + 1
        if size == 256:
            size = cursor.uint(2) + 1
        cursor.take(size)
        packet_type = cursor.uint(1) & 0xF
    return packet_type


def _enhanced(cursor: _Cursor, packet_type: int, multitrack: int, four_cc: bytes) -> _Packet:
    """Read an enhanced header from behind its first byte and its ModEx data."""
    if packet_type != multitrack:
        _expect(cursor.take(4), four_cc)
        return _Packet(packet_type, cursor.rest())
    head = cursor.uint(1)
    if head >> 4 != _ONE_TRACK:
        raise MediaError("not supported yet: several tracks in one message")
    found, track = cursor.take(4), cursor.uint(1)
    if track != 0:  # whatever its codec: the first track may be of use
        raise MediaError(f"not supported yet: multitrack, track {track}")
    _expect(found, four_cc)
    return _Packet(head & 0xF, cursor.rest())


def _expect(found: bytes, four_cc: bytes) -> None:
    if found != four_cc:
        raise UnsupportedCodec(_FOUR_CCS.get(found, f"codec {found!r}"))


def is_sequence_start(kind: Kind, body: bytes) -> bool:
    """Whether a message's body opens with the plain header of a codec's configuration.

    Multitrack and ModEx are not looked into.
    """
    if len(body) < 2:
        return False
    if kind is Kind.VIDEO:
        if body[0] & _EX_VIDEO:
            return body[0] & 0xF == _SEQUENCE_START
        return body[0] & 0xF == _AVC and body[1] == _SEQUENCE_START
    if body[0] >> 4 == _EX_AUDIO:
        return body[0] & 0xF == _SEQUENCE_START
    return body[0] >> 4 == _AAC and body[1] == _SEQUENCE_START


class TagDecoder:
    """Reads the media messages of one publication.

    It holds the codecs' configurations, which come in messages of their own.
    """

    def __init__(self) -> None:
        self._avc: AvcConfig | None = None
        self.sound = AacFrames()
        """Its AAC."""

    def video(self, body: bytes) -> VideoNals | AvcConfig | None:
        """What a video message says: a picture, a new configuration, or nothing of use.

        Raises:
            UnsupportedCodec: it is of a codec that cannot be shown.
            MediaError: it is broken.
        """
        if not body:
            return None
        cursor = _Cursor(body)
        head = cursor.uint(1)
        if head & _EX_VIDEO:
            return self._enhanced_video(cursor, head)
        if head >> 4 == _COMMAND_FRAME:
            return None
        if head & 0xF != _AVC:
            raise UnsupportedCodec(_VIDEO_CODECS.get(head & 0xF, f"video codec id {head & 0xF}"))
        packet_type = cursor.uint(1)
        if packet_type == _SEQUENCE_END:
            return None
        cts_ms = _signed(cursor.uint(3))
        return self._avc_packet(_Packet(packet_type, cursor.rest()), cts_ms)

    def audio(self, body: bytes) -> AudioFrame | AacConfig | None:
        """What an audio message says: a frame, a new configuration, or nothing of use.

        Raises:
            UnsupportedCodec: it is of a codec that cannot be shown.
            MediaError: it is broken.
        """
        if not body:
            return None
        cursor = _Cursor(body)
        head = cursor.uint(1)
        if head >> 4 == _EX_AUDIO:
            packet_type = _skip_mod_ex(cursor, head & 0xF)
            packet = _enhanced(cursor, packet_type, _AUDIO_MULTITRACK, b"mp4a")
        elif head >> 4 == _AAC:
            packet = _Packet(cursor.uint(1), cursor.rest())
        else:
            raise UnsupportedCodec(_AUDIO_CODECS.get(head >> 4, f"sound format {head >> 4}"))
        return self._aac_packet(packet)

    def _enhanced_video(self, cursor: _Cursor, head: int) -> VideoNals | AvcConfig | None:
        packet_type = _skip_mod_ex(cursor, head & 0xF)
        if packet_type != _METADATA and (head >> 4) & 7 == _COMMAND_FRAME:
            return None
        packet = _enhanced(cursor, packet_type, _VIDEO_MULTITRACK, b"avc1")
        if packet.kind == _METADATA:
            return None
        if packet.kind == _CODED_FRAMES_X:
            return self._avc_packet(_Packet(_CODED_FRAMES, packet.data), 0)
        if packet.kind == _CODED_FRAMES:
            inner = _Cursor(packet.data)
            cts_ms = _signed(inner.uint(3))
            return self._avc_packet(_Packet(_CODED_FRAMES, inner.rest()), cts_ms)
        return self._avc_packet(packet, 0)

    def _avc_packet(self, packet: _Packet, cts_ms: int) -> VideoNals | AvcConfig | None:
        if packet.kind == _SEQUENCE_START:
            config = AvcConfig.parse(packet.data)
            changed = config != self._avc
            self._avc = config
            return config if changed else None
        if packet.kind == _SEQUENCE_END:
            return None
        if packet.kind != _CODED_FRAMES:
            raise MediaError(f"video packet type {packet.kind}")
        return self._nals(packet.data, cts_ms)

    def _nals(self, data: bytes, cts_ms: int) -> VideoNals | None:
        if data.startswith(START_CODE):  # as lengths they would be a NAL unit of one byte
            return VideoNals(split_annexb(data), cts_ms)
        # Encoders whose parameter sets come in their pictures may send no sequence header.
        nals, stray = split_avcc(data, _LENGTH_SIZE if self._avc is None else self._avc.length_size)
        if stray and not nals:
            raise MediaError("H.264 NAL unit is longer than its message")
        return VideoNals(nals, cts_ms, stray) if nals else None

    def _aac_packet(self, packet: _Packet) -> AudioFrame | AacConfig | None:
        if packet.kind == _SEQUENCE_START:
            return self.sound.configure(packet.data)
        if packet.kind in (_SEQUENCE_END, _MULTICHANNEL):
            return None
        if packet.kind != _CODED_FRAMES:
            raise MediaError(f"audio packet type {packet.kind}")
        if not packet.data:  # Enhanced RTMP's "silence message"
            return None
        payload = self.sound.payload(packet.data)
        return None if payload is None else AudioFrame(payload)


def _signed(value: int) -> int:
    """A 24-bit two's complement number."""
    return value - (1 << 24) if value & 1 << 23 else value
