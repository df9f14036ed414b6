"""`relay bench memory`: what an edge keeps of connected viewers, and of those that have left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.bench.processes import resident
from relay.bench.report import Report
from relay.bench.viewers import AT_ONCE, House, house
from relay.webrtc.dtls import REPEAT_S

if TYPE_CHECKING:
    from collections.abc import Sequence

KIB: Final = 1024
GIVEN_BACK_S: Final = REPEAT_S + 17.0
"""Until then handshakes may have to be repeated, and what they leave is not given back."""
FIRST: Final = 100
"""What the first viewers cost is the edge's own."""
_PATIENCE_S: Final = 60.0


async def _join(made: House, count: int, *, stay: bool) -> None:
    await made.crowd.ask(
        "join", count=count, at_once=AT_ONCE, patience_s=_PATIENCE_S, watch=False, stay=stay
    )


async def _settled(made: House, sessions: int) -> None:
    while (made.edge.fact() or {}).get("sessions") != sessions:  # noqa: ASYNC110 - another process tells
        await asyncio.sleep(0.2)


async def run(
    viewers: int, leavings: Sequence[int], first: int, given_back_s: float
) -> tuple[float, list[tuple[int, int]]]:
    """Bytes a connected viewer; and after how many sessions in all how many bytes there are."""
    samples: list[tuple[int, int]] = []
    async with house(packets=1, reports_per_s=0.0) as made:
        await _join(made, first, stay=True)
        await asyncio.sleep(given_back_s)
        before = resident(made.edge.pid)
        await _join(made, viewers, stay=True)
        await asyncio.sleep(given_back_s)
        each = (resident(made.edge.pid) - before) / viewers
        await made.crowd.ask("leave")
        made_so_far = 0
        for total in leavings:
            await _join(made, total - made_so_far, stay=False)
            made_so_far = total
            await _settled(made, 0)
            await asyncio.sleep(given_back_s)
            samples.append((total, resident(made.edge.pid)))
    return each, samples


def bench(
    viewers: int, leavings: Sequence[int], *, first: int = FIRST, given_back_s: float = GIVEN_BACK_S
) -> Report:
    """Run it: so many viewers at a time, then joins and leaves up to these numbers."""
    each, samples = asyncio.run(run(viewers, leavings, first, given_back_s))
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
        f"{given_back_s:.0f} s."
    )
    report.data = {"bytes_per_viewer": each, "after": samples}
    return report
