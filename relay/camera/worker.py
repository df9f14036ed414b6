"""A camera's worker: reads what the camera sends, writes its ladder. One process per live camera.

Rungs that nobody wants are not encoded (`demand`). The camera's own picture is offered as a rung as
well where browsers can show it (`passthrough`); it costs nothing, because its stream is the source.

Back-pressure: that of `rungs`. A decoder that cannot keep up falls behind on the bus, where the
reader goes on with the next keyframe.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, cast

from relay.bus import demand, keys, presence, wire
from relay.bus.client import connect, connect_blocking, store_errors
from relay.bus.events import subscribe
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter
from relay.camera.decode import Decoder
from relay.camera.demand import Demand
from relay.camera.ladder import Cadence, KeyframeClock, Picture, Sound, plan, shown_size
from relay.camera.passthrough import PassThrough
from relay.camera.rungs import Rungs
from relay.camera.still import Stills
from relay.errors import MediaError, ProtocolError, StoreError
from relay.log import logger
from relay.media.codecs import Codec, Kind
from relay.media.ladder import SOUND, SOURCE, Ladder, Rendition
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    from relay.bus.client import Entry
    from relay.media.unit import Unit

_FRESH: Final = VIDEO_CLOCK // 2
"""Of a backlog only the last half second is encoded, 90 kHz; what is before is only decoded. Less
than that comes at once from every camera whose link stalls for a moment."""
_REPEATED: Final = 60 * VIDEO_CLOCK
"""A picture that is not later than the last one, by less than this, is dropped: encoders and
viewers take none twice. One that is earlier still tells that the last one's stamp was wrong."""
_LOOK_S: Final = 0.5
"""How often it is looked what is wanted; what is wanted anew is heard of at once."""
_STALL_S: Final = demand.TTL_S - presence.INTERVAL_S
"""While the bus stands still for longer, wishes end because nobody can repeat them."""


