"""Strangers of 1, 16 and 256 networks attack by all means at once; nobody honest notices."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from relay.bench.crowd import Habits, LoadGenerator
from relay.bench.processes import resident
from tests.siege.attackers import Target, start
from tests.siege.honest import SLUG, House, Waits
from tests.support.stack import REPOSITORY, Stack
from tests.support.stalls import HANG_S, tries
from tests.support.video import make_clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]

VIEWERS: Final = 50
SCHOOL: Final = 400
CAMERAS: Final = ("helmet", "drone", "arm")
SAFE: Final = {"profile": "baseline", "bf": "0", "g": "30", "b": "800000"}
"""What browsers play as it is."""
SPARE: Final = "spare"
SECONDS: Final = 60.0
EARLY_S: Final = 5.0
"""Strangers are there before it is looked at what others wait."""
WAIT_S: Final = 1.0
"""Nobody honest waits longer."""
MEMORY: Final = 300 << 20
"""Nor does a process of the relay come to more bytes."""
COUNTED: Final = (
    "pool_sessions_displaced", "pool_connections_displaced", "pool_sockets_displaced",
    "pool_rtmp_displaced", "connections_cut_off", "said_too_much", "unissued_sessions",
    "refused_422", "refused_413", "refused_429", "checks_refused",
)  # fmt: skip
"""What counts each kind of refusal."""


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """Publish keys by camera."""
    return {}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[Stack]:
    """A relay with three encoders."""
    folder = tmp_path_factory.mktemp("siege")
    clip = make_clip(folder / "clip.mp4", seconds=8, size=(640, 360), options=SAFE)
    with Stack(folder).running() as found:
        for camera in (*CAMERAS, SPARE):
            keys[camera] = found.camera(camera)
        found.broadcast(SLUG, list(CAMERAS))
        found.request("POST", f"/api/v1/broadcasts/{SLUG}/start")
        for camera in CAMERAS:
            found.publish(keys[camera], clip)
        for camera in CAMERAS:
            found.wait_live(SLUG, camera)
        yield found


@dataclass
class Siege:
    """What was seen of one."""

    waits: Waits
    viewers: int
    lost: int
    """Packets."""
    skipped: int
    """Pictures."""
    pictures: float
    """That a viewer has seen a second, the one who saw fewest."""
    attack: dict[str, Any]
    memory: dict[str, int]
    """The most bytes of each process."""
    counted: dict[str, float]
    """What the relay's counters rose by."""

    @property
    def is_whole(self) -> bool:
        """Whether nobody lost anything."""
        return self.viewers == VIEWERS and not (self.lost or self.skipped or self.waits.failures)

    def __str__(self) -> str:
        memory = ", ".join(f"{name} {size >> 20}" for name, size in self.memory.items())
        tries = sum(sum(each.values()) for each in self.attack["outcomes"].values())
        return (
            f"worst wait {self.waits.worst:.2f} s ({self.waits}); {self.lost} packets and "
            f"{self.skipped} pictures lost, {self.pictures:.1f} pictures/s; {tries} tries with "
            f"{self.attack['cpu_s']:.1f} s of CPU; MB: {memory}"
        )


