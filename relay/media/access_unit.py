"""Gathers the NAL units of one H.264 source into access units that can be decoded as they stand.

Encoders disagree about what a message is: most send a whole picture in each, some a slice, or a SEI
of its own. A picture begins where the time stamp changes or `first_mb_in_slice` is 0 (ITU-T H.264
section 7.4.1.2.4). Parameter sets seen anywhere replace those of the container, and stand in front
of each keyframe.

Waiting for the next picture to know that one is complete would cost every viewer a frame, so it is
done only for sources that have been seen to cut theirs; until then each message is a picture.

Bounded: `MAX_NALS` and `MAX_BYTES` of one picture, and `MAX_AHEAD` before it; what is beyond is
dropped and counted.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from relay.errors import MediaError
from relay.media import sei
from relay.media.bits import Bits, unescape
from relay.media.h264 import (
    NAL_AUD,
    NAL_FILLER,
    NAL_IDR,
    NAL_PPS,
    NAL_SEI,
    NAL_SLICE,
    NAL_SPS,
    join_annexb,
    nal_type,
    split_annexb,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NALS: Final = 1024
"""NAL units of one picture; the largest level allows fewer slices."""
MAX_BYTES: Final = 8 << 20
"""Bytes of one picture."""
MAX_AHEAD: Final = 16
"""SEI and the like that wait for their picture; encoders send one or two."""
LOSSES: Final = {
    "torn": "pictures are cut into several messages",
    "dropped": "NAL units belong to no picture, or are too many",
    "no_sets": "a keyframe came before its parameter sets",
}
"""Kinds of losses: the first for each encoder, the others for each unit, with what they mean."""
_SLICES: Final = range(NAL_SLICE, NAL_IDR + 1)
_LEFT_OUT: Final = frozenset({NAL_AUD, NAL_FILLER, 10, 11, 14, 15, 20})
"""Delimiters, filler, ends of a sequence or stream, and what only scalable and multiview decoders
read (ITU-T H.264 table 7-1)."""
_RECOVERY_POINT: Final = 6
_MOST_RECOVERY: Final = 600
"""A recovery point that counts more pictures than this is waited for no longer: 10 s at 60 a
second."""
_MAX_SETS: Final = {NAL_SPS: 32, NAL_PPS: 256}
_MAX_SET: Final = 1024
"""Bytes of a parameter set; encoders' have some 30, and keyframes carry those that they name."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture."""

    dts: int
    """As it was given."""
    offset: int
    """As it was given: pts - dts."""
    keyframe: bool
    """Whether decoding can begin here: at an IDR picture, or at a recovery point."""
    payload: bytes
    """Annex B; a keyframe has its parameter sets in front."""


@dataclass(slots=True)
class _Picture:
    """A picture that may not be complete yet."""

    dts: int
    offset: int
    nals: list[bytes] = field(default_factory=list)
    size: int = 0


