"""Children under test, which end with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.supervisor.backoff import Backoff
from tests.support.programs import alive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from relay.supervisor.child import Child


@pytest.fixture
async def children() -> AsyncIterator[list[Child]]:
    """Children that are stopped with the test."""
    found: list[Child] = []
    yield found
    for each in found:
        await each.stop(0.0)
    assert not alive(each.pid for each in found if each.pid is not None)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts without long pauses."""
    monkeypatch.setattr(Backoff, "PAUSES_S", (0.0, 0.05, 0.05))
