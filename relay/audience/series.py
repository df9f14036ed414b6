"""Ratings over the time of a broadcast: a point for each minute that votes speak of, and the
best-loved moments. Pure.

As in the whole rating, a network counts like a few voters at the most, and an odd one like one, as
soon as the broadcast has a crowd: a minute of which nobody else speaks is no way around that.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.audience.ratings import BUCKET_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from relay.state.models import Broadcast

_CROWD: Final = 4
_LEAST: Final = 3
_PART: Final = 100
MOMENTS: Final = 5
_APART: Final = 2
"""Best-loved moments are further apart than this, in buckets."""
_LOVED: Final = 3.5
_PRIOR: Final = 3.0
"""A moment's average counts as if so many voters had given the broadcast's own."""


@dataclass(frozen=True, slots=True)
class Point:
    """What voters thought of one minute."""

    at_s: int
    """Its beginning, seconds since the epoch."""
    count: int
    """Voters that count."""
    total: float
    """Their stars."""

    @property
    def average(self) -> float:
        """Mean stars, to two decimals."""
        return round(self.total / self.count, 2)


def moment_within(broadcast: Broadcast, at_us: int, *, began_us: int | None, now_us: int) -> int:
    """The moment of a broadcast that a vote speaks of; times in µs since the epoch.

    One before its beginning or after its end is its first or last: there were no other pictures to
    be loved. It began when that was announced, or when a camera was first seen on air (`began_us`),
    whichever is earlier; one that has not begun limits nothing.
    """
    if broadcast.ended_at is not None:
        at_us = min(at_us, int(broadcast.ended_at.timestamp() * 1e6))
    starts_us = None
    if broadcast.starts_at is not None:
        starts_us = int(broadcast.starts_at.timestamp() * 1e6)
    begun = [each for each in (starts_us, began_us) if each is not None and each <= now_us]
    return max(at_us, min(begun)) if begun else at_us


def of_this_run(found: Sequence[Point], broadcast: Broadcast, now_us: int) -> list[Point]:
    """Without moments from before the start: a broadcast that was put off, or is shown again, has
    votes from then, which count, but its time begins anew.
    """
    starts_at = broadcast.starts_at
    if starts_at is None or starts_at.timestamp() * 1e6 > now_us:
        return list(found)
    return [point for point in found if point.at_s + BUCKET_S > starts_at.timestamp()]


def points(parts: Mapping[str, int], odd: Set[str], networks: int) -> list[Point]:
    """The points, by time, from `bucket:network:n` and `…:s`, numbers of voters and of stars.

    `networks` is how many have voted on the broadcast, of whatever moment.
    """
    buckets: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    for name, voters in parts.items():
        bucket, network, kind = name.split(":")
        if kind == "n" and voters > 0:
            stars = parts.get(f"{bucket}:{network}:s", 0)
            buckets[int(bucket)][network] = (voters, stars)
    crowd = networks >= _CROWD
    return [_point(bucket, buckets[bucket], odd, crowd=crowd) for bucket in sorted(buckets)]


def _point(
    bucket: int, networks: Mapping[str, tuple[int, int]], odd: Set[str], *, crowd: bool
) -> Point:
    if not crowd:
        weights = {network: voters for network, (voters, _) in networks.items()}
    else:
        light = sum(min(voters, _LEAST) for voters, _ in networks.values())
        cap = max(_LEAST, light // _PART)
        weights = {
            network: min(voters, 1 if network in odd else cap)
            for network, (voters, _) in networks.items()
        }
    total = sum(stars * weights[network] / voters for network, (voters, stars) in networks.items())
    return Point(bucket * BUCKET_S, sum(weights.values()), total)


def best_loved(found: Sequence[Point]) -> list[Point]:
    """The moments that viewers loved most, the best first; not two of the same few minutes.

    Few votes are pulled towards the broadcast's own average, so that one enthusiast is not the best
    moment of a spacewalk.
    """
    voters = sum(point.count for point in found)
    if not voters:
        return []
    mean = sum(point.total for point in found) / voters

    def score(point: Point) -> float:
        return (point.total + _PRIOR * mean) / (point.count + _PRIOR)

    chosen: list[Point] = []
    for point in sorted(found, key=lambda each: (-score(each), -each.count, each.at_s)):
        if len(chosen) == MOMENTS:
            break
        near = any(abs(point.at_s - other.at_s) <= _APART * BUCKET_S for other in chosen)
        if point.average >= _LOVED and not near:
            chosen.append(point)
    return chosen
