"""Which rung a viewer gets. Pure: what the viewer reports and `now` in, a decision out.

Down at once when the path is congested: packets are lost, or queue, or the viewer's own estimate
(REMB) falls, to below what it is sent: that it is low means little, because after a time of little
traffic it takes minutes to rise. A player that sees frames come later and later tells sooner. Up
only after trying: more and more repeated packets are sent along, and when the path takes as much as
the next rung needs without losing or queueing, the viewer goes up. REMB alone cannot tell, because
it never rises far above what arrives. A viewer to whom no packet can be repeated goes up without,
and seldom. What fails is not tried again at once, see `patience`. Packets that are lost while
nothing queues and the estimate stands are lost to something else than what is sent, and less of it
would not mend that. The viewer's own choice wins, within what its path can take. Sound has
priority: where not even the smallest rung gets through, it is all that is sent for a while.

A switch ends when the new rung's keyframe comes; until then reports speak of the old rung, and a
try goes on, because the estimate falls as soon as less arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from relay.edge.patience import BLIND, HELD_S, PROBING, Patience

LOSS_DOWN: Final = 0.12
"""Share of packets lost from which a rung is too much, where they also queue or the estimate falls;
retransmission mends less."""
LOSS_FAR: Final = 0.18
"""The same where nothing else speaks of congestion."""
LOSS_SUDDEN: Final = 0.4
"""Share of the packets of a moment from which a path has become too narrow: no burst takes that."""
LOSS_UP: Final = 0.03
"""Share of packets lost, above what is usual, up to which a path counts as clear."""
USUAL_SHARE: Final = 0.03
"""By how much a report changes what is usual."""
USUAL_MOST: Final = 0.1
"""More than this is never usual."""
QUEUE_DOWN_S: Final = 0.25
"""Rise of the round trip over its least from which a rung is too much."""
QUEUE_UP_S: Final = 0.08
"""Rise of the round trip up to which a path counts as clear."""
ESTIMATE_STALE_S: Final = 3.0
FALL: Final = 0.97
"""An estimate of less than this part of the one before has fallen."""
ROOM: Final = 0.5
"""What a rung may take of an estimate that has just fallen: it is made over a second, of which only
the last part was narrow, and what queues has to get through as well."""
STEP_S: Final = 0.4
STEP: Final = 1.3
"""A try grows by this factor every `STEP_S`."""
PROVE_S: Final = 1.2
"""A try that is as large as the next rung has to last this long."""
HEADROOM: Final = 1.1
LOSS_PACED: Final = 0.005
"""Share of packets lost from which frames may be late by what is sent again, not by a queue."""
SETTLE_S: Final = 1.0
"""After a switch reports still speak of the time before it."""
AFTERMATH_S: Final = 3.0
"""How long queues and reports still tell of a try that was too much."""
STARTS_S: Final = 4.0
"""For how long after a join frames may be late because the page that shows them is being built, and
the pictures since the last keyframe are decoded beside it; what is lost or queues still counts."""
SWITCH_S: Final = 4.5
"""A keyframe comes sooner, a camera's own within four seconds; after this long a switch is taken to
have ended.
"""
LOSS_MUTE: Final = 0.3
"""Share of packets lost from which even the smallest rung is too much."""
ROOM_MUTE: Final = 0.5
"""So it is where the viewer can receive less than this part of it."""
MUTE_S: Final = (4.0, 8.0, 16.0)
"""How long there is only sound then, at first, again, and after that."""
BASE_MEMORY_S: Final = 30.0
"""The least round trip is forgotten after this long: paths change."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A rung that could be sent."""

    name: str
    """Its name."""
    height: int
    """The picture's shorter side, pixels."""
    bps: int
    """What it takes, sound included, bits a second."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer's player asks for."""

    rung: str | None = None
    """A rung that the viewer has chosen; None: automatic."""
    height: int | None = None
    """How large the picture is shown, pixels: no rung beyond the next larger one is needed."""
    hidden: bool = False
    """Whether the page is not to be seen: sound alone is enough."""
    data_saver: bool = False
    """Whether the viewer pays for bytes: the smallest rung."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send."""

    rung: str | None
    """The rung; None: sound alone."""
    probe_bps: int
    """Repeated packets to send along, bits a second."""
    urgent: bool
    """Whether the path is congested: the old rung is to stop now."""


