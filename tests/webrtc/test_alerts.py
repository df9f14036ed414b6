"""What is left of a DTLS association: the peer's goodbye, and nothing that only looks like it."""

from __future__ import annotations

import os

import pytest

from relay.webrtc.alerts import _SUITES, Alerts


@pytest.fixture(params=_SUITES)
def sides(request: pytest.FixtureRequest) -> tuple[Alerts, Alerts]:
    suite = _SUITES[request.param]
    keys = [os.urandom(suite.key + suite.implicit) for _ in range(2)]
    return Alerts(suite, *keys), Alerts(suite, *reversed(keys))


def test_a_goodbye_closes_once_it_is_the_peers(sides: tuple[Alerts, Alerts]) -> None:
    ours, theirs = sides
    assert ours.closes(theirs.goodbye())
    assert not ours.closes(ours.goodbye())


@pytest.mark.parametrize("more", [1, 0x4000, -1])
def test_a_record_of_another_length_than_it_says_is_none(
    sides: tuple[Alerts, Alerts], more: int
) -> None:
    """RFC 6347 section 4.1.2.7: it is discarded, though what is there of it is authentic."""
    ours, theirs = sides
    goodbye = theirs.goodbye()
    length = int.from_bytes(goodbye[11:13], "big") + more
    assert not ours.closes(goodbye[:11] + length.to_bytes(2, "big") + goodbye[13:])
