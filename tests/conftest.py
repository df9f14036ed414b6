"""Fixtures that many tests share: real stores, started here."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from relay.bus import client
from relay.bus.client import connect, connect_blocking, store_errors
from tests.edge.cores import WITHOUT_CARGO
from tests.support import quiet
from tests.support.server import Server
from tests.support.stalls import HANG_S
from tests.support.video import the_clip

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from _pytest.terminal import TerminalReporter
    from redis.asyncio import Redis


# Limits of the product that are for machines which serve viewers. Tests of a limit give it.
client._TIMEOUT_S = HANG_S  # type: ignore[misc]
inspect.unwrap(store_errors).__kwdefaults__["timeout_s"] = HANG_S  # type: ignore[attr-defined]

# Hypothesis times its examples, if it is not told that a machine may be slow.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real GoPro clip, or a generated one with the same properties."""
    return the_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session", params=["valkey", "redis"])
def store_kind(request: pytest.FixtureRequest) -> str:
    """An embedded Valkey on a unix socket, and a stock redis-server reached by TCP."""
    return str(request.param)


@pytest.fixture(scope="session")
def store_url(store_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store that all tests share; they empty it."""
    server = Server(store_kind, tmp_path_factory.mktemp("store"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def own_server(store_kind: str, tmp_path: Path) -> Iterator[Server]:
    """A store of the test's own, running, that may be killed."""
    server = Server(store_kind, tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_state(store_kind: str, tmp_path: Path) -> Iterator[Server]:
    """A durable store of the test's own, running, that may be killed."""
    server = Server(store_kind, tmp_path, durable=True)
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def unconfigured_log() -> Iterator[None]:
    """Commands that run inside a test set the log up for streams that end with it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Redis]:
    """A client of an empty store."""
    found = connect(store_url)
    await found.flushall()
    yield found
    await found.aclose()


@pytest.fixture
async def blocking_store(store_url: str) -> AsyncIterator[Redis]:
    """A client for blocking reads of the same store."""
    found = connect_blocking(store_url)
    yield found
    await found.aclose()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Notes a measured figure; all of them are printed after the tests."""

    def note(text: str) -> None:
        request.node.user_properties.append(("figure", text))

    return note


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what the tests have measured, and what was not tested."""
    if WITHOUT_CARGO:
        terminalreporter.write_line("NOT TESTED: the native core, because there is no cargo")
    noted = [
        (report.nodeid.rpartition("::")[2], text)
        for outcome in ("passed", "failed", "skipped")
        for report in terminalreporter.getreports(outcome)
        for name, text in report.user_properties
        if name == "figure"
    ]
    if noted:
        terminalreporter.section("figures")
    for test, text in noted:
        terminalreporter.write_line(f"{test}: {text}")


@pytest.fixture(autouse=True)
def machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Tests marked `alone` watch pictures in real time: the other worker's next test waits."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    marked = request.node.get_closest_marker("alone") is not None
    with quiet.alone(folder) if marked else quiet.share(folder):
        yield
