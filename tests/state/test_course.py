"""Broadcasts are started, ended and reopened; cameras are let go and taken back. Made-up times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relay.director.phase import phase
from relay.errors import Conflict
from relay.state.course import ended, kept_by_others, released_by, reopened, started
from relay.state.models import Broadcast
from relay.state.rights import Phase

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1e6)
LATER = NOW + timedelta(hours=6)


def made(slug: str = "eva", *cameras: str, **fields: Any) -> Broadcast:
    return Broadcast(slug=slug, title=slug.title(), cameras=cameras or ("helmet",), **fields)


@pytest.mark.parametrize("start", [None, LATER, NOW - timedelta(minutes=5)])
def test_a_broadcast_that_is_started_is_live_without_a_camera(start: datetime | None) -> None:
    before = made(starts_at=start)
    assert phase(before, None, None, NOW_US) is Phase.BEFORE
    live = started(before, None, NOW)
    assert live.starts_at == (start if start and start < NOW else NOW)
    assert phase(live, None, NOW_US, NOW_US) is Phase.LIVE


def test_what_has_begun_or_ended_is_not_started() -> None:
    with pytest.raises(Conflict, match="has begun already"):
        started(made(starts_at=NOW - timedelta(hours=1)), NOW_US, NOW)
    with pytest.raises(Conflict, match=r"eva ended at 2026-11-22T14:00:00\+00:00; reopen it"):
        started(made(ended_at=NOW), NOW_US, NOW)
    # One that was put off has not begun, whatever was seen before.
    assert started(made(starts_at=LATER), NOW_US, NOW).starts_at == NOW


def test_an_end_and_a_reopening() -> None:
    over = ended(made(), NOW, release=True)
    assert (over.ended_at, over.cameras_released) == (NOW, True)
    again = reopened(over)
    assert (again.ended_at, again.cameras_released) == (None, False)
    with pytest.raises(Conflict, match="eva has not ended"):
        reopened(again)


def test_cameras_may_be_let_go_after_the_end() -> None:
    over = ended(made(), NOW, release=False)
    with pytest.raises(Conflict, match="has ended already"):
        ended(over, LATER, release=False)
    released = ended(over, LATER, release=True)
    assert (released.ended_at, released.cameras_released) == (NOW, True)
    with pytest.raises(Conflict):
        ended(released, LATER, release=True)


def test_a_camera_stays_away_while_every_broadcast_that_shows_it_has_ended() -> None:
    over = ended(made("eva", "helmet", "drone"), NOW, release=True)
    kept = ended(made("other", "drone"), NOW, release=False)
    following = made("next", "drone")
    assert released_by("helmet", [over, kept, following]) == over
    assert released_by("drone", [kept, over]) == over
    assert released_by("drone", [over, kept, following]) is None
    assert released_by("drone", [kept]) is None
    assert released_by("airlock", [over]) is None
    assert released_by("helmet", [reopened(over)]) is None
    # What was let go stays so by the end alone.
    assert released_by("helmet", [over.model_copy(update={"ended_at": None})]) is None
    assert kept_by_others(over, [over, kept, following]) == {"drone": "next"}
