"""One worker for each live camera, one puller for each pulled one, over a real bus."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys, lease, presence
from relay.bus.client import connect, connect_blocking
from relay.bus.events import publish
from relay.state.models import Camera, Pull
from relay.state.registry import Registry
from relay.supervisor import cameras
from relay.supervisor.cameras import CameraKeeper
from tests.support.programs import DEAF, WAITS, alive, pids_in, python, writes_pid
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.supervisor.child import Program
    from tests.support.server import Server

pytestmark = [
    pytest.mark.usefixtures("quick"),
    pytest.mark.parametrize("store_kind", ["redis"], indirect=True),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and do not linger for long."""
    monkeypatch.setattr(cameras, "_POLL_S", 0.05)
    monkeypatch.setattr(cameras, "LINGER_S", 0.3)


ENDLESS_S = 1000.0
"""Longer than any test."""


class House:
    """A keeper at work, and what it runs: programs that note their ids."""

    def __init__(self, url: str, folder: Path, name: str = "host") -> None:
        self._url = url
        self._folder = folder
        self._name = name
        self.body = WAITS
        self.bus = connect(url)
        self.registry = Registry(self.bus)

    def pids(self, kind: str, camera: str) -> list[int]:
        return pids_in(self._folder / f"{self._name}-{kind}-{camera}")

    def running(self, kind: str, camera: str) -> list[int]:
        return alive(self.pids(kind, camera))

    def _program(self, kind: str, camera: str) -> Program:
        note = writes_pid(self._folder / f"{self._name}-{kind}-{camera}")
        return python(note + self.body, may_end=kind == "pull", name=f"{kind}-{camera}")

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[House]:
        blocking = connect_blocking(self._url)
        keeper = CameraKeeper(
            name=self._name,
            bus=self.bus,
            blocking=blocking,
            registry=self.registry,
            program=self._program,
        )
        task = asyncio.create_task(keeper.run())
        try:
            yield self
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await blocking.aclose()
            await self.bus.aclose()

    async def live(self, *names: str, ttl_ms: int = 60_000) -> None:
        for name in names:
            await presence.tell(self.bus, presence.CAMERA, name, {}, ttl_ms=ttl_ms)
            await publish(self.bus, keys.CAMERA_EVENTS, {"camera": name, "live": True})

    async def gone(self, name: str) -> None:
        await presence.withdraw(self.bus, presence.CAMERA, name)


@pytest.fixture
def house(store: Redis, store_url: str, tmp_path: Path) -> House:
    return House(store_url, tmp_path)


async def test_a_live_camera_has_a_worker_until_it_is_gone(house: House):
    async with house.kept():
        await house.live("helmet", "drone")
        for name in ("helmet", "drone"):
            await eventually(lambda n=name: len(house.running("camera", n)) == 1, "the worker")
        await house.gone("helmet")
        await eventually(lambda: not house.running("camera", "helmet"), "the worker's end")
        assert len(house.running("camera", "drone")) == 1
    assert not house.running("camera", "drone")


async def test_a_camera_that_comes_back_soon_finds_its_worker(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cameras, "LINGER_S", ENDLESS_S)
    async with house.kept():
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")
        for _ in range(3):
            await house.gone("helmet")
            await asyncio.sleep(0.1)
            await house.live("helmet")
            await asyncio.sleep(0.1)
        assert len(house.pids("camera", "helmet")) == 1


async def test_a_worker_that_dies_is_replaced(house: House):
    async with house.kept():
        await house.live("helmet")
        for number in range(1, 4):
            await eventually(lambda n=number: len(house.pids("camera", "helmet")) == n, "it")
            os.kill(house.pids("camera", "helmet")[-1], signal.SIGKILL)
        await eventually(lambda: len(house.running("camera", "helmet")) == 1, "the last one")


async def test_cameras_that_come_together_are_started_together(house: House, tmp_path: Path):
    # A worker takes a second to be ready: thirty of them must not take thirty. Here none is ready
    # before all have been started.
    begun, names = tmp_path / "begun", [f"c{number}" for number in range(10)]
    wait = f"while len(open({str(begun)!r}).readlines()) < {len(names)}: time.sleep(0.02)\n"
    original = house._program

    def in_company(kind: str, camera: str) -> Program:
        program = original(kind, camera)
        text = program.command[-1].replace("os.write(", f"{writes_pid(begun)}{wait}os.write(", 1)
        return type(program)(program.name, [*program.command[:-1], text])

    house._program = in_company  # type: ignore[method-assign]
    async with house.kept():
        await house.live(*names)
        await eventually(lambda: all(house.running("camera", name) for name in names), "all")


async def test_one_that_cannot_start_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("relay.supervisor.child.READY_S", ENDLESS_S)
    original = house._program

    def one_hangs(kind: str, camera: str) -> Program:
        program = original(kind, camera)
        if camera == "a-hangs":
            return python(WAITS, ready=False)
        if camera == "b-fails":
            return python("sys.exit(1)", ready=False)
        return program

    house._program = one_hangs  # type: ignore[method-assign]
    async with house.kept():
        await house.live("a-hangs", "b-fails", "helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")


