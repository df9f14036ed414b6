"""Fixtures that many tests share: real stores, started here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import redis

from relay.bus import embedded
from relay.bus.client import connect, connect_blocking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from redis.asyncio import Redis


def _wait_for_ping(url: str) -> None:
    client = redis.Redis.from_url(url)
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            client.close()
            return


@pytest.fixture(scope="session", params=["valkey", "redis"])
def store_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An embedded Valkey on a unix socket, and a stock redis-server reached by TCP."""
    folder: Path = tmp_path_factory.mktemp("store")
    if request.param == "valkey":
        command = embedded.server_command(embedded.write_config(folder, "bus", embedded.BUS))
        url = embedded.url(folder, "bus")
    else:
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is missing; run: apt-get install redis-server")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        url = f"redis://127.0.0.1:{port}/0"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for_ping(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Redis]:
    """A client of an empty store."""
    client = connect(store_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def blocking_store(store_url: str) -> AsyncIterator[Redis]:
    """A client for blocking reads of the same store."""
    client = connect_blocking(store_url)
    yield client
    await client.aclose()
