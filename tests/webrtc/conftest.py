"""Fixtures of the WebRTC tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.webrtc.dtls import Certificate
from tests.support.waiting import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """Ours."""
    return Certificate.make()


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """The test stops what it has started."""
    before = asyncio.all_tasks()
    yield
    await settle()
    # Setting up and tearing down are tasks of their own.
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
