"""Which broadcasts go well together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.audience.ratings import Ballot, cast_ballots
from relay.audience.similar import MOST, also_loved, best, scores
from relay.state.models import Broadcast

if TYPE_CHECKING:
    from redis.asyncio import Redis


def broadcast(slug: str, **fields: object) -> Broadcast:
    return Broadcast.model_validate({"slug": slug, "title": slug, **fields})


def test_what_they_have_in_common():
    this = broadcast("this", tags=["Cooling", "pump"], cameras=["helmet"], crew=[ada()])
    others = [
        this,
        broadcast("tags", tags=["cooling", "PUMP"]),
        broadcast("one-tag", tags=["cooling", "solar"]),
        broadcast("camera", cameras=["helmet", "drone"]),
        broadcast("crew", crew=[ada(), {"name": "Bob", "role": "EV2"}]),
        broadcast("nothing", tags=["other"]),
        broadcast("loved"),
    ]
    found = scores(this, others, {"loved": 0.1, "nothing": 0.0})
    assert found == {"tags": 3.0, "one-tag": 1.0, "camera": 0.5, "crew": 1.0, "loved": 0.4}
    assert best(found) == ["tags", "crew", "one-tag", "camera", "loved"]
    assert len(best({f"{n}": 1.0 for n in range(50)})) == MOST


def ada() -> dict[str, str]:
    return {"name": "Ada", "role": "EV1"}


async def test_what_else_its_fans_love(store: Redis):
    ballots = [
        *(Ballot("this", f"v{n}", 5, f"k{n}", 0.0) for n in range(15)),
        *(Ballot("this", f"w{n}", 2, f"k{n}", 0.0) for n in range(15)),
        *(Ballot("other", f"v{n}", 4, f"k{n}", 0.0) for n in range(10)),
        *(Ballot("other", f"w{n}", 5, f"k{n}", 0.0) for n in range(15)),
        *(Ballot("bad", f"v{n}", 1, f"k{n}", 0.0) for n in range(15)),
    ]
    await cast_ballots(store, ballots)
    assert await also_loved(store, "this", ["other", "bad", "none"]) == {
        "other": 0.5,
        "bad": 0.0,
        "none": 0.0,
    }
    assert await also_loved(store, "none", ["this"]) == {}
    assert await also_loved(store, "this", []) == {}
