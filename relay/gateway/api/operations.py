"""Health and metrics."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.gateway.access import require_operator
from relay.gateway.errors import problem
from relay.gateway.keys import BUS, DOORS, GUESSES, LIVE, STATE, TAKES_WRITES
from relay.gateway.route import Route, json_response
from relay.state.models import Model
from relay.state.rights import Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.core import Metric
    from redis.asyncio import Redis

    from relay.gateway.live import Live


_PROBE_S: Final = 0.8
"""Less than the second that orchestrators allow by default."""
_PROBE_MS: Final = 60_000
KEPT_S: Final = 1.0
"""Who asks more often makes no more writes."""
_STORES: Final = (("state", STATE), ("bus", BUS))
_BLIND_S: Final = 5.0
"""What was known of edges this long ago is not worth telling."""


class Health(Model):
    """This process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Model):
    """Whether viewers can be served, and what is there for it."""

    ready: bool
    state: bool
    """Whether the state takes writes."""
    bus: bool
    """Whether the bus takes writes."""
    edges: int
    """Number of edges."""


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: this process answers."""
    return json_response(Health())


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: whether viewers can be served, and what is missing if not."""
    app = request.app
    takes = app[TAKES_WRITES]
    state, bus = await asyncio.gather(
        *(takes.get(name, partial(_takes, app[key], name)) for name, key in _STORES)
    )
    is_blind = time.monotonic() - app[LIVE].read_at > _BLIND_S
    edges = 0 if is_blind else len(app[LIVE].edges)
    found = Readiness(ready=state and bus and edges > 0, state=state, bus=bus, edges=edges)
    if found.ready:
        return json_response(found)
    parts = {"state": state, "bus": bus, "edges": edges}
    missing = ", ".join(name for name, there in parts.items() if not there)
    return problem(
        503,
        "Not ready",
        f"viewers cannot be served; missing: {missing}",
        retry_after=1.0,
        **dict(found),
    )


async def _takes(client: Redis, name: str) -> bool:
    """Whether a store takes writes: one that is full still answers."""
    try:
        async with store_errors(name, timeout_s=_PROBE_S):
            await client.set(keys.PROBE, "1", px=_PROBE_MS)
    except StoreError:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, in Prometheus's format: they name cameras that nobody else is told of."""
    require_operator(request, Way.METRICS)
    registry = CollectorRegistry()
    app = request.app
    counters = app[DOORS].counters() | app[GUESSES].counters()
    registry.register(_Collector(app[LIVE], counters))
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


class _Collector:
    """Metrics of the whole relay, from what its processes tell the bus."""

    def __init__(self, live: Live, gateway: Mapping[str, int]) -> None:
        self._live, self._gateway = live, gateway

    def collect(self) -> Iterable[Metric]:
        viewers = GaugeMetricFamily("eva_viewers", "Connected viewers", labels=["edge"])
        load = GaugeMetricFamily("eva_edge_load", "Share of a CPU an edge uses", labels=["edge"])
        sent = CounterMetricFamily("eva_edge", "What an edge did", labels=["edge", "what"])
        strays = CounterMetricFamily(
            "eva_edge_strays", "Datagrams that belong to no session", labels=["edge", "protocol"]
        )
        for name, fact in self._live.edges.items():
            viewers.add_metric([name], fact["viewers"])
            load.add_metric([name], fact["load"])
            for what, value in fact["counters"].items():
                sent.add_metric([name, what], value)
            for protocol, value in fact["strays"].items():
                strays.add_metric([name, protocol], value)
        live = GaugeMetricFamily("eva_camera_live", "Cameras that are sent", labels=["camera"])
        units = CounterMetricFamily("eva_camera_units", "Units a camera sent", labels=["camera"])
        dropped = CounterMetricFamily(
            "eva_camera_dropped", "Units that the bus was too slow for", labels=["camera"]
        )
        for name, fact in self._live.cameras.items():
            live.add_metric([name], 1)
            units.add_metric([name], fact["units"])
            dropped.add_metric([name], fact.get("dropped", 0))
        wrong = GaugeMetricFamily(
            "eva_camera_fault", "What is wrong with a camera", labels=["camera", "kind"]
        )
        for name, found in self._live.faults.items():
            for fault in found:
                wrong.add_metric([name, fault.kind], 1)
        befell = CounterMetricFamily(
            "eva_camera_troubles", "What befell a camera", labels=["camera", "what"]
        )
        for name, history in self._live.histories.items():
            for what, count in history.counts.items():
                befell.add_metric([name, what], count)
        done = CounterMetricFamily("eva_process", "What a process did", labels=["process", "what"])
        for name, fact in self._live.processes.items():
            for what, value in fact["counters"].items():
                done.add_metric([name, what], value)
        for what, value in self._gateway.items():
            done.add_metric(["gateway", what], value)
        return [viewers, load, sent, strays, live, units, dropped, wrong, befell, done]


ROUTES = [
    Route("GET", "/healthz", healthz, "Whether the gateway lives", answer=Health),
    Route("GET", "/readyz", readyz, "Whether viewers can be served", answer=Readiness),
    Route("GET", "/metrics", metrics, "Metrics in Prometheus's format", admin=True),
]
