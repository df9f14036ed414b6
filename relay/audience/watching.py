"""Who watches what, and how well, by the pages' own heartbeats.

A report lives for `REPORT_S` on the bus. What lasts, in the state, are numbers: seconds watched,
the largest crowd, and an estimate of how many different viewers there were (HyperLogLog, which
keeps no viewer).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from pydantic import Field, StringConstraints

from relay.bus import keys
from relay.bus.client import store_errors
from relay.ids import SLUG
from relay.state.models import Model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

REPORT_S: Final = 30
_LOOK_S: Final = 0.5
_DAY_S: Final = 86_400
MAX_WATCHED: Final = 100_000
"""Viewers and sessions of a broadcast whose seconds are known for a day: some 10 MB. Whoever comes
later cannot prove that they have watched, which only a crowd that votes from one network has to.
"""

Name = Annotated[str, StringConstraints(max_length=128, pattern=r"^[\w.:-]*$")]
SlugName = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]


class Watching(Model):
    """What a page tells of its player."""

    type: Literal["watching"] = "watching"
    session: Name | None = None
    """Its WHEP session."""
    camera: SlugName | None = None
    rendition: Name | None = None
    """The rung that it receives."""
    latency_ms: Annotated[float | None, Field(ge=0, le=600_000)] = None
    """Glass to glass, as the page measures it."""
    freezes: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    frozen_ms: Annotated[float, Field(ge=0, le=1e9)] = 0
    received_bps: Annotated[float | None, Field(ge=0, le=1e10)] = None
    loss: Annotated[float | None, Field(ge=0, le=1)] = None
    """Share of packets lost."""
    playing: bool
    partner: Annotated[str | None, Field(max_length=256)] = None
    """Proof of the partner whose site it stands in, as its page brought it along."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One page's report and what it adds to the audience."""

    broadcast: str
    page: str
    """Id of the page's socket."""
    viewer: str
    """Whose page it is: a signed id, or a hash of the day."""
    report: Watching
    since_s: float
    """When the page came, since the epoch."""
    watched_s: float
    """Seconds played since its report before."""
    partner: str | None = None
    """The partner whose site it has proved to stand in."""
    session: str | None = None
    """Its WHEP session, if an edge has issued that."""
    gone: bool = False
    """The page is there no more: only what it has watched counts."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The audience of a broadcast, or of a partner's part of it."""

    watching: int
    unique: int
    """An estimate, to about 1 %."""
    peak: int
    watch_s: float


# KEYS: pages, pages of the partner or the same. ARGV: page, seconds, whether it plays.
_TELL: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1])
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  if ARGV[3] == '1' then
    redis.call('ZADD', KEYS[i], now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', KEYS[i], 2 * ARGV[2])
  else
    redis.call('ZREM', KEYS[i], ARGV[1])
  end
end
return {redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2])}
"""
# KEYS: totals, unique, … of each scope. ARGV: for each scope peak and ms watched, then viewers.
_COUNT: Final = """
local peak = tonumber(redis.call('HGET', KEYS[1], 'peak') or 0)
if tonumber(ARGV[1]) > peak then redis.call('HSET', KEYS[1], 'peak', ARGV[1]) end
redis.call('HINCRBY', KEYS[1], 'watch_ms', ARGV[2])
for i = 3, #ARGV do redis.call('PFADD', KEYS[2], ARGV[i]) end
return 1
"""


# KEYS: seconds watched. ARGV: most names, seconds to live, name, seconds, name, seconds …
_WATCH: Final = """
local room = tonumber(ARGV[1]) - redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  local known = redis.call('HEXISTS', KEYS[1], ARGV[i])
  if known == 1 or room > 0 then
    redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1])
    room = room - 1 + known
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return room
"""
# KEYS: seconds watched, speakers. ARGV: session, viewer, seconds, seconds to live.
_SPEAK: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'session:' .. ARGV[1]) or 0) < tonumber(ARGV[3]) then
  return 0
end
redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] and 1 or 0
"""


def _day(back: int = 0) -> int:
    return int(time.time()) // _DAY_S - back


def _seconds(beats: Sequence[Beat]) -> dict[str, dict[str, float]]:
    """What viewers and sessions have watched, by broadcast and name in the hash."""
    found: dict[str, dict[str, float]] = {}
    for beat in beats:
        names = [f"viewer:{beat.viewer}"]
        if beat.session is not None:
            names.append(f"session:{beat.session}")
        seconds = found.setdefault(beat.broadcast, {})
        for name in names:
            seconds[name] = seconds.get(name, 0.0) + beat.watched_s
    return found