@contextmanager
def memory(stack: Stack) -> Iterator[dict[str, int]]:
    """The most that each process of the relay has had, while it lasts."""
    most: dict[str, int] = {}
    over = threading.Event()
    names = {
        name: pid
        for name in ("gateway", "edge", "ingest", "camera run helmet")
        for pid in stack.children(f" {name}")
    }

    def watch() -> None:
        while not over.wait(1.0):
            for name, pid in names.items():
                most[name] = max(most.get(name, 0), resident(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def counters(stack: Stack) -> dict[str, float]:
    """All that the relay counts, by what it is."""
    found: dict[str, float] = {}
    for line in stack.text("/metrics").splitlines():
        head, _, value = line.rpartition(" ")
        if 'what="' in head:
            name = head.split('what="')[1].split('"')[0]
            found[name] = found.get(name, 0.0) + float(value)
    return found


def largest_file() -> str:
    """The path of the largest static file."""
    assets = REPOSITORY / "relay/gateway/static/assets"
    return f"/static/assets/{max(assets.iterdir(), key=lambda each: each.stat().st_size).name}"


def target(stack: Stack, networks: int, seconds: float) -> Target:
    """A relay, to be attacked by so many networks."""
    return Target(
        http=stack.http_port,
        rtmp=stack.rtmp_port,
        udp=stack.webrtc_port,
        slug=SLUG,
        file=largest_file(),
        networks=networks,
        seconds=seconds,
    )


async def besiege(stack: Stack, key: str, networks: int, seconds: float = SECONDS) -> Siege:
    """One siege by so many networks."""
    house = House(stack, key)
    door = {"whep": f"{stack.url}/whep/{SLUG}"}
    crowd = await LoadGenerator.start(door, Habits(sample=VIEWERS, content=False))
    try:
        joined = await crowd.ask("join", count=VIEWERS, at_once=5, patience_s=HANG_S)
        await asyncio.sleep(2.0)
        counted = counters(stack)
        attackers = start(target(stack, networks, seconds + EARLY_S))
        with memory(stack) as most:
            await asyncio.sleep(EARLY_S)
            before, began = await crowd.ask("counts"), time.monotonic()
            await asyncio.gather(house.pages(seconds - 5), house.newcomers(seconds - 5))
            after, elapsed = await crowd.ask("counts"), time.monotonic() - began
            told, _ = await asyncio.to_thread(attackers.communicate, None, HANG_S)
        seen = list(zip(before["sample"], after["sample"], strict=True))
        await asyncio.sleep(2.5)  # processes tell once a second
        risen = {name: v - counted.get(name, 0.0) for name, v in counters(stack).items()}
        return Siege(
            waits=house.waits,
            viewers=joined["joined"],
            lost=sum(late[1] - early[1] for early, late in seen),
            skipped=sum(late[3] - early[3] for early, late in seen),
            pictures=min((late[2] - early[2]) / elapsed for early, late in seen),
            attack=json.loads(told),
            memory=most,
            counted=risen,
        )
    finally:
        await crowd.ask("leave")
        await crowd.stop()


@pytest.mark.parametrize("networks", [1, 16, 256])
def test_nobody_honest_notices_a_siege(
    networks: int, stack: Stack, keys: dict[str, str], figure: Callable[[str], None]
) -> None:
    sieges: list[Siege] = []
    for attempt in tries(WAIT_S):
        with attempt:
            found = asyncio.run(besiege(stack, keys[SPARE], networks))
            sieges.append(found)
            figure(f"{networks} networks: {found}")
            figure(f"{networks} networks: {found.attack['outcomes']}")
            figure(f"{networks} networks: {found.waits.failures[:10]}")
            figure(f"{networks} networks: { {k: v for k, v in found.counted.items() if v} }")
            attempt.found = found.waits.worst if found.is_whole else HANG_S
    for found in sieges:
        assert max(found.memory.values()) < MEMORY, found.memory
    missing = [name for name in COUNTED if not sieges[-1].counted.get(name)]
    assert not missing, f"nothing counts {missing}"


def test_a_school_gets_in_beside_a_siege(stack: Stack, figure: Callable[[str], None]) -> None:
    """All its viewers have one address."""

    async def school() -> dict[str, Any]:
        door = {"whep": f"{stack.url}/whep/{SLUG}"}
        crowd = await LoadGenerator.start(door, Habits(sample=0, content=False))
        attackers = start(target(stack, 16, 30.0))
        try:
            return await crowd.ask("join", count=SCHOOL, at_once=40, patience_s=HANG_S)
        finally:
            attackers.terminate()
            await asyncio.to_thread(attackers.communicate)
            await crowd.ask("leave")
            await crowd.stop()

    found = asyncio.run(school())
    figure(f"{found['joined']} of {SCHOOL} in {found['seconds']:.1f} s")
    assert (found["joined"], found["failed"]) == (SCHOOL, 0)
