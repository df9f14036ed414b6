"""A camera's worker: reads what the camera sends, writes its ladder. One process per live camera.

What nobody wants is neither decoded nor encoded (`need`). The camera's own picture is offered as a
rung as well where browsers can show it (`passthrough`); it costs nothing, because its stream is the
source.

Back-pressure: the stream is read as it comes, or a few times a second while nobody waits for it.
What waits here is bounded by `pictures` and `soundtrack`, and neither holds up the other.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from relay.bus import demand, keys, presence
from relay.bus.client import connect, connect_blocking
from relay.bus.events import publish, subscribe
from relay.bus.reader import Start, StreamReader
from relay.camera.demand import Demand
from relay.camera.need import NOTHING, need
from relay.camera.offer import Offer
from relay.camera.outputs import Outputs
from relay.camera.pictures import Pictures
from relay.camera.rungs import Rungs
from relay.camera.soundtrack import Soundtrack
from relay.camera.source import Source
from relay.camera.stills import Stills
from relay.camera.strain import Strain
from relay.camera.trouble import Troubles
from relay.errors import StoreError
from relay.log import logger
from relay.media.codecs import Kind
from relay.media.ladder import SOUND, SOURCE

if TYPE_CHECKING:
    from relay.bus.faults import Fault
    from relay.errors import MediaError
    from relay.media.unit import Unit

_LOOK_S: Final = 0.5
"""How often it is looked what is wanted; what is wanted anew is heard of at once."""
_LOOK_IDLE_S: Final = 2.0
"""The same while nothing is wanted: only what was not heard of would be missed."""
_STALL_S: Final = demand.TTL_S - presence.INTERVAL_S
"""While the bus stands still for longer, wishes end because nobody can repeat them."""
_IDLE_UNITS: Final = 2048
"""Units that may have come while nobody waited for them."""


class Worker:
    """See the module."""

    IDLE_S = 0.5
    """How long the stream is left alone while nobody waits for it; streams hold more than that."""

    def __init__(self, *, camera: str, bus_url: str, preset: str) -> None:
        self._camera = camera
        self._preset = preset
        self._bus = connect(bus_url)
        self._blocking = [connect_blocking(bus_url) for _ in range(2)]
        source = keys.source_units(camera)
        self._reader = StreamReader(self._blocking[0], source, Start.KEYFRAME)
        self._demand = Demand()
        self._source = Source()
        self._offer = Offer(self._bus, camera)
        self._outputs: Outputs
        self._rungs: Rungs
        self._pictures: Pictures
        self._soundtrack: Soundtrack
        self._strain = Strain()
        self._need = NOTHING
        self._settling = asyncio.Lock()
        self._woken = asyncio.Event()
        self._looked = 0.0
        self._damages = 0

    @property
    def counters(self) -> dict[str, int]:
        """Units that could not be decoded, pictures and sound that were left out because others
        waited, pictures encoded.
        """
        return {
            "damaged": self._damages,
            "late": self._pictures.late,
            "late_sound": self._soundtrack.late,
            "pictures": self._pictures.encoded,
        }

    async def run(self) -> None:
        """Work until cancelled."""
        pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="media")
        sound_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound")
        try:
            async with asyncio.TaskGroup() as tasks:
                self._outputs = Outputs(self._bus, self._camera, tasks)
                self._rungs = Rungs(tasks, pool, self._preset)
                stills = Stills(self._camera, self._bus, pool)
                self._pictures = Pictures(
                    self._source, self._rungs, stills, pool, self._note_damage
                )
                self._soundtrack = Soundtrack(self._source, sound_pool, self._note_damage)
                tasks.create_task(self._pictures.run())
                tasks.create_task(self._soundtrack.run())
                tasks.create_task(self._offer.keep_telling())
                tasks.create_task(
                    Troubles(self._bus, self._camera, self._fault, lambda: self.counters).run()
                )
                name = f"camera-{self._camera}"
                tasks.create_task(
                    presence.keep_telling_process(self._bus, name, lambda: self.counters)
                )
                tasks.create_task(self._hear_wishes())
                tasks.create_task(self._keep_looking())
                await self._look()
                await self._read()
        finally:
            for each in (pool, sound_pool):
                each.shutdown(wait=False, cancel_futures=True)
            await self._offer.withdraw()
            for client in (self._bus, *self._blocking):
                await client.aclose()

    async def _read(self) -> None:
        while True:
            for unit in await self._reader.read(_IDLE_UNITS):
                await self._take(unit)
            self._note_strain()
            if await self._offer.follow(self._source):
                await self._look()  # what was not offered before may have been wanted for long
            await self._settle()
            if self._need.idle:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.IDLE_S):
                        await self._woken.wait()
                self._woken.clear()

    async def _take(self, unit: Unit) -> None:
        self._source.watch(unit)
        if unit.kind is Kind.VIDEO:
            self._pictures.take(unit)
        else:
            self._soundtrack.take(unit)

    def _note_strain(self) -> None:
        late, before = self._pictures.late, self._strain.steps
        now = asyncio.get_running_loop().time()
        if self._strain.note(late, self._pictures.encoded, now):
            steps = self._source.less = self._strain.steps
            text = "this machine cannot keep up, the ladder is smaller"
            if steps < before:
                text = "the ladder is larger again"
            logger().warning(text, camera=self._camera, late=late, steps=steps)

    def _fault(self) -> Fault | None:
        if not self._strain.steps:
            return None
        size, fps = self._source.size, self._source.fps
        rungs = self._source.plan(size, fps) if size and fps else []
        return self._strain.told(size, fps, rungs)

    def _note_damage(self, errors: list[MediaError]) -> None:
        if errors and not self._damages:
            logger().warning("damaged unit", camera=self._camera, error=str(errors[0]))
        self._damages += len(errors)

    # --- demand ----------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_S)
            await self._ask_for_keyframe()
            if not self._need.idle or loop.time() - self._looked >= _LOOK_IDLE_S:
                await self._look()

    async def _ask_for_keyframe(self) -> None:
        """Ask the camera, whose pictures come in vain: all that the bus holds is behind a keyframe
        that it holds no more.
        """
        if not self._reader.passed_over:
            return
        try:
            wish = {"rendition": SOURCE}
            await publish(self._bus, keys.keyframe_wishes(self._camera), wish)
        except StoreError as error:
            logger().warning("a keyframe cannot be asked for", error=str(error))

    async def _look(self) -> None:
        """Find out what is wanted, and make that."""
        loop = asyncio.get_running_loop()
        asked = self._looked = loop.time()
        wanted: set[str] = set()
        try:
            wanted = await demand.wanted(self._bus, self._camera)
            known = loop.time() - asked < _STALL_S
        except StoreError as error:
            known = False
            logger().warning("it is not known what is wanted", error=str(error))
        if not known:
            self._demand.unseen(loop.time())
        self._demand.see(wanted, loop.time())
        if self._need.idle:
            self._woken.set()  # what has come meanwhile is read first
        else:
            await self._settle()

    async def _settle(self) -> None:
        """Make what is wanted, and no more."""
        async with self._settling:
            now = asyncio.get_running_loop().time()
            self._need = need(self._demand.active(self._offer.ladder, now), self._source)
            await self._settle_rungs()
            self._pictures.want(self._need.pictures)
            if self._need.sound and not self._soundtrack.is_on:
                self._soundtrack.start(await self._outputs.open(SOUND))
            elif not self._need.sound and self._soundtrack.is_on:
                self._soundtrack.stop()

    async def _settle_rungs(self) -> None:
        if self._need.rungs == self._rungs.names:
            return
        outputs = {name: await self._outputs.open(name) for name in self._need.rungs}
        for output in outputs.values():
            self._pictures.resume(output.until)
        writers = {name: output.writer for name, output in outputs.items()}
        begun, ended = self._rungs.settle(writers)
        logger().info("rungs", camera=self._camera, begun=sorted(begun), ended=sorted(ended))

    async def _hear_wishes(self) -> None:
        keyframes, wanted = keys.keyframe_wishes(self._camera), keys.demand_events(self._camera)
        async for message in subscribe(self._blocking[1], keyframes, wanted):
            if message is not None and message[0] == keyframes:
                self._wish_keyframe(message[1].get("rendition"))
            else:
                await self._look()

    def _wish_keyframe(self, rendition: str | None) -> None:
        """Ask for a keyframe of one rung, or of all of them; the source makes its own."""
        if rendition is None:
            self._pictures.wish_keyframe()
        else:
            self._rungs.wish(rendition)
