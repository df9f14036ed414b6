"""`relay bench joins`: sessions established a second by one core, DTLS included.

Viewers of real ICE and DTLS come as fast as they are let in and leave as soon as they are
connected, once through the edge's own calls, once as WHEP through a gateway that shares the core.
What a join costs is told in parts: by process, and by the work that an edge does for it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from relay.bench.crowd import Habits
from relay.bench.peer import Identity, Peer
from relay.bench.processes import Usage
from relay.bench.report import Report, figure, percentile
from relay.bench.viewers import house
from relay.media.codecs import Kind
from relay.webrtc.dtls import Certificate, Dtls
from relay.webrtc.ice import Credentials, IceLite
from relay.webrtc.sdp import Local, answer, parse_offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.bench.viewers import House

AT_ONCE: Final = 32
WARM: Final = 100
PATIENCE_S: Final = 30.0
PARTS: Final = 200
"""Joins over which the edge's parts are averaged."""
_HABITS: Final = Habits(reports_per_s=0.0)
FULL: Final = 0.95
"""Share of a core from which the measured core is taken to be the limit."""


async def round_of(made: House, joins: int) -> dict[str, Any]:
    """So many joins: how fast, and what they cost by process."""
    used = [await _used(made)]
    done = await made.crowd.ask(
        "join", count=joins, at_once=AT_ONCE, patience_s=PATIENCE_S, watch=False, stay=False
    )
    used.append(await _used(made))
    cpu = {name: (used[1][name] - used[0][name]).cpu_s for name in used[0]}
    count = max(done["joined"], 1)
    measured = cpu["edge"] + cpu.get("gateway", 0.0)
    return {
        "per_s": done["joined"] / done["seconds"],
        "refused": done["refused"],
        "failed": done["failed"],
        "core_share": measured / done["seconds"],
        "generator_share": cpu["load generator"] / done["seconds"],
        "ms": {name: value / count * 1e3 for name, value in cpu.items()},
        "connected_ms": [seconds * 1e3 for seconds in done["connected_s"]],
    }


async def _used(made: House) -> dict[str, Usage]:
    counts = await made.crowd.ask("counts")
    found = {"edge": Usage.of(made.edge.pid), "load generator": Usage(**counts["usage"])}
    if made.gateway is not None:
        found["gateway"] = Usage.of(made.gateway.pid)
    return found


async def run(joins: int, rounds: int, *, through_gateway: bool) -> list[dict[str, Any]]:
    """All rounds, in one house."""
    async with house(packets=1, habits=_HABITS, through_gateway=through_gateway) as made:
        await round_of(made, min(WARM, joins))
        return [await round_of(made, joins) for _ in range(rounds + 1)]


def bench(joins: int, *, rounds: int, parts: int = PARTS) -> Report:
    """Run it."""
    report = Report(
        "joins",
        [
            *("what", "joins/s", "joins/s of a whole core", "share of the core"),
            *("turned away", "failed", "p50 ms", "p99 ms"),
            *("edge ms CPU", "gateway ms CPU", "load generator ms CPU"),
        ],
    )
    for what, through in (("the edge's calls", False), ("WHEP, gateway on the same core", True)):
        results = asyncio.run(run(joins, rounds, through_gateway=through))
        report.rows.append(_row(what, results))
        report.data[what] = results
    costs = asyncio.run(cost_of_parts(parts))
    report.data["parts_us"] = costs
    report.notes.append(
        "What an edge does for a join, µs: "
        + ", ".join(f"{name} {value:.0f}" for name, value in costs.items())
        + "; the rest is calls over the bus, the core's bookkeeping and the event loop."
    )
    return report


def _row(what: str, results: list[dict[str, Any]]) -> list[str]:
    kept = results[1:] if len(results) > 1 else results
    whole = [each["per_s"] / each["core_share"] for each in results]
    times = [ms for each in kept for ms in each["connected_ms"]]
    costs = [
        str(figure([each["ms"][name] for each in results])) if name in kept[0]["ms"] else "–"
        for name in ("edge", "gateway", "load generator")
    ]
    return [
        what,
        str(figure([each["per_s"] for each in results])),
        str(figure(whole)),
        str(figure([each["core_share"] for each in results])),
        *(str(sum(each[name] for each in kept)) for name in ("refused", "failed")),
        *(f"{percentile(times, share):.0f}" if times else "–" for share in (0.5, 0.99)),
        *costs,
    ]


# --- parts -----------------------------------------------------------------------------------


async def cost_of_parts(count: int) -> dict[str, float]:
    """What the parts of a join cost an edge, in µs of CPU each, on average."""
    identity, certificate = Identity(), Certificate.make()
    offers = [Peer(identity).offer for _ in range(count)]
    found = {"reading the offer": _each_us(parse_offer, offers)}
    offer = parse_offer(offers[0])
    local = Local(
        credentials=Credentials.make(),
        fingerprint=certificate.fingerprint,
        host="127.0.0.1",
        port=8189,
        ssrcs=dict.fromkeys(Kind, (1, 2)),
    )
    found["writing the answer"] = _each_us(lambda _: answer(offer, local), offers)
    peers = [Peer(identity) for _ in range(count)]
    for peer in peers:
        peer.answered(answer(offer, local))
    checks = []
    for peer in peers:
        agent = IceLite(local.credentials, parse_offer(peer.offer).remote)
        checks.append((agent, peer.check()))
    found["a connectivity check"] = _each_us(lambda c: c[0].check(c[1], ("127.0.0.1", 9)), checks)
    fingerprints = list(offer.fingerprints)
    spent = [await _handshake(peer, certificate, fingerprints) for peer in peers]
    found["the handshake"] = statistics.mean(spent) * 1e6
    return found


def _each_us(work: Callable[[Any], object], items: list[Any]) -> float:
    began = time.thread_time()
    for item in items:
        work(item)
    return (time.thread_time() - began) / len(items) * 1e6


async def _handshake(peer: Peer, certificate: Certificate, fingerprints: list[Any]) -> float:
    """One handshake: CPU of our side, in seconds."""
    loop = asyncio.get_running_loop()
    theirs = 0.0

    def to_peer(datagram: bytes) -> None:
        loop.call_soon(exchange, datagram)

    def exchange(datagram: bytes) -> None:
        nonlocal theirs
        at = time.thread_time()
        flight = peer.receive(datagram)
        theirs += time.thread_time() - at
        for each in flight:
            ours.receive(each)

    began = time.thread_time()
    ours = Dtls(certificate, fingerprints, to_peer, lambda: None)
    exchange(bytes(20))  # as if a check had been answered
    await ours.handshake()
    spent = time.thread_time() - began - theirs
    await ours.stop()
    return spent
