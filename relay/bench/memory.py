"""`relay bench memory`: what an edge keeps of connected viewers, and of those that have left.

Viewers send reports, and some ask for packets again, so that what an edge keeps for both is in it.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from relay.bench.crowd import Habits
from relay.bench.processes import resident
from relay.bench.report import Report
from relay.bench.viewers import AT_ONCE, TOLD_S, House, counters, house
from relay.errors import OperatorError
from relay.webrtc.dtls import REPEAT_S

if TYPE_CHECKING:
    from collections.abc import Sequence

KIB: Final = 1024
GIVEN_BACK_S: Final = REPEAT_S + 17.0
"""Until then handshakes may have to be repeated, and what they leave is not given back."""
FIRST: Final = 100
"""What the first viewers cost is the edge's own."""
HABITS: Final = Habits(reports_per_s=1.0, sample=0, content=False, asker_every=10)
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True)
class Kept:
    """What was found."""

    bytes_per_viewer: float
    after: list[tuple[int, int]]
    """After how many sessions in all how many bytes there are."""
    asked_again: int
    """Packets that viewers asked for again."""
    sent_again: int
    """Those that they got."""


async def join_all(made: House, count: int, *, stay: bool) -> None:
    """Let so many viewers join.

    Raises:
        OperatorError: not all of them were let in, so that nothing could be said of each.
    """
    outcome = await made.crowd.ask(
        "join", count=count, at_once=AT_ONCE, patience_s=_PATIENCE_S, watch=stay, stay=stay
    )
    if outcome["joined"] != count:
        raise OperatorError(f"{outcome['joined']} of {count} viewers were let in")


async def _settled(made: House, sessions: int) -> None:
    while (made.edge.fact() or {}).get("sessions") != sessions:  # noqa: ASYNC110 - another process tells
        await asyncio.sleep(0.2)


async def run(viewers: int, leavings: Sequence[int], first: int, given_back_s: float) -> Kept:
    """Let viewers join, stay for a while and leave, and then others join and leave.

    Raises:
        OperatorError: not all of them were let in.
    """
    samples: list[tuple[int, int]] = []
    async with house(packets=1, habits=HABITS) as made:
        await join_all(made, first, stay=True)
        await asyncio.sleep(given_back_s)
        before = resident(made.edge.pid)
        await join_all(made, viewers, stay=True)
        await asyncio.sleep(given_back_s)
        each = (resident(made.edge.pid) - before) / viewers
        made.camera.pause()  # so that what was asked for is what was sent
        await asyncio.sleep(TOLD_S)
        asked = (await made.crowd.ask("counts"))["asked_again"]
        sent = counters(made).get("retransmissions", 0)
        made.camera.resume()
        await made.crowd.ask("leave")
        made_so_far = 0
        for total in leavings:
            await join_all(made, total - made_so_far, stay=False)
            made_so_far = total
            await _settled(made, 0)
            await asyncio.sleep(given_back_s)
            samples.append((total, resident(made.edge.pid)))
    return Kept(each, samples, asked, sent)


def bench(
    viewers: int, leavings: Sequence[int], *, first: int = FIRST, given_back_s: float = GIVEN_BACK_S
) -> Report:
    """Run it: so many viewers at a time, then joins and leaves up to these numbers."""
    kept = asyncio.run(run(viewers, leavings, first, given_back_s))
    each, samples = kept.bytes_per_viewer, kept.after
    report = Report("memory", ["what", "figure"])
    report.rows.append([f"a connected viewer, of {viewers}", f"{each / KIB:.1f} KiB"])
    report.rows += [
        [f"edge after {total} joins and leaves", f"{size / KIB / KIB:.1f} MiB"]
        for total, size in samples
    ]
    growth = samples[-1][1] - samples[0][1]
    sessions = samples[-1][0] - samples[0][0]
    if sessions:
        report.rows.append(["kept of each session that is over", f"{growth / sessions:.0f} bytes"])
    report.notes.append(
        "Resident memory of the edge's process, DTLS included, once handshakes are over for "
        f"{given_back_s:.0f} s. Each viewer sends {HABITS.reports_per_s:.0f} report a second; one "
        f"of {HABITS.asker_every} asks for one in {HABITS.packets_for_each_asked} packets again: "
        f"{kept.asked_again} were asked for and {kept.sent_again} sent."
    )
    report.data = asdict(kept)
    return report
