"""A real RTMP server over an empty store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog

from relay.bus.writer import Retention
from tests.support.ingest import Ingest, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any

    from redis.asyncio import Redis


@pytest.fixture
async def ingest(store: Redis, store_url: str) -> AsyncIterator[Ingest]:
    """A running server; bus and state are one empty store."""
    async with running(store_url) as found:
        yield found


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What has been logged so far, before anything is hidden in it."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams keep all that a test writes: whoever listens may get no CPU for a while."""
    monkeypatch.setattr(Retention, "FLOOR", Retention.MAX_UNITS)
