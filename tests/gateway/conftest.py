"""A gateway over an empty store, for tests that need no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.frontend import build
from tests.support.gateway import Gateway, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis


@pytest.fixture(scope="session")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small front-end, as the build would leave it."""
    return build(tmp_path_factory.mktemp("static"))


@pytest.fixture
async def gateway(store: Redis, store_url: str, frontend: Path) -> AsyncIterator[Gateway]:
    """A running gateway; state and bus are one empty store."""
    async with running(store_url, frontend) as running_gateway:
        yield running_gateway
