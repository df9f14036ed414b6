"""Health, readiness and metrics: for orchestrators and their dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from relay.bus import presence
from tests.support.gateway import Gateway, edge_up, go_live
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


async def ready(gateway: Gateway) -> bool:
    return (await gateway.get("/readyz")).status == 200


async def test_health_is_asked_of_this_process_alone(gateway: Gateway) -> None:
    assert (await gateway.get("/healthz")).ok() == {"status": "ok"}


async def test_not_ready_says_what_is_missing(gateway: Gateway) -> None:
    answer = await gateway.get("/readyz")

    problem = answer.problem(503)
    assert problem["detail"] == "viewers cannot be served; missing: edges"
    assert {name: problem[name] for name in ("ready", "state", "bus", "edges")} == {
        "ready": False,
        "state": True,
        "bus": True,
        "edges": 0,
    }
    assert answer.headers["Retry-After"] == "1"


async def test_ready_once_there_is_an_edge(gateway: Gateway, store: Redis) -> None:
    await edge_up(store, "edge-0")

    await eventually(lambda: ready(gateway), "readiness")

    assert (await gateway.get("/readyz")).ok() == {
        "ready": True,
        "state": True,
        "bus": True,
        "edges": 1,
    }


async def test_metrics_are_what_prometheus_reads(gateway: Gateway, store: Redis) -> None:
    await go_live(store, "helmet")
    await presence.tell(store, presence.PROCESS, "camera-helmet", {"counters": {"late": 7}})
    await edge_up(store, 'edge "0"\n')
    await eventually(lambda: ready(gateway), "the edge to be known")

    (await gateway.get("/metrics")).problem(401)  # it names cameras
    answer = await gateway.get("/metrics", admin=True)

    assert answer.status == 200
    assert answer.type == "text/plain"
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    edge = ("edge", 'edge "0"\n')
    assert samples["eva_viewers", edge] == 2
    assert samples["eva_edge_total", edge, ("what", "octets")] == 12_000
    assert samples["eva_edge_strays_total", edge, ("protocol", "rtp")] == 1
    assert samples["eva_camera_live", ("camera", "helmet")] == 1
    assert samples["eva_camera_units_total", ("camera", "helmet")] == 3
    late = (("process", "camera-helmet"), ("what", "late"))
    assert samples["eva_process_total", *late] == 7
