"""Health and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.gateway.keys import BUS, LIVE, STATE
from relay.gateway.route import Route, json_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric
    from redis.asyncio import Redis

    from relay.gateway.live import Live


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: this process answers."""
    return json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: whether viewers can be served, and what is missing if not."""
    app = request.app
    checks: dict[str, object] = {
        "state": await _answers(app[STATE], "state"),
        "bus": await _answers(app[BUS], "bus"),
        "edges": len(app[LIVE].edges),
    }
    ready = all(checks.values())
    return json_response({"ready": ready, **checks}, status=200 if ready else 503)


async def _answers(client: Redis, name: str) -> bool:
    try:
        async with store_errors(name):
            await client.ping()
    except StoreError:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, in Prometheus's format."""
    registry = CollectorRegistry()
    registry.register(_Collector(request.app[LIVE]))
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


class _Collector:
    """Metrics of the whole relay, from what its processes tell the bus."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def collect(self) -> Iterable[Metric]:
        viewers = GaugeMetricFamily("eva_viewers", "Connected viewers", labels=["edge"])
        sent = CounterMetricFamily("eva_edge", "What an edge did", labels=["edge", "what"])
        strays = CounterMetricFamily(
            "eva_edge_strays", "Datagrams that belong to no session", labels=["edge", "protocol"]
        )
        for name, fact in self._live.edges.items():
            viewers.add_metric([name], fact["viewers"])
            for what, value in fact["counters"].items():
                sent.add_metric([name, what], value)
            for protocol, value in fact["strays"].items():
                strays.add_metric([name, protocol], value)
        live = GaugeMetricFamily("eva_camera_live", "Cameras that are sent", labels=["camera"])
        units = CounterMetricFamily("eva_camera_units", "Units a camera sent", labels=["camera"])
        for name, fact in self._live.cameras.items():
            live.add_metric([name], 1)
            units.add_metric([name], fact["units"])
        return [viewers, sent, strays, live, units]


ROUTES = [
    Route("GET", "/healthz", healthz, "Whether the gateway lives"),
    Route("GET", "/readyz", readyz, "Whether viewers can be served"),
    Route("GET", "/metrics", metrics, "Metrics in Prometheus's format"),
]
