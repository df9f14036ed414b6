"""What is wrong with cameras, for those who can mend it; and what a camera leaves behind.

A fault is a short-lived fact like all of `bus.presence`: whoever finds one tells it again while it
lasts, and one that is told no more is gone. Each camera has at most one fault of each kind, the
latest. Numbers and the time of the last unit outlive the camera's connection, by a day.

A new kind needs a member of `FaultKind` and somebody who tells it: the API, `relay camera list`,
`/metrics` and the pages show what there is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

from relay.bus import keys, presence
from relay.bus.client import store_errors
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

REFUSAL_MS: Final = 10 * 60 * 1000
"""How long a refusal is told: encoders that were refused come again within seconds or minutes."""
HISTORY_S: Final = 24 * 60 * 60
_SEEN: Final = "seen"


class FaultKind(StrEnum):
    """What can be wrong with a camera."""

    REFUSED = "refused"
    """What sends it was hung up on: nothing of it can be shown."""
    UNREACHABLE = "unreachable"
    """Its source cannot be pulled."""
    NO_PICTURE = "no_picture"
    """It sends, and no picture comes."""
    NO_KEYFRAME = "no_keyframe"
    """Its pictures cannot be begun with: whoever joins or comes back waits."""
    LATE = "late"
    """What it sends takes long to come."""
    SOUND_LOST = "sound_lost"
    """Its sound cannot be used; the picture goes on."""
    OVERLOAD = "overload"
    """Its pictures are more than the machine can take: rungs are fewer."""


WITHOUT_PICTURE: Final = frozenset({FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.NO_PICTURE})
"""Kinds for which there is no picture to wait for until somebody mends them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a camera."""

    kind: str
    """A `FaultKind`, or one that a newer process tells."""
    text: str
    """What is wrong, for people; goes on from the camera's name and a colon."""
    remedy: str = ""
    """What to do about it, for people; "" where nobody knows."""
    at: float = field(default=0.0, compare=False)
    """Since when, seconds since the epoch."""

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


def verdict(name: str, faults: Sequence[Fault]) -> str | None:
    """All that is wrong with the camera called `name`, in a line; None if nothing is."""
    return f"{name}: {'; '.join(map(str, faults))}" if faults else None


async def tell(bus: Redis, camera: str, fault: Fault, *, ttl_ms: int = presence.TTL_MS) -> None:
    """Tell of a fault, for `ttl_ms` from now.

    Raises:
        StoreError: the bus is out of reach.
    """
    member = f"{camera}:{fault.kind}"
    await presence.tell(bus, presence.FAULT, member, asdict(fault), ttl_ms=ttl_ms)


async def withdraw(bus: Redis, camera: str, kinds: Iterable[str]) -> None:
    """Take faults back at once.

    Raises:
        StoreError: the bus is out of reach.
    """
    for kind in kinds:
        await presence.withdraw(bus, presence.FAULT, f"{camera}:{kind}")


async def by_camera(bus: Redis) -> dict[str, list[Fault]]:
    """All faults there are, by camera.

    Raises:
        StoreError: the bus is out of reach.
    """
    found: dict[str, list[Fault]] = {}
    for member, fact in (await presence.members(bus, presence.FAULT)).items():
        try:
            fault = Fault(**fact)
        except TypeError:  # of another version of the relay
            logger().warning("a fault cannot be read", member=member)
            continue
        found.setdefault(member.partition(":")[0], []).append(fault)
    return found


@dataclass(frozen=True, slots=True)
class History:
    """What outlives a camera's connection, for a day."""

    seen: float | None = None
    """When its last unit came, seconds since the epoch; None: not within the last day."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often something befell it, by what that is, such as `refused`."""


async def note(
    bus: Redis, camera: str, counts: Mapping[str, int], *, seen: float | None = None
) -> None:
    """Add to a camera's numbers, and note when its last unit came.

    Raises:
        StoreError: the bus is out of reach.
    """
    key = keys.camera_history(camera)
    async with store_errors(f"noting what befell {camera}"):
        pipe = bus.pipeline(transaction=False)
        for what, count in counts.items():
            pipe.hincrby(key, what, count)
        if seen is not None:
            pipe.hset(key, _SEEN, str(seen))
        pipe.expire(key, HISTORY_S)
        await pipe.execute()


async def histories(bus: Redis, cameras: Sequence[str]) -> dict[str, History]:
    """The histories of these cameras, in one round trip.

    Raises:
        StoreError: the bus is out of reach.
    """
    if not cameras:
        return {}
    async with store_errors("reading what befell cameras"):
        pipe = bus.pipeline(transaction=False)
        for camera in cameras:
            pipe.hgetall(keys.camera_history(camera))
        answers = cast("list[dict[bytes, bytes]]", await pipe.execute())
    return dict(zip(cameras, map(_history, answers), strict=True))


_BEFELL: Final = {
    "refused": "refused {}×",
    "unreachable": "not to be pulled {}×",
    "unusable_video": "{} messages with pictures lost",
    "unusable_audio": "{} messages with sound lost",
    "unusable_data": "{} messages lost",
    "without_keyframe": "{} pictures lost as no keyframe had come",
    "wrong_offset": "{} pictures with a wrong time",
    "damaged": "{} damaged units",
    "late": "{} pictures left out as this machine was too slow",
    "late_sound": "{} sounds left out as this machine was too slow",
    "size_changed": "its size changed {}×",
    "codec_changed": "its codec changed {}×",
    "clock_changed": "its clock changed {}×",
}


def befell(counts: Mapping[str, int]) -> str:
    """What befell a camera within a day, in a line; "" if nothing did."""
    return ", ".join(
        _BEFELL.get(what, f"{what.replace('_', ' ')}: {{}}").format(f"{count:,}")
        for what, count in sorted(counts.items())
        if count
    )


def _history(fields: dict[bytes, bytes]) -> History:
    named: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
    seen = named.pop(_SEEN, None)
    counts = {name: int(value) for name, value in named.items()}
    return History(None if seen is None else float(seen), counts)
