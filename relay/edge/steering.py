"""Lets each viewer's tracks follow the right streams: a rung by what its path takes, and sound.

The decisions are `adapt`'s; here they meet the core and the feeds. A switch of rungs holds the old
feed until the new one has a place in the core, and the core goes over on a keyframe. Most viewers
stand where they want to stand, and of them nothing is asked until they report; the others take
turns, so that a tick's work is spread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from relay.edge.adapt import Adaptation, Choice, Decision, Wish
from relay.edge.viewer import State
from relay.media.codecs import Kind
from relay.media.ladder import SOUND, SOURCE

if TYPE_CHECKING:
    from relay.edge.core import Core, Report
    from relay.edge.rendition import Feed, Feeds, KeyframeWishes
    from relay.edge.viewer import Viewer
    from relay.media.ladder import Ladder, Rendition

TURNS: Final = 5
"""A viewer's rung is decided once in so many ticks."""
DRAIN_S: Final = 0.25
"""For how long a congested path gets no pictures: a keyframe that finds its queue full is lost. The
queue mostly holds pictures for longer than this."""
_YOUNG: Final = 6
"""Frames of a GOP that a viewer may be sent at once when it goes over to it."""
_HARDLY_MORE: Final = 1.3
_SOUND_BPS: Final = 130_000
"""Sound with its headers."""
_OVERHEAD: Final = 1.06
"""Headers of RTP, SRTP, UDP and IP on packets of pictures."""


def choices(ladder: Ladder, chosen: str | None = None) -> list[Choice]:
    """What a viewer of this ladder may be sent, of whom `chosen` is the own choice.

    A rung of the size of the camera's own picture is left out where that takes hardly more: it
    shows no less, and costs no encoder.
    """
    source = ladder.find(SOURCE)
    sound = _SOUND_BPS if ladder.sound else 0
    return [
        Choice(rung.name, min(rung.width, rung.height), round(rung.bitrate_bps * _OVERHEAD) + sound)
        for rung in ladder.video
        if rung is source or rung.name == chosen or not _stands_in(source, rung)
    ]


def _stands_in(source: Rendition | None, rung: Rendition) -> bool:
    return (
        source is not None
        and (source.width, source.height) == (rung.width, rung.height)
        and source.bitrate_bps <= _HARDLY_MORE * rung.bitrate_bps
    )


