"""Where a broadcast stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.director.phase import EARLY_US, begins, phase, takes_votes
from relay.state.models import Broadcast
from relay.state.rights import Phase

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
START_US = int(START.timestamp() * 1e6)


def broadcast(**fields: object) -> Broadcast:
    return Broadcast.model_validate({"slug": "b", "title": "B", **fields})


@pytest.mark.parametrize(
    ("fields", "on_air", "began_us", "now_us", "expected"),
    [
        ({}, None, None, 9, Phase.BEFORE),
        ({}, "helmet", None, 9, Phase.LIVE),
        ({}, None, 5, 9, Phase.LIVE),  # its cameras have dropped out
        ({"starts_at": START}, None, None, START_US + 1, Phase.BEFORE),
        # A camera is tried out; then the broadcast is on air early.
        ({"starts_at": START}, "helmet", None, START_US - EARLY_US - 1, Phase.BEFORE),
        ({"starts_at": START}, "helmet", None, START_US - EARLY_US, Phase.LIVE),
        ({"starts_at": START}, "helmet", 5, START_US - EARLY_US - 1, Phase.BEFORE),
        ({"starts_at": START}, None, START_US - 1, START_US, Phase.BEFORE),  # it was put off
        ({"starts_at": START}, None, START_US, START_US + 1, Phase.LIVE),
        ({"ended_at": START}, "helmet", 5, 9, Phase.ENDED),
        ({"ended_at": START}, None, None, 9, Phase.ENDED),
    ],
)
def test_phases(
    fields: dict[str, object], on_air: str | None, began_us: int, now_us: int, expected: Phase
):
    assert phase(broadcast(**fields), on_air, began_us, now_us) is expected


@pytest.mark.parametrize(
    ("fields", "on_air", "now_us", "expected"),
    [
        ({}, None, 9, False),
        ({}, "helmet", 9, True),
        ({"starts_at": START}, None, START_US - 1, False),
        ({"starts_at": START}, "helmet", START_US - EARLY_US - 1, False),
        ({"starts_at": START}, "helmet", START_US - EARLY_US, True),
        ({"starts_at": START}, None, START_US, True),  # whoever waits in vain may say so
        ({"starts_at": START, "ended_at": START}, None, START_US + 9, True),
        ({"ended_at": START}, None, START_US + 9, True),
    ],
)
def test_votes_are_taken_from_the_beginning_on(
    fields: dict[str, object], on_air: str | None, now_us: int, expected: bool
):
    assert takes_votes(broadcast(**fields), on_air, None, now_us) is expected


def test_a_broadcast_begins_once_with_a_camera_at_its_time():
    planned = broadcast(starts_at=START)
    assert not begins(planned, None, None, START_US)
    assert not begins(planned, "helmet", None, START_US - 1)
    assert begins(planned, "helmet", None, START_US)
    assert begins(planned, "helmet", START_US - 5, START_US)
    assert not begins(planned, "helmet", START_US, START_US + 1)
    assert not begins(broadcast(ended_at=START), "helmet", None, START_US)
    assert begins(broadcast(), "helmet", None, 1)
