"""Where a broadcast stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.director.phase import Phase, begins, phase
from relay.state.models import Broadcast

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
START_US = int(START.timestamp() * 1e6)


def broadcast(**fields: object) -> Broadcast:
    return Broadcast.model_validate({"slug": "b", "title": "B", **fields})


@pytest.mark.parametrize(
    ("fields", "on_air", "began_us", "expected"),
    [
        ({}, None, None, Phase.BEFORE),
        ({}, "helmet", None, Phase.LIVE),
        ({}, None, 5, Phase.LIVE),  # its cameras have dropped out
        ({"starts_at": START}, None, None, Phase.BEFORE),
        ({"starts_at": START}, "helmet", None, Phase.LIVE),  # before its time, but there it is
        ({"starts_at": START}, None, START_US - 1, Phase.BEFORE),  # it was put off
        ({"starts_at": START}, None, START_US, Phase.LIVE),
        ({"ended_at": START}, "helmet", 5, Phase.ENDED),
        ({"ended_at": START}, None, None, Phase.ENDED),
    ],
)
def test_phases(fields: dict[str, object], on_air: str | None, began_us: int, expected: Phase):
    assert phase(broadcast(**fields), on_air, began_us) is expected


def test_a_broadcast_begins_once_with_a_camera_at_its_time():
    planned = broadcast(starts_at=START)
    assert not begins(planned, None, None, START_US)
    assert not begins(planned, "helmet", None, START_US - 1)
    assert begins(planned, "helmet", None, START_US)
    assert begins(planned, "helmet", START_US - 5, START_US)
    assert not begins(planned, "helmet", START_US, START_US + 1)
    assert not begins(broadcast(ended_at=START), "helmet", None, START_US)
    assert begins(broadcast(), "helmet", None, 1)
