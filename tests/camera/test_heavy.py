"""A source that is too much for two cores, beside an ordinary camera, through the whole relay."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from relay.bus.embedded import socket_path
from relay.media.codecs import Kind
from relay.media.ladder import SOUND
from relay.media.timebase import VIDEO_CLOCK
from tests.support.ingest import listening
from tests.support.processes import relay
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.ingest import Listener

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]

SECONDS: Final = float(os.environ.get("HEAVY_S", "60"))
SETTLE_S: Final = 10.0
"""After this both cameras are live and watched."""
TOPS: Final = ("heavy", "720p"), ("heavy", "480p"), ("heavy", "240p")
MOST_BYTES: Final = 1 << 30
"""What a worker may have in memory: 4096×2160 has 13 MB a picture, of which a decoder keeps 16."""


def uhd(folder: Path) -> Path:
    """4 s of 3840×2160 at 60 a second with 40 Mb/s, as action cameras film, and a tone."""
    path = folder / "uhd.flv"
    video = "testsrc2=s=3840x2160:r=60,noise=alls=6:allf=t"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        video,
        "-f",
        "lavfi",
        "-i",
        "sine",
    ]
    x264 = "-c:v libx264 -preset ultrafast -bf 0 -g 60 -pix_fmt yuv420p -b:v 40M -maxrate 40M"
    options = f"-t 4 {x264} -bufsize 20M -c:a aac -ac 2 -ar 48000"
    subprocess.run([*command, *options.split(), str(path)], check=True)
    return path


class Usage:
    """What a process has used: CPU in seconds, memory in bytes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def most_bytes(self) -> int:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self._pid}/status").read_text())
        assert found is not None
        return int(found[1]) * 1024


def lost(source: Listener, rung: Listener, begin: int) -> list[int]:
    """Pictures of the source, from a time on, that its rung does not have; those that may still be
    on their way left out.
    """
    made = {unit.pts for unit in rung.pictures}
    end = max(made) - VIDEO_CLOCK
    return [
        unit.pts for unit in source.pictures if begin <= unit.pts < end and unit.pts not in made
    ]


async def test_a_source_that_is_too_much_costs_no_other_camera_a_picture(
    tmp_path: Path, clip: Path, figure: Callable[[str], None]
) -> None:
    clip_4k = Path(os.environ["HEAVY_CLIP"]) if "HEAVY_CLIP" in os.environ else uhd(tmp_path)
    stack = Stack(tmp_path)
    with stack.running():
        url = f"unix://{socket_path(tmp_path / 'data', 'bus')}"
        for name, path in (("ordinary", clip), ("heavy", clip_4k)):
            stack.publish(stack.camera(name), path)
        async with AsyncExitStack() as listeners:
            names = ("ordinary", ""), ("ordinary", "480p"), ("heavy", SOUND), *TOPS
            source, rung, sound, *tops = [
                await listeners.enter_async_context(listening(url, *name)) for name in names
            ]
            await asyncio.sleep(SETTLE_S)
            [pid] = stack.children("camera run heavy")
            usage, begin = Usage(pid), max(unit.pts for unit in source.pictures)
            before, counts = usage.cpu_s, [len(each.pictures) for each in tops]
            await asyncio.sleep(SECONDS)
            cores = (usage.cpu_s - before) / SECONDS
            rates = [
                (len(each.pictures) - count) / SECONDS
                for each, count in zip(tops, counts, strict=True)
            ]
            told = [relay(stack, *name.split()).stdout for name in ("camera list", "status")]
            api = stack.get("/api/v1/cameras/heavy")
        missing = lost(source, rung, begin)
        steps = [b.pts - a.pts for a, b in itertools.pairwise(sound.kind(Kind.AUDIO))]
        gaps = [step for step in steps[100:] if step > VIDEO_CLOCK // 25]
        megabytes = usage.most_bytes / 1e6
        figure(
            f"{len(missing)} pictures lost of {len(rung.pictures)} beside it; its worker "
            f"{cores:.2f} cores, {megabytes:.0f} MB; pictures a second of its rungs {rates}; "
            f"gaps in its sound {gaps}; {api['verdict']} {api['counts']}\n{told[0]}\n{told[1]}"
        )
        assert not missing
        assert not gaps
        assert usage.most_bytes < MOST_BYTES
        # Either the machine takes it, or says what it leaves out.
        assert rates[0] > 55 or api["counts"]["late"]
        assert rates[0] > 55 or all("too slow for its 3840×2160" in each for each in told)
