"""A real stream as an encoder sends it by RTMP, and damage to its structure."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import av

from relay.ingest.rtmp.flv import is_sequence_start
from relay.ingest.rtmp.message import MessageType
from relay.media.codecs import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

_HEAD: Final = 5
"""Bytes of an AVC video message before its NAL units."""
_LENGTH: Final = 4
_STEPS_MS: Final = (-100_000, -4000, -700, -300, -40, -1, 1, 40, 300, 700, 1500, 4000, 100_000)
_FAR_MS: Final = ((1 << 24) - 200, (1 << 31) - 200, (1 << 32) - 200)


@dataclass(frozen=True, slots=True)
class Tag:
    """One message of an encoder."""

    kind: MessageType
    came_ms: int
    """When it arrives."""
    time_ms: int
    """Its time stamp."""
    body: bytes

    @property
    def is_header(self) -> bool:
        """Whether it configures a codec."""
        kind = Kind.VIDEO if self.kind is MessageType.VIDEO else Kind.AUDIO
        return is_sequence_start(kind, self.body)

    @property
    def is_picture(self) -> bool:
        return self.kind is MessageType.VIDEO and self.body[:2] in (b"\x17\x01", b"\x27\x01")

    @property
    def nals(self) -> list[bytes]:
        """The NAL units of a picture."""
        found, position = [], _HEAD
        while position + _LENGTH <= len(self.body):
            end = position + _LENGTH + int.from_bytes(self.body[position : position + _LENGTH])
            found.append(self.body[position + _LENGTH : end])
            position = end
        return found

    def of(self, nals: list[bytes]) -> Tag:
        """The same message with other NAL units."""
        framed = b"".join(len(nal).to_bytes(_LENGTH) + nal for nal in nals)
        return replace(self, body=self.body[:_HEAD] + framed)


def tags(clip: Path, seconds: float) -> list[Tag]:
    """The first seconds of a clip, remuxed to FLV, without metadata."""
    out = io.BytesIO()
    with av.open(str(clip)) as source, av.open(out, "w", format="flv") as sink:
        streams = {
            stream.index: sink.add_stream_from_template(stream)
            for stream in (source.streams.video[0], source.streams.audio[0])
        }
        for packet in source.demux(list(map(source.streams.__getitem__, streams))):
            if packet.dts is not None and packet.dts * packet.time_base <= seconds:
                packet.stream = streams[packet.stream_index]
                sink.mux(packet)
    data, position, found = out.getvalue(), 13, []
    while position + 11 <= len(data):
        end = position + 11 + int.from_bytes(data[position + 1 : position + 4])
        at = int.from_bytes(data[position + 4 : position + 7]) | data[position + 7] << 24
        if data[position] in (MessageType.AUDIO, MessageType.VIDEO) and end > position + 11:
            kind = MessageType(data[position])
            found.append(Tag(kind, at, at, data[position + 11 : end]))
        position = end + 4
    return found


class Damage:
    """Damages the structure of a stream: of its tags, and of the NAL units in them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ways: tuple[Callable[[list[Tag], int], None], ...] = (
            self._drop, self._repeat, self._move, self._resize, self._step, self._stamp,
            self._freeze, self._delay, self._drop_nal, self._repeat_nal, self._swap_nals,
            self._split, self._join, self._pad, self._length, self._offset,
        )  # fmt: skip

    def of(self, stream: list[Tag]) -> tuple[list[Tag], list[str]]:
        """A damaged copy, and what was done to it."""
        out, done = list(stream), []
        for _ in range(self._random.choice((1, 1, 2, 3, 6))):
            if not out:
                break
            way, at = self._random.choice(self._ways), self._random.randrange(len(out))
            done.append(f"{way.__name__} at {at}")
            way(out, at)
        return out, done

    def _run(self) -> int:
        return self._random.choice((1, 1, 2, 5, 20))

    # --- tags ------------------------------------------------------------------------------------

    def _drop(self, out: list[Tag], at: int) -> None:
        del out[at : at + self._run()]

    def _repeat(self, out: list[Tag], at: int) -> None:
        end = at + self._run()
        out[end:end] = out[at:end]

    def _move(self, out: list[Tag], at: int) -> None:
        tag = out.pop(at)
        out.insert(self._random.randrange(max(0, at - 6), at + 7), tag)

    def _resize(self, out: list[Tag], at: int) -> None:
        body = out[at].body
        size = self._random.choice((0, 1, 2, 5, 6, 9, len(body) // 2, len(body) - 1))
        out[at] = replace(out[at], body=body[:size])

    def _step(self, out: list[Tag], at: int) -> None:
        """The encoder's clock steps, of one track or both."""
        kind = self._random.choice((None, *MessageType))
        step = self._random.choice(_STEPS_MS)
        for index in range(at, len(out)):
            if kind in (None, out[index].kind):
                moved = (out[index].time_ms + step) & 0xFFFFFFFF
                out[index] = replace(out[index], time_ms=moved)

    def _stamp(self, out: list[Tag], at: int) -> None:
        """One tag has a wrong time stamp."""
        wrong = self._random.choice((0, *_FAR_MS, out[at].time_ms + self._random.choice(_STEPS_MS)))
        out[at] = replace(out[at], time_ms=wrong & 0xFFFFFFFF)

    def _freeze(self, out: list[Tag], at: int) -> None:
        for index in range(at, min(at + 4 * self._run(), len(out))):
            out[index] = replace(out[index], time_ms=out[at].time_ms)

    def _delay(self, out: list[Tag], at: int) -> None:
        """All that follows is held up on its way, and then comes at once."""
        until = out[at].came_ms + self._random.choice((50, 500, 3000))
        for index in range(at, len(out)):
            out[index] = replace(out[index], came_ms=max(out[index].came_ms, until))

    # --- NAL units -------------------------------------------------------------------------------

    def _nals(self, out: list[Tag], at: int) -> tuple[int, list[bytes]]:
        """The next picture, where there is one."""
        for index in range(at, len(out)):
            if out[index].is_picture and out[index].nals:
                return index, out[index].nals
        return at, []

    def _drop_nal(self, out: list[Tag], at: int) -> None:
        at, nals = self._nals(out, at)
        if nals:
            del nals[self._random.randrange(len(nals))]
            out[at] = out[at].of(nals)

    def _repeat_nal(self, out: list[Tag], at: int) -> None:
        at, nals = self._nals(out, at)
        if nals:
            out[at] = out[at].of([*nals, self._random.choice(nals)])

    def _swap_nals(self, out: list[Tag], at: int) -> None:
        at, nals = self._nals(out, at)
        self._random.shuffle(nals)
        if nals:
            out[at] = out[at].of(nals)

    def _split(self, out: list[Tag], at: int) -> None:
        """Each NAL unit in a tag of its own."""
        at, nals = self._nals(out, at)
        if nals:
            out[at : at + 1] = [out[at].of([nal]) for nal in nals]

    def _join(self, out: list[Tag], at: int) -> None:
        """Two pictures in one tag."""
        at, nals = self._nals(out, at)
        other, more = self._nals(out, at + 1)
        if nals and more:
            out[at] = out[at].of(nals + more)
            del out[other]

    def _pad(self, out: list[Tag], at: int) -> None:
        at, nals = self._nals(out, at)
        if nals:
            kind = self._random.randrange(3)
            if kind == 0:
                out[at] = replace(out[at], body=out[at].body + bytes(3))
            elif kind == 1:
                out[at] = out[at].of([each for nal in nals for each in (b"", nal)])
            else:
                out[at] = out[at].of([b"\x06\x05\x01\x00\x80", *nals])

    def _length(self, out: list[Tag], at: int) -> None:
        """A NAL unit says that it is longer or shorter than it is."""
        at, nals = self._nals(out, at)
        if nals:
            size = max(0, len(nals[0]) + self._random.choice((-9, -1, 1, 9, 1 << 20)))
            body = out[at].body
            body = body[:_HEAD] + size.to_bytes(_LENGTH) + body[_HEAD + _LENGTH :]
            out[at] = replace(out[at], body=body)

    def _offset(self, out: list[Tag], at: int) -> None:
        """The presentation time is wrong."""
        at, nals = self._nals(out, at)
        if nals:
            wrong = self._random.choice((-5000, -400, -33, 0, 33, 400, 3000, 4900, 1 << 22))
            body = out[at].body
            out[at] = replace(out[at], body=body[:2] + (wrong & 0xFFFFFF).to_bytes(3) + body[5:])


def keyframe_interval_ms(stream: list[Tag]) -> int:
    """How far a stream's keyframes are apart at the most."""
    keys = [tag.time_ms for tag in stream if tag.body[:2] == b"\x17\x01"]
    return max((b - a for a, b in pairwise(keys)), default=0)
