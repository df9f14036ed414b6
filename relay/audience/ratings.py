"""Stars: one vote per viewer and broadcast, changeable; average and count.

One script (`vote.lua`) takes the idempotency key, the vote and the totals together, so that a vote
that is sent again after a lost answer counts once, and totals always match the votes.

A network of addresses counts like a few voters at the most, once there is a crowd of networks: so
one that makes itself a thousand cookies moves nothing. What is more than that is set aside: it is
kept, and counts as soon as the crowd is large enough.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, cast

from redis.exceptions import NoScriptError

from relay.bus import keys
from relay.bus.client import store_errors
from relay.bus.events import publish
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

_SCRIPT: Final = files("relay.audience").joinpath("vote.lua").read_text("utf-8")
_SHA: Final = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
_TELL_S: Final = 0.5
"""A voter does not wait longer for a bus that hangs; pages hear of the vote from the state."""
BUCKET_S: Final = 60
"""Moments are told apart by this."""


class Refusal(StrEnum):
    """Why a vote was not taken."""

    NONE = ""
    CROWDED = "crowded"
    """Too many new voters come from its network at once."""
    UNPROVEN = "unproven"
    """Many from its network have voted, and it came only just now."""
    HASTY = "hasty"
    """It, or its network, has cast very many votes within the minute."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote to count."""

    broadcast: str
    viewer: str
    stars: int
    """1 to 5."""
    key: str
    """Names this vote of its viewer, however often it is sent; a viewer's last few are known."""
    now_s: float
    """When it came, since the epoch."""
    network: str = ""
    """The network that it comes from, as a hash."""
    at_us: int | None = None
    """The moment that it speaks of, µs since the epoch."""
    proven: bool = False
    """Whether the viewer has watched, or has been known, for a while."""

    def as_proven(self) -> Ballot:
        """The same of a viewer of whom that is found out."""
        return replace(self, proven=True)

    @property
    def minute(self) -> int:
        """When it came, minutes since the epoch."""
        return int(self.now_s // 60)

    def argument(self) -> str:
        """What the script is told of it; none of its parts has a line feed or a space."""
        moment = "" if self.at_us is None else str(self.at_us // (BUCKET_S * 1_000_000))
        proven = "1" if self.proven else "0"
        return f"{self.viewer}\n{self.stars}\n{self.network}\n{moment}\n{proven}\n{self.key}"


@dataclass(frozen=True, slots=True)
class Rating:
    """What viewers think of a broadcast."""

    total: float
    """Sum of the stars that count."""
    count: int
    """Number of votes that count."""
    yours: int | None = None
    """The asking viewer's own stars."""
    set_aside: int = 0
    """Votes that are kept and do not count."""

    @property
    def average(self) -> float | None:
        """Mean stars, 1 to 5, to two decimals; None before the first vote."""
        return round(self.total / self.count, 2) if self.count else None


async def cast_ballots(
    state: Redis, ballots: Sequence[Ballot], *, pace: int = 0
) -> list[tuple[Rating, Refusal] | StoreError]:
    """Count votes, and store them durably: what became of each, in their order.

    Those on one broadcast are one command, so that a rush of votes is one write to disk. `pace` is
    how many votes a viewer may cast within a minute of the clock; 0: any number.

    Raises:
        StoreError: it is not known which votes were stored; sending one again with the same key is
            safe.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for number, ballot in enumerate(ballots):
        groups.setdefault((ballot.broadcast, ballot.minute), []).append(number)
    outcomes: dict[int, tuple[Rating, Refusal] | StoreError] = {}
    for numbers in groups.values():
        together = [ballots[number] for number in numbers]
        found: Sequence[tuple[Rating, Refusal] | StoreError]
        try:
            found = await _cast_together(state, together, pace)
        except StoreError as error:
            found = [error] * len(together)
        outcomes.update(zip(numbers, found, strict=True))
    return [outcomes[number] for number in range(len(ballots))]


async def _cast_together(
    state: Redis, ballots: Sequence[Ballot], pace: int
) -> list[tuple[Rating, Refusal]]:
    name = ballots[0].broadcast
    minute = str(ballots[0].minute)
    named = [
        keys.rating(name),
        keys.votes(name),
        *(keys.rating_part(name, part) for part in keys.RATING_PARTS),
        keys.rating_part(name, f"minute:{minute}"),
    ]
    told = [ballot.argument() for ballot in ballots]
    arguments = [str(len(named)), *named, minute, str(pace), *told]
    command: Any = state.execute_command
    async with store_errors("storing votes"):
        try:
            answer = await command("EVALSHA", _SHA, *arguments)
        except NoScriptError:  # the server was started anew
            answer = await command("EVAL", _SCRIPT, *arguments)
    shown_total, shown_count, last, each = answer
    aside = int(last) - int(shown_count)
    return [
        (
            Rating(float(shown_total), int(shown_count), _stars(yours), aside)
            if aside
            else Rating(int(total), int(count), _stars(yours)),
            Refusal(refusal.decode()),
        )
        for total, count, yours, refusal in each
    ]


def _stars(value: Any) -> int | None:
    return int(value) if value else None


def _rating(totals: Sequence[Any], yours: Any) -> Rating:
    total, count, shown_total, shown_count = totals
    counted = int(count or 0)
    own = _stars(yours)
    if shown_count is None or int(shown_count) == counted:
        return Rating(int(total or 0), counted, own)
    return Rating(float(shown_total), int(shown_count), own, counted - int(shown_count))


async def vote(state: Redis, bus: Redis, ballot: Ballot) -> tuple[Rating, Refusal]:
    """Count one vote, store it durably, then tell every open page.

    Raises:
        StoreError: it is not known whether the vote was stored; sending it again with the same key
            is safe.
    """
    outcome = (await cast_ballots(state, [ballot]))[0]
    if isinstance(outcome, StoreError):
        raise outcome
    await tell(bus, ballot.broadcast, outcome[0])
    return outcome


async def tell(bus: Redis, broadcast: str, rating: Rating) -> None:
    """Tell every open page of a rating; a bus that is away is only logged."""
    try:
        async with store_errors("telling a vote", timeout_s=_TELL_S):
            await publish(bus, keys.broadcast_events(broadcast), event(rating))
    except StoreError as error:  # the vote is safe; pages learn of it with their next state
        logger().warning("a vote could not be told", error=str(error))


def event(rating: Rating) -> dict[str, Any]:
    """What every open page of the broadcast is told."""
    return {"type": "rating", "average": rating.average, "count": rating.count}


async def read(state: Redis, broadcast: str, viewer: str | None = None) -> Rating:
    """The present rating, with the stars of `viewer` if one is named.

    Raises:
        StoreError: the state is out of reach.
    """
    return (await read_many(state, [broadcast], viewer))[broadcast]


async def read_many(
    state: Redis, broadcasts: Sequence[str], viewer: str | None = None
) -> dict[str, Rating]:
    """The present ratings of several broadcasts, in one round trip.

    Raises:
        StoreError: the state is out of reach.
    """
    if not broadcasts:
        return {}
    async with store_errors("reading ratings"):
        pipe = state.pipeline(transaction=False)
        for broadcast in broadcasts:
            pipe.hmget(keys.rating(broadcast), "sum", "count", "shown_sum", "shown_count")
            pipe.hget(keys.votes(broadcast), viewer or "")
        answers = await pipe.execute()
    return {
        broadcast: _rating(totals, yours)
        for broadcast, totals, yours in zip(broadcasts, answers[::2], answers[1::2], strict=True)
    }


async def read_moments(state: Redis, broadcast: str) -> tuple[dict[str, int], set[str], int]:
    """Voters and stars by moment and network, as `series` takes them, the odd networks, and how
    many networks have voted.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("reading the moments of votes"):
        pipe = state.pipeline(transaction=False)
        pipe.hgetall(keys.rating_part(broadcast, "series"))
        pipe.smembers(keys.rating_part(broadcast, "odd"))
        pipe.zcard(keys.rating_part(broadcast, "networks"))
        found, odd, networks = cast(
            "tuple[dict[bytes, bytes], set[bytes], int]", await pipe.execute()
        )
    return (
        {name.decode(): int(value) for name, value in found.items()},
        {name.decode() for name in odd},
        networks,
    )
