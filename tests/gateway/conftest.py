"""A gateway over an empty store, for tests that need no more than that."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from relay import log
from tests.support.frontend import build
from tests.support.gateway import Gateway, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
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


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What has been logged so far, in the form in which a relay logs."""
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", stream)
        log.configure(process="test", json=False, level="info")
    yield stream.getvalue
    logging.getLogger().handlers.clear()
    structlog.reset_defaults()
