"""The core's operations in any order: none raises, and who should get what gets it.

The model knows for each viewer's track which stream it follows and which one it waits for, and from
that which units arrive, in which order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from relay.media.codecs import Kind
from tests.edge.cores import CORES, check_insides
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import Seat, Stage, track

KINDS = st.sampled_from(Kind)


@dataclass
class Followed:
    """What a track follows, by the model."""

    stream: int | None = None
    waiting: int | None = None


@dataclass
class Spectator:
    """A viewer, by the model."""

    seat: Seat
    tracks: dict[Kind, Followed]
    expected: dict[Kind, list[int]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    rtx: bool = True


@dataclass
class Show:
    """A stream, by the model."""

    kind: Kind
    gop: list[int] = field(default_factory=list)


class CoreMachine(RuleBasedStateMachine):
    """See the module."""

    core_name = ""
    viewers = Bundle("viewers")
    streams = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(CORES[self.core_name])
        self.shows: dict[int, Show] = {}
        self.people: dict[int, Spectator] = {}

    @initialize(target=streams)
    def begin_with_streams(self) -> Any:
        kinds = (Kind.VIDEO, Kind.VIDEO, Kind.AUDIO)
        return multiple(*(self.open_a_stream(kind, 0.0) for kind in kinds))

    @initialize(target=viewers)
    def begin_with_viewers(self) -> Any:
        return multiple(
            self.add_a_viewer(set(Kind), "AEAD_AES_128_GCM", 97, 65_530),
            self.add_a_viewer({Kind.VIDEO}, "AES128_CM_SHA1_80", None, 0),
        )

    def teardown(self) -> None:
        self.stage.close()

    # --- streams ---------------------------------------------------------------------------

    @precondition(lambda self: len(self.shows) < 4)
    @rule(target=streams, kind=KINDS, skew_s=st.sampled_from([0.0, 0.0, 2.5, -2.5]))
    def open_stream(self, kind: Kind, skew_s: float) -> int:
        return self.open_a_stream(kind, skew_s)

    def open_a_stream(self, kind: Kind, skew_s: float) -> int:
        number = self.stage.open(kind, skew_s=skew_s)
        self.shows[number] = Show(kind)
        return number

    @rule(stream=consumes(streams))
    def close_stream(self, stream: int) -> None:
        self.stage.core.close_stream(stream)
        del self.shows[stream]
        for person in self.people.values():
            for followed in person.tracks.values():
                if followed.stream == stream:
                    followed.stream = None
                if followed.waiting == stream:
                    followed.waiting = None

    @rule(
        stream=streams,
        keyframes=st.lists(st.booleans(), min_size=1, max_size=6),
        size=st.sampled_from([20, 1100, 1200, 5000]),
        step_s=st.sampled_from([0.0, 0.001, 1 / 30, 0.4]),
    )
    def push(self, stream: int, keyframes: list[bool], size: int, step_s: float) -> None:
        show = self.shows[stream]
        for keyframe in keyframes:
            unit = self.stage.unit(stream, keyframe=keyframe, size=size)
            number = self.stage._next[stream] - 1
            if show.kind is Kind.VIDEO and keyframe:
                show.gop = [number]
            elif show.gop:
                show.gop.append(number)
            for person in self.people.values():
                followed = person.tracks.get(show.kind)
                if followed is None:
                    continue
                if followed.waiting == stream and (keyframe or show.kind is Kind.AUDIO):
                    followed.stream, followed.waiting = stream, None
                if followed.stream == stream:
                    person.expected[show.kind].append(number)
            self.stage.push(stream, unit)
            self.stage.now += step_s

    # --- viewers ---------------------------------------------------------------------------

    @precondition(lambda self: len(self.people) < 4)
    @rule(
        target=viewers,
        kinds=st.sets(KINDS, min_size=1),
        profile=st.sampled_from(sorted(PROFILES)),
        rtx=st.sampled_from([97, None]),
        first=st.sampled_from([0, 65_530]),
    )
    def add_viewer(self, kinds: set[Kind], profile: str, rtx: int | None, first: int) -> int:
        return self.add_a_viewer(kinds, profile, rtx, first)

    def add_a_viewer(self, kinds: set[Kind], profile: str, rtx: int | None, first: int) -> int:
        tracks = [track(kind, rtx=rtx, first_sequence=first) for kind in sorted(kinds)]
        seat = self.stage.seat(*tracks, profile=profile)
        self.people[seat.number] = Spectator(
            seat, {kind: Followed() for kind in kinds}, rtx=rtx is not None
        )
        return seat.number

    @rule(viewer=consumes(viewers))
    def remove_viewer(self, viewer: int) -> None:
        person = self.people.pop(viewer)
        self.stage.core.remove_viewer(viewer)
        person.seat.receive()
        assert sorted(person.seat.goodbyes()) == sorted(
            params.ssrc for params in person.seat.tracks.values()
        )
        self.check(person)
        self.stage.seats.remove(person.seat)
        person.seat.socket.close()
        with pytest.raises(KeyError):
            self.stage.core.stats(viewer)
        self.stage.core.remove_viewer(viewer)

    @rule(viewer=viewers)
    def move_viewer(self, viewer: int) -> None:
        seat = self.people[viewer].seat
        seat.move()
        self.stage.core.move_viewer(viewer, seat.address)

    @rule(viewer=viewers, stream=streams, at_once=st.booleans())
    def watch(self, viewer: int, stream: int, at_once: bool) -> None:
        person, show = self.people[viewer], self.shows[stream]
        person.seat.watch(stream, at_once=at_once)
        followed = person.tracks.get(show.kind)
        if followed is None:
            return
        followed.waiting = stream
        if at_once and show.gop:
            followed.stream, followed.waiting = stream, None
            person.expected[show.kind] += show.gop

    @rule(viewer=viewers, kind=KINDS)
    def unwatch(self, viewer: int, kind: Kind) -> None:
        self.stage.core.unwatch(viewer, kind)
        if kind in self.people[viewer].tracks:
            self.people[viewer].tracks[kind] = Followed()

    @rule(viewer=viewers)
    def replay(self, viewer: int) -> None:
        person = self.people[viewer]
        followed = person.tracks.get(Kind.VIDEO)
        stream = None if followed is None else followed.stream
        gop = self.shows[stream].gop if stream is not None else []
        assert self.stage.core.replay(viewer, self.stage.now) == bool(gop)
        person.seat.receive()
        person.expected[Kind.VIDEO] += gop

    @rule(viewer=viewers, kind=KINDS, back=st.integers(-3, 40))
    def ask_again(self, viewer: int, kind: Kind, back: int) -> None:
        person = self.people[viewer]
        params = person.seat.tracks.get(kind)
        if params is None or not person.seat.media(kind):
            return
        sequence = (person.seat.media(kind)[-1].sequence - back) % 65_536
        refused = person.seat.refused.copy()
        person.seat.tell(feedback.nack(params.ssrc, sequence))
        if person.rtx and kind is Kind.VIDEO:
            assert person.seat.refused == refused
        else:  # the same packet again, which libsrtp takes for a replay
            person.seat.refused = refused
        known = {p.sequence: p for p in person.seat.media(kind)}
        for number, packet in person.seat.resent(kind)[-1:]:
            assert packet.payload[2:] == known[number].payload

    @rule(
        viewer=viewers,
        message=st.sampled_from(
            [feedback.pli(1), feedback.remb(10), feedback.receiver_report(), feedback.bye()]
        ),
    )
    def tell(self, viewer: int, message: bytes) -> None:
        self.people[viewer].seat.tell(message)

    @rule(step_s=st.sampled_from([0.05, 3.0, -5.0]))
    def tick(self, step_s: float) -> None:
        for event in self.stage.tick(step_s):
            assert event.viewer in self.people

    # --- what must hold ----------------------------------------------------------------------

    def check(self, person: Spectator) -> None:
        person.seat.check_continuity()
        if Kind.VIDEO in person.tracks:
            assert person.seat.pictures() == person.expected[Kind.VIDEO]
            assert len(person.seat.timestamps()) == len(person.seat.frames())
        if Kind.AUDIO in person.tracks:
            assert person.seat.sounds() == person.expected[Kind.AUDIO]

    @invariant()
    def everybody_has_what_they_should(self) -> None:
        for viewer, person in self.people.items():
            self.check(person)
            stats = self.stage.core.stats(viewer)
            media = [person.seat.media(kind) for kind in person.tracks]
            assert stats.packets == sum(map(len, media))
            assert stats.octets == sum(len(p.payload) for packets in media for p in packets)
        counters = self.stage.core.counters()
        assert counters["send_failures"] == counters["srtcp_rejected"] == counters["strays"] == 0

    @invariant()
    def followers_are_those_who_follow(self) -> None:
        follows = {
            stream: {
                viewer
                for viewer, person in self.people.items()
                for followed in person.tracks.values()
                if stream in (followed.stream, followed.waiting)
            }
            for stream in self.shows
        }
        check_insides(self.stage.core, follows)


@pytest.mark.parametrize("name", sorted(CORES))
def test_any_order_of_operations(name: str) -> None:
    machine = type(f"CoreMachine_{name}", (CoreMachine,), {"core_name": name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
