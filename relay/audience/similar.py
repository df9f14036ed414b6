"""Which broadcasts go well with one: by tags, cameras and crew, and by what its viewers loved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

    from relay.state.models import Broadcast

MOST: Final = 6
_SAMPLE: Final = 500
"""So many viewers who loved it are asked what else they love."""
_CANDIDATES: Final = 200
_LOVED: Final = 4
_TAGS, _CAMERAS, _CREW, _LOVE = 3.0, 1.0, 2.0, 4.0


def scores(
    broadcast: Broadcast, others: Iterable[Broadcast], loved: Mapping[str, float]
) -> dict[str, float]:
    """How similar others are, by slug; those that have nothing in common are left out.

    `loved` is, by slug, the share (0 to 1) of those who love this one that love that one as well.
    """
    found = {
        other.slug: _TAGS * _overlap(_words(broadcast.tags), _words(other.tags))
        + _CAMERAS * _overlap(set(broadcast.cameras), set(other.cameras))
        + _CREW * _overlap(_names(broadcast), _names(other))
        + _LOVE * loved.get(other.slug, 0.0)
        for other in others
        if other.slug != broadcast.slug
    }
    return {slug: score for slug, score in found.items() if score > 0}


def best(found: Mapping[str, float], most: int = MOST) -> list[str]:
    """The slugs with the highest scores, the highest first; equal ones by name."""
    return sorted(found, key=lambda slug: (-found[slug], slug))[:most]


def _overlap(left: set[str], right: set[str]) -> float:
    """Jaccard's index, 0 to 1."""
    return len(left & right) / len(left | right) if left and right else 0.0


def _words(lines: Iterable[str]) -> set[str]:
    return {line.casefold() for line in lines}


def _names(broadcast: Broadcast) -> set[str]:
    return _words(person.name for person in broadcast.crew)


async def also_loved(state: Redis, broadcast: str, others: Sequence[str]) -> dict[str, float]:
    """Of a sample of those who gave this one 4 stars or more, the share that did so to others too.

    The shares are drawn towards zero where there are few such viewers.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("reading who loved a broadcast"):
        _, found = cast(
            "tuple[int, dict[bytes, bytes]]",
            await state.hscan(keys.votes(broadcast), count=2 * _SAMPLE),
        )
        fans = [viewer for viewer, stars in found.items() if int(stars) >= _LOVED][:_SAMPLE]
        if not fans or not others:
            return {}
        pipe = state.pipeline(transaction=False)
        asked = list(others[:_CANDIDATES])
        for other in asked:
            pipe.hmget(keys.votes(other), fans)
        answers: list[list[Any]] = await pipe.execute()
    shares = {}
    for other, stars in zip(asked, answers, strict=True):
        both = sum(1 for each in stars if each is not None and int(each) >= _LOVED)
        shares[other] = both / (len(fans) + 5)
    return shares
