"""What a session draws for itself."""

from __future__ import annotations

import secrets
from itertools import count
from typing import TYPE_CHECKING

from relay.edge.viewer import Viewer
from relay.webrtc.sdp import parse_offer
from tests.support.offers import CHROMIUM

if TYPE_CHECKING:
    import pytest


def test_all_ssrcs_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that repeats itself may not bring about one nonce twice."""
    numbers = count()
    monkeypatch.setattr(secrets, "randbits", lambda bits: next(numbers) // 4 % (1 << bits))
    viewer = Viewer.make(
        edge="e", number=1, broadcast="b", camera="c", offer=parse_offer(CHROMIUM), now=0.0
    )
    drawn = [ssrc for track in viewer.tracks for ssrc in (track.ssrc, track.rtx_ssrc)]
    assert len(drawn) == 4 == len(set(drawn))
    assert 0 not in drawn
