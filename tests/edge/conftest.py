"""Fixtures of the edge's tests.

The core suite (`test_core_*.py`) runs over every implementation of `relay.edge.core.Core`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.edge.cores import CORES, WITHOUT_CARGO
from tests.support.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.edge.core import Core


collect_ignore = ["test_native_flood.py", "test_native_thread.py"] if WITHOUT_CARGO else []


@pytest.fixture(params=sorted(CORES))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A core on a socket of its own."""
    made = Stage(CORES[request.param])
    yield made
    made.close()


@pytest.fixture
def core(stage: Stage) -> Core:
    """The stage's core."""
    return stage.core
