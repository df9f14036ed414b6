"""What a session draws for itself."""

from __future__ import annotations

import secrets
from itertools import count
from typing import TYPE_CHECKING, cast

from relay.edge.viewer import SHORT_GOP, Viewer
from relay.media.codecs import Kind
from relay.webrtc.sdp import parse_offer
from tests.support.offers import CHROMIUM

if TYPE_CHECKING:
    import pytest

    from relay.edge.rendition import Feed


def make() -> Viewer:
    return Viewer.make(
        edge="e", number=1, broadcast="b", camera="c", offer=parse_offer(CHROMIUM), now=0.0
    )


def test_all_ssrcs_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that repeats itself may not bring about one nonce twice."""
    numbers = count()
    monkeypatch.setattr(secrets, "randbits", lambda bits: next(numbers) // 4 % (1 << bits))
    viewer = make()
    drawn = [ssrc for track in viewer.tracks for ssrc in (track.ssrc, track.rtx_ssrc)]
    assert len(drawn) == 4 == len(set(drawn))
    assert 0 not in drawn


def test_a_picture_waits_for_the_sound_that_it_has() -> None:
    viewer = make()
    assert not any(track.extensions.waits for track in viewer.outgoing)
    viewer.feeds[Kind.AUDIO] = cast("Feed", object())
    assert {track.kind: track.extensions.waits for track in viewer.outgoing} == {
        Kind.VIDEO: True,
        Kind.AUDIO: False,
    }


def test_a_cached_gop_comes_at_most_once_a_second() -> None:
    viewer = make()
    assert [viewer.may_replay(60, at) for at in (5.0, 5.9, 6.0)] == [True, False, True]


def test_a_congested_path_gets_no_long_gop_again() -> None:
    """It would lose that as well; the keyframe that it gets instead is one of a sixth of it."""
    viewer = make()
    for step in range(10):
        viewer.losses.note(100 * step, 20 * step, step * 0.25)
    assert not viewer.may_replay(SHORT_GOP + 1, 3.0)
    assert viewer.may_replay(SHORT_GOP, 3.0), "a refusal does not count"
    for step in range(10, 30):
        viewer.losses.note(100 * step, 200 + 2 * step, step * 0.25)
    assert viewer.may_replay(SHORT_GOP + 1, 8.0)