class Worker:
    """See the module."""

    def __init__(self, *, camera: str, bus_url: str, preset: str) -> None:
        self._camera = camera
        self._bus = connect(bus_url)
        self._blocking = [connect_blocking(bus_url) for _ in range(2)]
        self._preset = preset
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="media")
        self._decoders: dict[Kind, Decoder] = {}
        self._sound = Sound()
        self._clock = KeyframeClock()
        self._rungs: Rungs
        self._demand = Demand()
        self._through = PassThrough()
        self._refusal: str | None = ""
        """Why the source was last said not to be passed through."""
        self._size: tuple[int, int] | None = None
        self._ladder: Ladder | None = None
        self._writers: dict[str, StreamWriter] = {}
        self._tasks: asyncio.TaskGroup
        self._done_until = 0
        self._heard_until = 0
        self._fps = _FrameRate()
        self._cadence = Cadence()
        self._stills = Stills(camera, self._bus, self._pool)
        self.counters = {"damaged": 0, "late": 0, "pictures": 0}
        """Units that could not be decoded, pictures dropped because encoders were behind, pictures
        encoded."""

    async def run(self) -> None:
        """Work until cancelled."""
        source = keys.source_units(self._camera)
        reader = StreamReader(self._blocking[0], source, Start.KEYFRAME)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._rungs = Rungs(tasks, self._pool, self._preset)
                tasks.create_task(self._tell())
                name = f"camera-{self._camera}"
                counters = presence.keep_telling_process(self._bus, name, lambda: self.counters)
                tasks.create_task(counters)
                tasks.create_task(self._hear_wishes())
                tasks.create_task(self._look_at_demand())
                await self._look_once()
                while True:
                    units = await reader.read()
                    fresh_from = max(unit.dts for unit in units) - _FRESH
                    for unit in units:
                        await self._take(unit, fresh=unit.dts >= fresh_from)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            await self._withdraw()

    async def _take(self, unit: Unit, *, fresh: bool) -> None:
        if unit.codec is Codec.H264:
            self._through.watch(unit)
            await self._offer_source()
        decoder = self._decoders.get(unit.kind)
        if decoder is None or decoder.codec is not unit.codec:
            decoder = self._decoders[unit.kind] = Decoder(unit.codec)
        loop = asyncio.get_running_loop()
        try:
            frames = await loop.run_in_executor(self._pool, decoder.decode, unit)
        except MediaError as error:
            self._note_damage(error)
            return
        for frame, captured_us in frames:
            if unit.kind is Kind.VIDEO and frame.pts is not None:
                self._fps.add(frame.pts)
            if not fresh:
                continue
            if unit.kind is Kind.VIDEO:
                await self._picture(cast("VideoFrame", frame), captured_us)
            else:
                await self._hear(cast("AudioFrame", frame), captured_us)

    def _note_damage(self, error: MediaError) -> None:
        self.counters["damaged"] += 1
        if self.counters["damaged"] == 1:
            logger().warning("damaged unit", camera=self._camera, error=str(error))

    # --- pictures --------------------------------------------------------------------------

    async def _picture(self, frame: VideoFrame, captured_us: int) -> None:
        assert frame.pts is not None
        size = shown_size(frame.width, frame.height, self._decoders[Kind.VIDEO].pixel_aspect)
        self._stills.offer(frame, size)
        if self._size != size:
            if not self._fps.known:
                return  # two or three frames: the bitrate depends on the rate
            await self._build(*size)
        if 0 <= self._done_until - frame.pts < _REPEATED:
            return  # shown before, perhaps by the worker before this one
        self._done_until = frame.pts
        if not self._cadence.takes(frame.pts):
            return
        picture = Picture(frame, captured_us, self._clock.due(frame.pts))
        if self._rungs.full:
            self.counters["late"] += 1
            if picture.keyframe:
                self._clock.missed()
            return
        self.counters["pictures"] += 1
        self._rungs.put(picture)

    async def _build(self, width: int, height: int) -> None:
        self._rungs.stop()
        self._size = (width, height)
        renditions = plan(width, height, self._fps.value)
        # Rungs that viewers may be watching stay, even where the source has become smaller.
        kept = [r for r in (self._ladder.video if self._ladder else ())
                if r.name not in {rung.name for rung in renditions} | {SOURCE}]  # fmt: skip
        video = tuple(sorted([*kept, *renditions], key=lambda r: -r.height))
        for rendition in video:
            await self._writer(rendition.name)
        self._ladder = Ladder(video, sound=SOUND in self._writers)
        self._clock.missed()
        names = ", ".join(rendition.name for rendition in video)
        logger().info(
            "ladder",
            camera=self._camera,
            source=f"{width}x{height}",
            fps=self._fps.value,
            rungs=names,
        )
        await self._offer_source()
        await self._tell_once()
        self._settle()

    async def _offer_source(self) -> None:
        """Have the ladder say whether the source can be shown as it is."""
        if self._ladder is None or not self._ladder.video:
            return
        if self._through.refusal != self._refusal:
            self._refusal = self._through.refusal
            logger().info("pass-through", camera=self._camera, refused=self._refusal)
        offered = self._ladder.find(SOURCE)
        rung = None if self._through.refusal else self._source_rung(offered)
        if rung == offered:
            return
        others = tuple(each for each in self._ladder.video if each.name != SOURCE)
        self._ladder = Ladder(((rung,) if rung else ()) + others, self._ladder.sound)
        await self._tell_once()
        self._settle()

    def _source_rung(self, offered: Rendition | None) -> Rendition | None:
        sps, bps = self._through.sps, self._through.bps
        if sps is None or bps is None:
            return None
        told = bps if offered is None else offered.bitrate_bps
        # A ladder that changed every second would tell nobody more.
        steady = 0.6 * told < bps < 1.2 * told
        return Rendition(
            name=SOURCE,
            width=sps.width,
            height=sps.height,
            fps=self._fps.value if offered is None else offered.fps,
            bitrate_bps=told if steady else bps,
            codec=sps.codec_string,
        )

    # --- demand ----------------------------------------------------------------------------

    async def _look_at_demand(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            await self._look_once()

    async def _look_once(self) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
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
        self._settle()

    def _settle(self) -> None:
        ladder = self._ladder
        if ladder is None:
            return
        active = self._demand.active(ladder, asyncio.get_running_loop().time())
        renditions = [rung for rung in ladder.video if rung.name in active]
        begun, ended = self._rungs.settle(renditions, self._writers.__getitem__)
        if begun or ended:
            logger().info("rungs", camera=self._camera, begun=sorted(begun), ended=sorted(ended))

    # --- sound -----------------------------------------------------------------------------

    async def _hear(self, frame: AudioFrame, captured_us: int) -> None:
        if SOUND not in self._writers:
            await self._writer(SOUND)
            self._ladder = Ladder(self._ladder.video if self._ladder else (), sound=True)
            await self._tell_once()
        loop = asyncio.get_running_loop()
        try:
            units = await loop.run_in_executor(self._pool, self._sound.encode, frame, captured_us)
        except MediaError as error:
            self._note_damage(error)
            return
        for unit in units:
            if unit.pts > self._heard_until:
                self._writers[SOUND].put(unit)

    # --- bus -------------------------------------------------------------------------------

    async def _writer(self, name: str) -> StreamWriter:
        writer = self._writers.get(name)
        if writer is None:
            key = keys.rendition_units(self._camera, name)
            writer = self._writers[name] = StreamWriter(self._bus, key)
            self._tasks.create_task(writer.run())
            until = await self._written_until(key)
            if name == SOUND:
                self._heard_until = until
            else:
                self._done_until = max(self._done_until, until)
        return writer

    async def _written_until(self, key: str) -> int:
        """The pts that a worker before this one got to; 0 if there was none."""
        async with store_errors("reading a rendition"):
            last = cast("list[Entry]", await self._bus.xrevrange(key, count=1))
        if not last:
            return 0
        try:
            return wire.decode(last[0][1][wire.FIELD])[1].pts
        except (ProtocolError, KeyError):  # of another version: as good as none
            return 0

    async def _tell(self) -> None:
        while True:
            await self._tell_once()
            await asyncio.sleep(presence.INTERVAL_S)

    async def _tell_once(self) -> None:
        if self._ladder is None:
            return
        try:
            await presence.tell(self._bus, presence.LADDER, self._camera, self._ladder.to_json())
        except StoreError as error:
            logger().warning("the bus does not hear of this ladder", error=str(error))

    async def _hear_wishes(self) -> None:
        keyframes, wanted = keys.keyframe_wishes(self._camera), keys.demand_events(self._camera)
        async for message in subscribe(self._blocking[1], keyframes, wanted):
            if message is not None and message[0] == keyframes:
                self._wish_keyframe(message[1].get("rendition"))
            else:
                await self._look_once()

    def _wish_keyframe(self, rendition: str | None) -> None:
        """Ask for a keyframe of one rung, or of all of them; the source makes its own."""
        if rendition is None:
            self._clock.wish()
        else:
            self._rungs.wish(rendition)

    async def _withdraw(self) -> None:
        try:
            await presence.withdraw(self._bus, presence.LADDER, self._camera)
        except StoreError as error:
            logger().warning("the ladder could not be withdrawn", error=str(error))
        for client in (self._bus, *self._blocking):
            await client.aclose()


class _FrameRate:
    """Estimates frames a second from the last pictures' time stamps, which may be rounded to ms."""

    _WINDOW: Final = 32
    _USUAL: Final = (24.0, 25.0, 29.97, 50.0, 59.94)

    def __init__(self) -> None:
        self._stamps: list[int] = []

    def add(self, pts: int) -> None:
        self._stamps = [*self._stamps[-self._WINDOW + 1 :], pts]

    @property
    def known(self) -> bool:
        return len(self._stamps) >= 3

    @property
    def value(self) -> float:
        elapsed = self._stamps[-1] - self._stamps[0]
        if elapsed <= 0:
            return 30.0
        rate = min(max(90_000 * (len(self._stamps) - 1) / elapsed, 1.0), 120.0)
        usual = min(self._USUAL, key=lambda other: abs(other - rate))
        return usual if abs(usual - rate) < 0.03 * usual else round(rate, 2)