class Adaptation:
    """One viewer's rung. Times are seconds of any monotonic clock."""

    def __init__(
        self,
        choices: list[Choice],
        wish: Wish,
        now: float,
        *,
        start: str | None = None,
        probes: bool = True,
    ) -> None:
        """`choices` is not empty; it begins at `start`, or else the highest that is of use.
        `probes` says whether packets can be repeated, to try what the path takes.
        """
        self._choices = sorted(choices, key=lambda choice: choice.bps)
        self._wish = wish
        names = [choice.name for choice in self._choices]
        begin = names.index(start) if start in names and wish.rung not in names else len(names)
        self._at = min(begin, self._ceiling())
        self._switching_from: int | None = None
        """What is sent until the present rung's keyframe comes, bits a second."""
        self._muted_until: float | None = None
        self._mutes = 0
        self._joined = self._since = self._held_since = now
        self._probes = probes
        self._patience = Patience(PROBING if probes else BLIND, now)
        self._try_began: float | None = None
        self._failed_at = now - AFTERMATH_S
        self._loss = self._sudden = self._usual_loss = 0.0
        self._loss_at = -ESTIMATE_STALE_S
        self._estimate = self._sent_at_fall = 0
        self._estimate_at = self._fell_at = -ESTIMATE_STALE_S
        self._rtt = 0.0
        self._base_rtt = 0.0
        self._base_at = now

    @property
    def rung(self) -> str:
        """The present rung."""
        return self._choices[self._at].name

    def offer(self, choices: list[Choice]) -> None:
        """Take note of what rungs there are by now, and what they take."""
        name = self.rung
        self._choices = sorted(choices, key=lambda choice: choice.bps)
        names = [choice.name for choice in self._choices]
        self._at = names.index(name) if name in names else min(self._at, len(names) - 1)

    def wish(self, wish: Wish, now: float) -> None:
        """Take note of what the player asks for."""
        chosen, before = wish.rung != self._wish.rung, self._ceiling()
        if self._wish.hidden:  # nothing was sent that could have held
            self._held_since = now
            self._patience.rest(now)
        self._wish = wish
        ceiling = self._ceiling()
        if chosen and wish.rung is not None:
            self._go_to(ceiling, now)
        elif max(self._at, before) < ceiling:
            self._patience.asked(now)

    def arrived(self, now: float) -> None:
        """Take note that the present rung's first keyframe is on its way to the viewer."""
        self._switching_from = None
        self._since = now

    def moved(self, now: float) -> None:
        """Take note that the path is another one, of which nothing is known yet."""
        self._since = now
        self._try_began = None
        self._rtt = self._base_rtt = 0.0
        self._loss = self._sudden = 0.0

    def estimate(self, bps: int, now: float) -> bool:
        """Take note of a REMB; whether it has fallen, so that `decide` should be asked at once."""
        fell = bps < FALL * self._estimate
        if fell:
            # What is sent may grow before an estimate can: it says nothing of later.
            self._fell_at, self._sent_at_fall = now, self._sent_bps(now)
        self._estimate, self._estimate_at = bps, now
        return fell

    def slowed(self, pace: float, now: float) -> None:
        """Take note that pictures come at this part of their speed, each later than the one before:
        the path takes that part of what is sent. An estimate falls to it a second later.

        Just after a join the viewer's machine is busy, and just after a switch, or a try that has
        failed, it may be what was sent before that is late; if it is not, it is told again. A few
        frames are too little to take a viewer's picture away, and on a path that loses packets
        anyway they say nothing.
        """
        starts = now - self._joined < STARTS_S and self._try_began is None
        aftermath = now - self._since < SETTLE_S or now - self._failed_at < AFTERMATH_S
        least = self._at == 0 and self._try_began is None
        if starts or aftermath or least or self._loss > LOSS_PACED:
            return
        self._fell_at, self._sent_at_fall = now, self._sent_bps(now)
        self._estimate, self._estimate_at = int(self._sent_at_fall * pace), now

    def report(self, loss: float, rtt_s: float | None, now: float, *, sudden: float = 0.0) -> None:
        """Take note of a receiver report; `loss` is a share of the packets of some time, `sudden`
        of those of the last moment.
        """
        self._loss, self._sudden, self._loss_at = loss, sudden, now
        if self._try_began is None:
            usual = self._usual_loss + USUAL_SHARE * (loss - self._usual_loss)
            self._usual_loss = min(usual, USUAL_MOST)
        if rtt_s is None:
            return
        self._rtt = rtt_s
        if self._base_rtt == 0.0 or rtt_s < self._base_rtt or now - self._base_at > BASE_MEMORY_S:
            self._base_rtt, self._base_at = rtt_s, now

    def settled(self, now: float) -> bool:
        """Whether `decide` has nothing new to say until something is told or asked for."""
        if self._wish.hidden:
            return True
        return (
            self._muted_until is None
            and self._switching_from is None
            and self._try_began is None
            and self._at == self._ceiling()
            and now - self._since >= SETTLE_S
        )

    def decide(self, now: float) -> Decision:
        """What to send from now on. Ask a few times a second."""
        if self._wish.hidden:
            self._try_began = None
            return Decision(None, 0, False)
        if self._muted_until is not None:
            self._held_since = now
            if now < self._muted_until:
                return Decision(None, 0, False)
            self._muted_until = None
            self._go_to(0, now)
        if self._switching_from is not None:
            if now - self._since < SWITCH_S:
                above = self._choices[self._at].bps * HEADROOM - self._switching_from
                return Decision(self.rung, max(int(above), 0) if self._probes else 0, False)
            self.arrived(now)
        if now - self._held_since >= HELD_S and self._patience.suspects:
            self._patience.trust([choice.name for choice in self._choices[: self._at + 1]])
        if self._is_congested(now):
            return self._go_down(now)
        ceiling = self._ceiling()
        if self._at > ceiling:
            self._go_to(ceiling, now)
        elif self._at < ceiling:
            return self._try_to_rise(now)
        return Decision(self.rung, 0, False)

    def _ceiling(self) -> int:
        """The highest rung that there is any use for."""
        names = [choice.name for choice in self._choices]
        if self._wish.rung in names:
            return names.index(self._wish.rung)
        if self._wish.data_saver:
            return 0
        top = len(names) - 1
        if self._wish.height is not None:
            for index, choice in enumerate(self._choices):
                if choice.height >= self._wish.height:
                    return min(index, top)
        return top

    def _queueing_s(self) -> float:
        return self._rtt - self._base_rtt

    def _sent_bps(self, now: float) -> int:
        return self._choices[self._at].bps + self._probe_bps(now)

    def _is_congested(self, now: float) -> bool:
        if now - self._since < SETTLE_S:
            return False
        sent = self._sent_at_fall
        fell = now - self._fell_at < ESTIMATE_STALE_S and self._fell_at > self._since
        queues = self._queueing_s() > QUEUE_UP_S
        if self._loss_at > self._since:
            if self._sudden > LOSS_SUDDEN:
                return True
            narrow = queues or (fell and self._estimate < sent)
            much = self._loss > (LOSS_DOWN if narrow else LOSS_FAR)
            if (much or self._queueing_s() > QUEUE_DOWN_S) and now - self._failed_at > AFTERMATH_S:
                return True
        return fell and self._estimate < sent * (0.9 if queues else 0.75)

    def _go_down(self, now: float) -> Decision:
        if self._try_began is not None:
            # The try is what was too much; the rung it stood on may be all right.
            self._fail_try(now)
            self._since = now
            return Decision(self.rung, 0, False)
        room = self._estimate if now - self._estimate_at < ESTIMATE_STALE_S else 0
        if self._at == 0:
            return self._starve(room, now)
        fits = [
            index
            for index, choice in enumerate(self._choices[: self._at])
            if choice.bps <= ROOM * room
        ]
        fell = now - self._fell_at < ESTIMATE_STALE_S and self._fell_at > self._since
        if self._loss > LOSS_DOWN or self._sudden > LOSS_SUDDEN:
            # An estimate that stands while a short queue drops most knows nothing of that path.
            fits = fits if fell else []
            room = room or 1
        self._patience.fell(self.rung, now)
        self._go_to(fits[-1] if fits else max(self._at - 1, 0) if not room else 0, now)
        return Decision(self.rung, 0, True)

    def _starve(self, room: int, now: float) -> Decision:
        self._since = now
        least = self._choices[0].bps
        if self._loss <= LOSS_MUTE and not 0 < room < ROOM_MUTE * least:
            return Decision(self.rung, 0, False)
        self._muted_until = now + MUTE_S[min(self._mutes, len(MUTE_S) - 1)]
        self._mutes += 1
        return Decision(None, 0, True)

    def _go_to(self, index: int, now: float) -> None:
        if index != self._at:
            self._switching_from = self._choices[self._at].bps
            self._held_since = now
        self._at = index
        self._since = now
        self._try_began = None

    # --- up --------------------------------------------------------------------------------

    def _try_to_rise(self, now: float) -> Decision:
        if self._try_began is None:
            next_rung = self._choices[self._at + 1].name
            if not self._patience.allows(next_rung, now) or not self._is_clear():
                return Decision(self.rung, 0, False)
            self._try_began = now
        if not self._is_clear() and self._loss_at > self._try_began:
            self._fail_try(now)
            return Decision(self.rung, 0, False)
        if self._proven(now):
            probe_bps = self._probe_bps(now)
            self._go_to(self._at + 1, now)
            self._patience.reached(self.rung, now)
            self._mutes = 0
            return Decision(self.rung, probe_bps, False)
        return Decision(self.rung, self._probe_bps(now), False)

    def _is_clear(self) -> bool:
        usual = 1.5 * self._usual_loss
        return self._loss <= LOSS_UP + usual and self._queueing_s() <= QUEUE_UP_S

    def _target_bps(self) -> float:
        return self._choices[min(self._at + 1, len(self._choices) - 1)].bps * HEADROOM

    def _steps_s(self) -> float:
        """How long a try grows before it is as large as the next rung."""
        total, steps = float(self._choices[self._at].bps), 0
        while total < self._target_bps():
            total *= STEP
            steps += 1
        return max(steps - 1, 0) * STEP_S

    def _probe_bps(self, now: float) -> int:
        if self._try_began is None or not self._probes:
            return 0
        own = self._choices[self._at].bps
        steps = 1 + int((now - self._try_began) / STEP_S)
        total = min(own * STEP ** min(steps, 20), self._target_bps())
        return max(int(total - own), 0)

    def _proven(self, now: float) -> bool:
        assert self._try_began is not None
        if not self._probes:
            return True
        full_since = self._try_began + self._steps_s()
        return now - full_since >= PROVE_S and self._loss_at >= full_since

    def _fail_try(self, now: float) -> None:
        self._try_began = None
        self._failed_at = now
        self._patience.failed(now)
