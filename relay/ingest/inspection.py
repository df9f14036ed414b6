"""Judges what a source sends: whether it may stay, and what its operators have to be told.

Pure: no clock and no I/O; `now` is in seconds of any clock that does not step.

A codec that cannot be shown ends the source if it is the picture's, at its first message; one that
has shown good pictures before is given the benefit of the doubt for a second, since a stray message
must not take a camera off the air. If it is the sound's, the picture goes on and the operators are
told: a silent picture is of more use than none.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from relay.bus.faults import Fault, FaultKind
from relay.media.codecs import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_PICTURE_S: Final = 3.0
"""A source that sends for so long without a usable picture is told of."""
NO_KEYFRAME_S: Final = 10.0
"""A source whose last keyframe is older is told of: few encoders are meant to do so."""
LATE_S: Final = 3.0
"""A source whose units take so long to come is told of."""
STRAY: Final = 30
"""So many messages in a row are no strays."""
HOPELESS: Final = 100
"""A source of which so many messages and no other cannot be used is hung up on."""
ENCODER: Final = "set its encoder to"
FILE: Final = "convert it to"

_NOUNS: Final = {Kind.VIDEO: "picture", Kind.AUDIO: "sound"}
_WANTED: Final = {Kind.VIDEO: "H.264", Kind.AUDIO: "AAC"}


def refused(codecs: Mapping[Kind, str], advice: str) -> Fault:
    """The refusal of a source for the sake of its codecs; `advice` goes before the wanted ones."""
    wrong = [f"its {noun} is {codecs[kind]}" for kind, noun in _NOUNS.items() if kind in codecs]
    wanted = [_WANTED[kind] for kind in _NOUNS if kind in codecs]
    text = f"{' and '.join(wrong)}, which cannot be shown"
    return Fault(FaultKind.REFUSED, text, f"{advice} {' and '.join(wanted)}")


class Inspection:
    """What one source has sent so far."""

    def __init__(self, advice: str = ENCODER) -> None:
        """`advice` goes before the codec that is wanted."""
        self._advice = advice
        self._good = dict.fromkeys(Kind, 0)
        self._in_a_row = dict.fromkeys(Kind, 0)
        self._wrong: dict[Kind, str] = {}
        self._unusable = 0
        self._last_reason = ""
        self._began: float | None = None
        self._keyframe_at: float | None = None
        self._picture_at = -math.inf
        self._lag_s = 0.0
        self._counts: Counter[str] = Counter()

    def usable(self, kind: Kind, now: float, *, keyframe: bool = True) -> None:
        """An access unit has come that can be used."""
        self._begin(now)
        if kind is Kind.VIDEO:
            self._picture_at = now
            if keyframe or self._keyframe_at is None:
                self._keyframe_at = now
        self._good[kind] += 1
        self._in_a_row[kind] = 0
        self._wrong.pop(kind, None)

    def unusable(self, kind: Kind | None, reason: str, codec: str, now: float) -> None:
        """A message has come that cannot be used: for its codec's sake, if that is named."""
        self._begin(now)
        self._unusable += 1
        self._last_reason = reason
        self._counts[f"unusable_{kind or 'data'}"] += 1
        if kind is None or not codec:
            return
        self._in_a_row[kind] += 1
        if self._in_a_row[kind] >= (STRAY if self._good[kind] else 1):
            self._wrong[kind] = codec

    def note_lag(self, seconds: float) -> None:
        """The last unit came so long after it was captured, as well as the relay knows."""
        self._lag_s = seconds

    def note(self, what: str) -> None:
        """Something has befallen a unit: `without_keyframe`, it could not go on because none has
        come before it; `wrong_offset`, its presentation time could not be believed.
        """
        self._counts[what] += 1

    def note_change(self, what: str) -> None:
        """Something of the source has changed midway: its `size`, its `codec`, or its `clock`."""
        self._counts[f"{what}_changed"] += 1

    @property
    def shows(self) -> bool:
        """Whether a usable picture has come."""
        return self._good[Kind.VIDEO] > 0

    def refusal(self) -> Fault | None:
        """Why the source must not stay, if it must not."""
        if Kind.VIDEO in self._wrong:
            return refused(self._wrong, self._advice)
        if self._unusable < HOPELESS or any(self._good.values()):
            return None
        if self._wrong:
            return refused(self._wrong, self._advice)
        return Fault(FaultKind.REFUSED, f"nothing of it can be used: {self._last_reason}")

    def faults(self, now: float) -> list[Fault]:
        """What the operators have to be told at present."""
        found = []
        waited = 0.0 if self._began is None else now - self._began
        if not self.shows and waited >= NO_PICTURE_S:
            text = "it sends sound and no picture"
            if not self._good[Kind.AUDIO]:
                text = f"no picture of it can be used: {self._last_reason}"
            remedy = f"see that it sends a picture, in {_WANTED[Kind.VIDEO]}"
            found.append(Fault(FaultKind.NO_PICTURE, text, remedy))
        found += self._keyframe_faults(now)
        if self._lag_s >= LATE_S:
            text = f"what it sends comes more than {LATE_S:.0f} s late"
            remedy = "lower its bitrate, or see to its uplink"
            found.append(Fault(FaultKind.LATE, text, remedy))
        if Kind.AUDIO in self._wrong:
            text = f"its sound is lost: {self._wrong[Kind.AUDIO]} cannot be played"
            remedy = f"{self._advice} {_WANTED[Kind.AUDIO]}"
            found.append(Fault(FaultKind.SOUND_LOST, text, remedy))
        return found

    def _keyframe_faults(self, now: float) -> list[Fault]:
        since = 0.0 if self._keyframe_at is None else now - self._keyframe_at
        goes_on = now - self._picture_at < NO_PICTURE_S
        if since < NO_KEYFRAME_S or not goes_on:
            return []
        text = f"it has sent no keyframe for more than {NO_KEYFRAME_S:.0f} s"
        remedy = "set its keyframe interval to 2 s"
        return [Fault(FaultKind.NO_KEYFRAME, text, remedy)]

    def take_counts(self) -> Counter[str]:
        """What could not be used since this was asked for last."""
        counts, self._counts = self._counts, Counter()
        return counts

    def _begin(self, now: float) -> None:
        self._began = now if self._began is None else self._began