class AccessUnits:
    """See the module."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        """What was lost, by the names of `LOSSES`."""
        self._sets: dict[int, dict[int, bytes]] = {NAL_SPS: {}, NAL_PPS: {}}
        self._ahead: list[bytes] = []
        self._picture: _Picture | None = None
        self._cuts = False

    def configure(self, sps: Iterable[bytes], pps: Iterable[bytes]) -> None:
        """Take the container's parameter sets; they replace all that were known, unless there are
        none of them.
        """
        given = {NAL_SPS: list(sps), NAL_PPS: list(pps)}
        for kind, nals in given.items():
            if nals:
                self._sets[kind] = {}
            for nal in nals:
                self._learn(kind, nal)

    def add(self, nals: Iterable[bytes], *, dts: int, offset: int) -> list[AccessUnit]:
        """Take what one message brings; returns the pictures that are complete, mostly one."""
        done: list[AccessUnit] = []
        for nal in nals:
            kind = nal_type(nal)
            if kind in self._sets:
                self._learn(kind, nal)
            elif kind in _SLICES:
                self._slice(nal, dts, offset, done)
            elif kind not in _LEFT_OUT:
                self._hold(nal)
        if not self._cuts:
            done += self.flush()
        return done

    def flush(self) -> list[AccessUnit]:
        """The picture that waits for the rest of it, if there is one: nothing more will come."""
        picture, self._picture = self._picture, None
        if picture is None:
            return []
        keyframe = is_keyframe(picture.nals)
        nals = picture.nals
        if keyframe:
            sets = self._sets_of(nals)
            if not sets:
                self.counters["no_sets"] += 1
                return []
            nals = [*sets, *nals]
        return [AccessUnit(picture.dts, picture.offset, keyframe, join_annexb(nals))]

    def _sets_of(self, nals: Iterable[bytes]) -> list[bytes]:
        """The parameter sets that a picture's slices name; empty if one of them is not known."""
        named = set()
        for nal in nals:
            if nal_type(nal) in _SLICES:
                with suppress(MediaError):  # what is wrong with one slice is no fault of the others
                    named.add(_named_pps(nal))
        try:
            pps = {number: self._sets[NAL_PPS][number] for number in sorted(named)}
            sps = {_numbers(nal, 2)[1] for nal in pps.values()}
            return [*(self._sets[NAL_SPS][number] for number in sorted(sps)), *pps.values()]
        except (KeyError, MediaError):
            return []

    def _slice(self, nal: bytes, dts: int, offset: int, done: list[AccessUnit]) -> None:
        begins = len(nal) > 1 and nal[1] & 0x80 != 0  # first_mb_in_slice is 0
        picture = self._picture
        if not begins and picture is None:
            # The picture that it is part of has gone out.
            self.counters["dropped"] += 1
            self.counters["torn"] += not self._cuts
            self._cuts = True
            return
        if begins or picture is None or picture.dts != dts:
            picture = self._begin(dts, offset, done)
        self._append(picture, nal)

    def _begin(self, dts: int, offset: int, done: list[AccessUnit]) -> _Picture:
        done += self.flush()
        self._picture = _Picture(dts, offset)
        for held in self._ahead:
            self._append(self._picture, held)
        self._ahead = []
        return self._picture

    def _hold(self, nal: bytes) -> None:
        """Keep a SEI or the like for the picture that follows."""
        if len(self._ahead) >= MAX_AHEAD:
            self.counters["dropped"] += len(self._ahead)
            self._ahead = []
        self._ahead.append(nal)

    def _append(self, picture: _Picture, nal: bytes) -> None:
        picture.size += len(nal)
        if len(picture.nals) >= MAX_NALS or picture.size > MAX_BYTES:
            self.counters["dropped"] += 1
            return
        picture.nals.append(nal)

    def _learn(self, kind: int, nal: bytes) -> None:
        try:
            # Behind profile, constraints and level.
            number = _numbers(nal[3:] if kind == NAL_SPS else nal, 1)[0]
        except MediaError:
            self.counters["dropped"] += 1
            return
        if number >= _MAX_SETS[kind] or len(nal) > _MAX_SET:
            self.counters["dropped"] += 1
            return
        self._sets[kind][number] = nal


def _numbers(nal: bytes, count: int) -> list[int]:
    """The first Exp-Golomb codes behind a NAL unit's head."""
    bits = Bits(unescape(nal[1:32]))
    return [bits.ue() for _ in range(count)]


def _named_pps(nal: bytes) -> int:
    """The PPS that a slice names (ITU-T H.264 section 7.3.3)."""
    return _numbers(nal, 3)[2]


def is_keyframe(nals: Iterable[bytes]) -> bool:
    """Whether decoding can begin at a picture: an IDR picture, or a recovery point."""
    return any(
        nal_type(nal) == NAL_IDR or (nal_type(nal) == NAL_SEI and _has_recovery_point(nal))
        for nal in nals
    )


def recovery_pictures(payload: bytes) -> int:
    """How many more pictures a decoder that begins with this keyframe needs until what it shows is
    right: 0 for an IDR picture or an open GOP, a second or two where the picture is refreshed piece
    by piece. `payload` is an access unit.
    """
    counts = []
    for nal in split_annexb(payload):
        if nal_type(nal) == NAL_IDR:
            return 0
        if nal_type(nal) in _SLICES:
            break  # SEI stand in front of them
        if nal_type(nal) == NAL_SEI:
            counts += _recovery_counts(nal)
    return max(counts, default=0)


def _has_recovery_point(nal: bytes) -> bool:
    """Whether a SEI says that decoding can begin here (ITU-T H.264 sections D.1.8 and D.2.8).

    Sources with an open GOP, or that refresh their picture piece by piece, send no IDR picture
    after their first.
    """
    return any(kind == _RECOVERY_POINT for kind, _ in sei.messages(nal))


def _recovery_counts(nal: bytes) -> list[int]:
    """What the recovery points of a SEI count; one that cannot be read counts 0."""
    counts = []
    for kind, data in sei.messages(nal):
        if kind == _RECOVERY_POINT:
            with suppress(MediaError):
                counts.append(min(Bits(data).ue(), _MOST_RECOVERY))
    return counts
