"""A simulated path with a queue, a browser's estimate, and a viewer's rung over it."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.edge.adapt import Adaptation, Choice, Wish

CHOICES = [
    Choice("720p", 720, 2_800_000),
    Choice("480p", 480, 1_400_000),
    Choice("240p", 240, 550_000),
]
BPS = {choice.name: choice.bps for choice in CHOICES} | {None: 130_000}
STEP_S = 0.05
ANY = Wish()


@dataclass
class Path:
    """A link with a drop-tail queue, and a viewer behind it.

    The estimate is libwebrtc's in outline: it falls to 0.85 of what arrives when the queue grows,
    grows by 8 % a second otherwise, and never above 1.5 of what arrives.
    """

    bps: float = 10e6
    queue_s: float = 0.5
    loss: float = 0.0
    rtt_s: float = 0.04
    queued_bits: float = 0.0
    estimate: float = 2_000_000.0
    arrived: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    grew: bool = False

    def send(self, bps: float) -> None:
        """What is sent for one step."""
        bits = bps * STEP_S
        before = self.queued_bits
        through = min(self.queued_bits + bits, self.bps * STEP_S)
        left = self.queued_bits + bits - through
        self.queued_bits = min(left, self.bps * self.queue_s)
        dropped = left - self.queued_bits
        share = dropped / bits if bits else 0.0
        self.arrived = [*self.arrived[-9:], through * (1 - self.loss)]
        self.lost = [*self.lost[-19:], min(share + self.loss, 1.0)]
        self.grew = self.queued_bits > before + 1 or dropped > 0
        rate = sum(self.arrived) / len(self.arrived) / STEP_S
        if self.grew:
            self.estimate = min(self.estimate, 0.85 * rate)
        else:
            self.estimate = min(self.estimate * 1.08**STEP_S + 1_000 * STEP_S, 1.5 * rate + 10_000)

    @property
    def delay_s(self) -> float:
        return self.rtt_s + self.queued_bits / self.bps


class Session:
    """A viewer behind a path: tells REMB four times a second, reports once; keyframes every 0.5 s
    where one is asked for. Without `rtx` nothing can be repeated to it; `takes` says how much more
    rungs take than is told of them.
    """

    def __init__(
        self,
        path: Path,
        wish: Wish = ANY,
        start: str | None = None,
        *,
        rtx: bool = True,
        takes: dict[str | None, float] | None = None,
    ) -> None:
        self.path = path
        self.now = 1000.0
        self.adaptation = Adaptation(CHOICES, wish, self.now, start=start, probes=rtx)
        self._rtx = rtx
        self._takes = takes or {}
        self.sent: str | None = self.adaptation.rung
        self.target: str | None = self.sent
        self.switch_at = 0.0
        self.probe_bps = 0
        self.history: list[tuple[float, str | None]] = [(self.now, self.sent)]
        self.worst_s = 0.0
        self._step = 0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self._advance()

    def _advance(self) -> None:
        self._step += 1
        self.now += STEP_S
        rung_bps = BPS[self.sent] * self._takes.get(self.sent, 1.0)
        self.path.send(rung_bps + (self.probe_bps if self._rtx else 0))
        self.worst_s = max(self.worst_s, self.path.delay_s)
        fell = False
        if self._step % 5 == 0:
            fell = self.adaptation.estimate(int(self.path.estimate), self.now)
        if self._step % 20 == 0:
            loss = sum(self.path.lost) / len(self.path.lost)
            self.adaptation.report(loss, self.path.delay_s, self.now)
        if self.target != self.sent and self.now >= self.switch_at:
            self.sent = self.target
            self.history.append((self.now, self.sent))
            self.adaptation.arrived(self.now)
        told = self._step % 20 == 0 or fell
        if told or not self.adaptation.settled(self.now):
            self._decide()

    def _decide(self) -> None:
        decision = self.adaptation.decide(self.now)
        self.probe_bps = decision.probe_bps
        if decision.rung != self.target:
            if decision.rung is None or self.sent is None:
                self.sent = decision.rung
                self.history.append((self.now, self.sent))
                self.adaptation.arrived(self.now)
            elif decision.urgent:
                self.sent = None
            self.target = decision.rung
            self.switch_at = self.now + 0.5

    def wish(self, wish: Wish) -> None:
        """The player asks for something."""
        self.adaptation.wish(wish, self.now)
        self._decide()

    def offer(self, choices: list[Choice]) -> None:
        """The camera offers something else."""
        self.adaptation.offer(choices)
        self._decide()

    def until(self, rung: str | None, within_s: float) -> float:
        """Seconds until this rung is sent."""
        began = self.now
        while self.sent != rung:
            self._advance()
            assert self.now - began < within_s, (self.history, self.path)
        return self.now - began

    def switches(self) -> int:
        return len(self.history) - 1