async def test_one_that_refuses_to_end_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cameras, "_STOP_S", 5.0)
    house.body = DEAF + WAITS
    async with house.kept():
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")
        await house.gone("helmet")
        await asyncio.sleep(0.4)  # longer than it lingers
        await house.live("drone")
        await eventually(lambda: house.running("camera", "drone"), "the other's worker")
        assert house.running("camera", "helmet"), "it was waited for"
        await eventually(lambda: not house.running("camera", "helmet"), "its end")


async def test_a_pulled_camera_has_a_puller(house: House):
    async with house.kept():
        await house.registry.create_camera(Camera(id="sky", name="Sky", pull=Pull(url="/x")))
        await house.registry.create_camera(Camera(id="sends", name="Sends"))
        await eventually(lambda: house.running("pull", "sky"), "the puller")
        assert not house.pids("pull", "sends")
        await house.registry.delete_camera("sky")
        await eventually(lambda: not house.running("pull", "sky"), "its end")


async def test_a_file_that_was_played_is_not_played_again(house: House):
    house.body = ""
    async with house.kept():
        await house.registry.create_camera(Camera(id="sky", name="Sky", pull=Pull(url="/x")))
        await eventually(lambda: house.pids("pull", "sky"), "the puller")
        await asyncio.sleep(0.4)
        assert len(house.pids("pull", "sky")) == 1
        house.body = WAITS
        await house.registry.cameras.change(
            "sky", lambda camera: camera.model_copy(update={"pull": Pull(url="/y")})
        )
        await eventually(lambda: len(house.pids("pull", "sky")) == 2, "the other file's puller")


async def test_a_change_of_what_is_pulled_restarts_the_puller(house: House):
    async with house.kept():
        await house.registry.create_camera(Camera(id="sky", name="Sky", pull=Pull(url="/x")))
        await eventually(lambda: house.running("pull", "sky"), "the puller")
        await house.registry.cameras.change(
            "sky", lambda camera: camera.model_copy(update={"name": "Another name"})
        )
        await asyncio.sleep(0.2)
        assert len(house.pids("pull", "sky")) == 1
        await house.registry.cameras.change(
            "sky", lambda camera: camera.model_copy(update={"pull": Pull(url="/y", loop=True)})
        )
        await eventually(lambda: len(house.pids("pull", "sky")) == 2, "the new puller")
        await eventually(lambda: len(house.running("pull", "sky")) == 1, "the old one's end")
        await house.registry.cameras.change(
            "sky", lambda camera: camera.model_copy(update={"pull": None})
        )
        await eventually(lambda: not house.running("pull", "sky"), "its end")


async def test_of_two_hosts_one_keeps_a_camera(
    store: Redis, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # None ends by itself.
    monkeypatch.setitem(lease.hold.__kwdefaults__, "ttl_ms", int(ENDLESS_S * 1000))
    one, two = House(store_url, tmp_path, "one"), House(store_url, tmp_path, "two")
    async with two.kept():
        async with one.kept():
            await one.live("helmet")
            await eventually(
                lambda: one.running("camera", "helmet") or two.running("camera", "helmet"), "it"
            )
            await asyncio.sleep(0.3)
            assert len(one.pids("camera", "helmet") + two.pids("camera", "helmet")) == 1
        # A host that ends in good order leaves its cameras to the other at once.
        await eventually(lambda: two.running("camera", "helmet"), "the other host's worker")


async def test_a_camera_that_another_host_took_is_let_go(house: House, store: Redis):
    async with house.kept():
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")
        await store.delete(keys.lease("camera:helmet"))
        while not await lease.hold(store, "camera:helmet", "another"):
            await store.delete(keys.lease("camera:helmet"))
        await eventually(lambda: not house.running("camera", "helmet"), "its end")


async def test_an_outage_of_the_bus_ends_no_worker(own_server: Server, tmp_path: Path):
    house = House(own_server.url, tmp_path)
    async with house.kept():
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")
        first = house.pids("camera", "helmet")
        await asyncio.to_thread(own_server.kill)
        await asyncio.sleep(0.5)  # longer than a worker lingers
        await asyncio.to_thread(own_server.start)
        await asyncio.sleep(0.1)  # shorter than that; the camera is told again once a second
        await eventually(lambda: _told(house), "the camera to be told")
        await asyncio.sleep(0.3)
        assert house.running("camera", "helmet") == first


async def _told(house: House) -> bool:
    try:
        await house.live("helmet")
    except Exception:  # noqa: BLE001 - the client has to connect anew
        return False
    return True


async def test_a_document_of_another_version_stops_nobody(house: House, store: Redis):
    async with house.kept():
        await store.hset(keys.CAMERAS, "odd", '{"a field of tomorrow": 1}')
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")


async def test_a_fault_of_one_look_does_not_end_the_keeping(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    async with house.kept():
        await house.live("helmet")
        await eventually(lambda: house.running("camera", "helmet"), "the worker")

        async def broken(*_arguments: object) -> dict[str, object]:
            raise ValueError("a fault")

        with monkeypatch.context() as patch:
            patch.setattr(presence, "members", broken)
            await asyncio.sleep(0.2)
        await house.live("drone")
        await eventually(lambda: house.running("camera", "drone"), "the other's worker")
        assert len(house.pids("camera", "helmet")) == 1