class Steering:
    """See the module. Times are the event loop's, in seconds."""

    def __init__(self, core: Core, feeds: Feeds, wishes: KeyframeWishes) -> None:
        self._core = core
        self._feeds = feeds
        self._wishes = wishes
        self._probing: dict[int, tuple[Viewer, int]] = {}
        """By viewer: what its path is tried with, bits a second."""
        self._draining: dict[int, tuple[float, Viewer, Feed]] = {}
        """By viewer: when its path will have drained, and what it gets then."""
        self._restless: dict[int, Viewer] = {}
        """Those for whom something may be due without a report."""
        self._turn = 0
        self._ticked = 0.0

    def seat(self, viewer: Viewer, ladder: Ladder, wish: Wish, now: float) -> None:
        """Take the feeds that a new viewer begins with."""
        viewer.wish = wish
        self.fit(viewer, ladder, now)

    def fit(self, viewer: Viewer, ladder: Ladder, now: float) -> None:
        """Go by what ladder the viewer's camera has by now."""
        if ladder == viewer.ladder:
            return
        viewer.ladder = ladder
        kinds = {track.kind for track in viewer.tracks}
        if ladder.sound and Kind.AUDIO in kinds and Kind.AUDIO not in viewer.feeds:
            self._take(viewer, SOUND, Kind.AUDIO)
        if not ladder.video or Kind.VIDEO not in kinds:
            return
        self._restless[viewer.number] = viewer
        if viewer.adaptation is None:
            start = ladder.default
            viewer.adaptation = Adaptation(
                choices(ladder, viewer.wish.rung),
                viewer.wish,
                now,
                start=None if start is None else start.name,
                probes=any(track.rtx_payload_type is not None for track in viewer.tracks),
            )
        else:
            viewer.adaptation.offer(choices(ladder, viewer.wish.rung))
        self._apply(viewer, viewer.adaptation.decide(now), now)

    def wish(self, viewer: Viewer, wish: Wish, now: float) -> None:
        """Take note of what a viewer's player asks for."""
        viewer.wish = wish
        if viewer.adaptation is not None and viewer.ladder is not None:
            self._restless[viewer.number] = viewer
            viewer.adaptation.offer(choices(viewer.ladder, wish.rung))
            viewer.adaptation.wish(wish, now)
            self._apply(viewer, viewer.adaptation.decide(now), now)

    def start(self, viewer: Viewer) -> None:
        """Let a viewer that is connected follow its feeds."""
        self._restless[viewer.number] = viewer
        for feed in viewer.feeds.values():
            self._follow(viewer, feed, at_once=True)

    def report(self, viewer: Viewer, report: Report, now: float) -> None:
        """Take note of what a viewer tells, and decide at once: what does not fit its path queues,
        and is lost.
        """
        adaptation = viewer.adaptation
        if adaptation is None or viewer.state is not State.CONNECTED:
            return
        if report.estimate_bps is not None:
            adaptation.estimate(report.estimate_bps, now)
        loss = viewer.losses.note(report.highest, report.lost, now)
        adaptation.report(loss, report.rtt_s, now, sudden=viewer.losses.sudden())
        self._decide(viewer, adaptation, now)

    def slowed(self, viewer: Viewer, pace: float, now: float) -> None:
        """Take note that pictures reach a viewer at this part of their speed, each later than the
        one before. Where they come to this edge like that, its path is not to blame.
        """
        adaptation, feed = viewer.adaptation, viewer.feeds.get(Kind.VIDEO)
        if adaptation is None or feed is None or viewer.state is not State.CONNECTED:
            return
        if not feed.lateness.grows(now):
            adaptation.slowed(pace, now)
            self._decide(viewer, adaptation, now)

    def moved(self, viewer: Viewer, now: float) -> None:
        """Take note that a viewer has another address: what was sent to the one before is lost, and
        says nothing of the new path, nor does that one's round trip.
        """
        viewer.losses.begin_anew(self._core.next_sequence(viewer.number), now)
        if viewer.adaptation is not None:
            viewer.adaptation.moved(now)
            self._restless[viewer.number] = viewer

    def release(self, viewer: Viewer, now: float) -> None:
        """Let go of what a viewer that has left was sent."""
        self._restless.pop(viewer.number, None)
        self._probing.pop(viewer.number, None)
        self._draining.pop(viewer.number, None)
        for feed in viewer.feeds.values():
            self._feeds.release(feed, now)
        viewer.feeds.clear()

    # --- time ------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Decide for those whose turn it is, and probe for those who are tried."""
        self._turn = (self._turn + 1) % TURNS
        for viewer in list(self._restless.values()):
            if viewer.number % TURNS == self._turn and viewer.adaptation is not None:
                self._decide(viewer, viewer.adaptation, now)
        for at, viewer, feed in list(self._draining.values()):
            if now >= at:
                del self._draining[viewer.number]
                self._follow(viewer, feed, at_once=False)
        elapsed, self._ticked = min(now - self._ticked, 0.2), now
        for viewer, bps in list(self._probing.values()):
            if self._has_gone_over(viewer) and viewer.adaptation is not None:
                # A probe on top of the rung that it has cleared the way for would be too much.
                self._decide(viewer, viewer.adaptation, now)
            else:
                self._core.probe(viewer.number, int(bps * elapsed / 8), time.time())

    def _decide(self, viewer: Viewer, adaptation: Adaptation, now: float) -> None:
        if self._has_gone_over(viewer):
            viewer.switched = None
            self._arrived(viewer, adaptation, now)
        self._apply(viewer, adaptation.decide(now), now)
        if adaptation.settled(now):
            self._restless.pop(viewer.number, None)
        else:
            self._restless[viewer.number] = viewer

    def _arrived(self, viewer: Viewer, adaptation: Adaptation, now: float) -> None:
        viewer.losses.begin_anew(self._core.next_sequence(viewer.number), now)
        adaptation.arrived(now)

    def _has_gone_over(self, viewer: Viewer) -> bool:
        """Whether the keyframe has come with which a viewer goes over to another rung."""
        feed = viewer.feeds.get(Kind.VIDEO)
        since = viewer.switched
        return since is not None and feed is not None and feed.keyframe_at > since

    def _apply(self, viewer: Viewer, decision: Decision, now: float) -> None:
        if decision.probe_bps:
            self._probing[viewer.number] = (viewer, decision.probe_bps)
        else:
            self._probing.pop(viewer.number, None)
        old = viewer.feeds.get(Kind.VIDEO)
        if decision.rung == (None if old is None else old.rendition):
            return
        connected = viewer.state is State.CONNECTED
        if old is not None:
            del viewer.feeds[Kind.VIDEO]
            self._draining.pop(viewer.number, None)
            if connected and (decision.urgent or decision.rung is None):
                self._core.unwatch(viewer.number, Kind.VIDEO)
        if decision.rung is not None:
            feed = self._take(viewer, decision.rung, Kind.VIDEO)
            if connected and old is None:
                self._follow(viewer, feed, at_once=True)
            elif connected and decision.urgent:
                self._draining[viewer.number] = (now + DRAIN_S, viewer, feed)
            elif connected:
                self._follow(viewer, feed, at_once=False)
        if old is not None:
            self._feeds.release(old, now)

    def _take(self, viewer: Viewer, rendition: str, kind: Kind) -> Feed:
        feed = viewer.feeds[kind] = self._feeds.take(viewer.camera, rendition, kind)
        if viewer.state is State.CONNECTED and kind is Kind.AUDIO:
            self._follow(viewer, feed, at_once=True)
        return feed

    def _follow(self, viewer: Viewer, feed: Feed, *, at_once: bool) -> None:
        def watch(now: float) -> None:
            if viewer.state is not State.CONNECTED or viewer.feeds.get(feed.kind) is not feed:
                return
            # A GOP that has only begun costs no more than its keyframe does.
            begin = feed.fresh and (at_once or feed.gop_frames <= _YOUNG)
            self._core.watch(viewer.number, feed.number, time.time(), at_once=begin)
            if feed.kind is Kind.VIDEO:
                viewer.switched = None if begin else now
                if not (begin or at_once):
                    # Nobody waits for the next regular keyframe, least of all a congested path; one
                    # that has just come, as with a rung that begins, is not followed by another.
                    self._wishes.ask_soon(feed.camera, feed.rendition, now)
                if begin and viewer.adaptation is not None:
                    self._arrived(viewer, viewer.adaptation, now)

        # What the bus has of the past would otherwise count as the stream's next keyframe.
        feed.when_primed(watch)