async def has_watched(
    bus: Redis, broadcast: str, viewer: str, seconds: float, session: str | None
) -> bool:
    """Whether a viewer, or a session that an edge has issued, has watched for so long, today or
    yesterday. A session speaks for one viewer only, the first that names it.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("reading what was watched", timeout_s=_LOOK_S):
        for back in (0, 1):
            watched = keys.watched(broadcast, _day(back))
            if float(await bus.hget(watched, f"viewer:{viewer}") or 0) >= seconds:
                return True
            if session is not None:
                speakers = keys.watched_by(broadcast, _day(back))
                told = session, viewer, str(seconds), str(2 * _DAY_S)
                if await bus.eval(_SPEAK, 2, watched, speakers, *told):
                    return True
    return False


async def report(bus: Redis, beats: Sequence[Beat]) -> dict[tuple[str, str], int]:
    """Tell of pages; returns how many play by broadcast and partner, "" for all of a broadcast.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("telling who watches"):
        pipe = bus.pipeline(transaction=False)
        told_by: list[tuple[int, Beat]] = []
        """Where among the answers each one's is."""
        for beat in beats:
            if not beat.gone:
                _tell(pipe, beat)
                told_by.append((len(pipe) - 1, beat))
        for broadcast, seconds in _seconds(beats).items():
            flat = [text for name, each in seconds.items() for text in (name, str(each))]
            watched = keys.watched(broadcast, _day())
            pipe.eval(_WATCH, 1, watched, str(MAX_WATCHED), str(2 * _DAY_S), *flat)
        answers = await pipe.execute()
    found: dict[tuple[str, str], int] = {}
    for place, beat in told_by:
        everybody, partners = answers[place]
        found[beat.broadcast, ""] = everybody
        if beat.partner:
            found[beat.broadcast, beat.partner] = partners
    return found


def _tell(pipe: Pipeline, beat: Beat) -> None:
    """Tell of a page; the last answer says how many play."""
    told = beat.report.model_dump(exclude={"type"})
    told |= {"partner": beat.partner, "since": beat.since_s}
    pipe.set(keys.page(beat.broadcast, beat.page), json.dumps(told), ex=REPORT_S)
    pipe.sadd(keys.pages(beat.broadcast), beat.page)
    pipe.expire(keys.pages(beat.broadcast), _DAY_S)
    playing = "1" if beat.report.playing else "0"
    scopes = [keys.playing(beat.broadcast, each) for each in ("", beat.partner or "")]
    pipe.eval(_TELL, 2, *scopes, beat.page, str(REPORT_S), playing)


async def leave(bus: Redis, broadcast: str, page: str, partner: str | None) -> None:
    """A page has gone.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("telling who has gone"):
        pipe = bus.pipeline(transaction=False)
        pipe.delete(keys.page(broadcast, page))
        pipe.srem(keys.pages(broadcast), page)
        for scope in {"", partner or ""}:
            pipe.zrem(keys.playing(broadcast, scope), page)
        await pipe.execute()


async def count(
    state: Redis, beats: Sequence[Beat], playing: Mapping[tuple[str, str], int]
) -> None:
    """Add what was watched to the audiences.

    Raises:
        StoreError: the state is out of reach; what was watched is not counted.
    """
    scopes: dict[tuple[str, str], list[Beat]] = {}
    for beat in beats:
        for partner in {"", beat.partner or ""}:
            scopes.setdefault((beat.broadcast, partner), []).append(beat)
    async with store_errors("counting who watched"):
        pipe = state.pipeline(transaction=False)
        for (broadcast, partner), found in scopes.items():
            viewers = sorted({beat.viewer for beat in found if beat.report.playing})
            watched_ms = int(sum(beat.watched_s for beat in found) * 1000)
            peak = playing.get((broadcast, partner), 0)
            audience = keys.audience(broadcast, partner), keys.unique(broadcast, partner)
            pipe.eval(_COUNT, 2, *audience, str(peak), str(watched_ms), *viewers)
            if partner:
                pipe.sadd(keys.audience_partners(broadcast), partner)
        await pipe.execute()


async def pages(
    bus: Redis, broadcast: str, *, after: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """The pages of a broadcast that have reported lately, by their ids, which say nothing of time:
    those whose id comes after `after`, and what to name as `after` to get the ones that follow;
    None if there are none. At most `limit`, without those that have gone meanwhile.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("listing who watches"):
        found = cast("set[bytes]", await bus.smembers(keys.pages(broadcast)))
        following = sorted(name for name in found if name > after.encode())
        names = following[:limit]
        if not names:
            return [], None
        values = await bus.mget([keys.page(broadcast, name.decode()) for name in names])
        gone = [name for name, value in zip(names, values, strict=True) if value is None]
        if gone:
            await bus.srem(keys.pages(broadcast), *gone)
    told = [
        {"id": name.decode(), **json.loads(value)}
        for name, value in zip(names, values, strict=True)
        if value is not None
    ]
    return told, names[-1].decode() if len(following) > limit else None


async def crowds(state: Redis, bus: Redis, broadcast: str) -> dict[str, Crowd]:
    """The audience of a broadcast by partner, "" for the whole.

    Raises:
        StoreError: bus or state is out of reach.
    """
    async with store_errors("reading an audience"):
        partners = cast("set[bytes]", await state.smembers(keys.audience_partners(broadcast)))
        scopes = ["", *sorted(name.decode() for name in partners)]
        kept, now = state.pipeline(transaction=False), bus.pipeline(transaction=False)
        for scope in scopes:
            kept.hmget(keys.audience(broadcast, scope), "peak", "watch_ms")
            kept.pfcount(keys.unique(broadcast, scope))
            now.zcard(keys.playing(broadcast, scope))
        totals, playing = await kept.execute(), await now.execute()
    return {
        scope: Crowd(
            watching=int(playing[index]),
            unique=int(totals[2 * index + 1]),
            peak=int(totals[2 * index][0] or 0),
            watch_s=int(totals[2 * index][1] or 0) / 1000,
        )
        for index, scope in enumerate(scopes)
    }
