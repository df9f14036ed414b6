"""A camera's still: what it looks like, and how often it is made."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from relay.av.jpeg import LARGE, SMALL, encode
from relay.bus import keys
from relay.bus.client import connect
from relay.camera.stills import TTL_S, Stills
from tests.support.video import picture
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis


def decoded(jpeg: bytes) -> np.ndarray:
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.mark.parametrize(
    ("source", "large", "small"),
    [
        ((1280, 720), (1280, 720), (480, 270)),
        ((3840, 1920), (1280, 640), (480, 240)),
        ((720, 1280), (404, 720), (152, 270)),
        ((320, 180), (320, 180), (320, 180)),
        ((641, 361), (640, 360), (480, 270)),
    ],
)
def test_a_still_fits_and_keeps_its_shape(
    source: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
):
    frame = picture(*source).reformat(format="yuv420p")
    for box, wanted in ((LARGE, large), (SMALL, small)):
        jpeg = encode(frame, source, box)
        assert jpeg.startswith(b"\xff\xd8\xff")
        assert decoded(jpeg).shape == (wanted[1], wanted[0], 3)


def test_colours_stay():
    plain = np.full((360, 640, 3), (200, 60, 30), np.uint8)
    frame = av.VideoFrame.from_ndarray(plain, format="rgb24").reformat(format="yuv420p")
    assert np.abs(decoded(encode(frame, (640, 360), LARGE)).astype(int) - (200, 60, 30)).max() < 8


async def test_a_still_now_and_then(store: Redis, monkeypatch: pytest.MonkeyPatch):
    with ThreadPoolExecutor(1) as pool:
        stills = Stills("helmet", store, pool)
        first = picture(960, 540).reformat(format="yuv420p")
        stills.offer(first, (960, 540))
        jpeg = await eventually(lambda: store.get(keys.still("helmet")), "the still")
        assert decoded(jpeg).shape == (540, 960, 3)
        assert 0 < await store.ttl(keys.still("helmet")) <= TTL_S
        stills.offer(picture(32, 18).reformat(format="yuv420p"), (32, 18))  # none is due
        assert stills._task is not None
        await stills._task
        assert await store.get(keys.still("helmet")) == jpeg
        assert decoded(await store.get(keys.thumbnail("helmet"))).shape == (270, 480, 3)
        assert 0 < await store.ttl(keys.thumbnail("helmet")) <= TTL_S
        monkeypatch.setattr(stills, "_due", 0.0)
        stills.offer(picture(32, 18).reformat(format="yuv420p"), (32, 18))
        await stills._task
        assert decoded(await store.get(keys.still("helmet"))).shape == (18, 32, 3)


async def test_a_bus_that_is_away_costs_stills_only(tmp_path):
    away = connect(f"unix://{tmp_path}/nobody.sock")
    with ThreadPoolExecutor(1) as pool:
        stills = Stills("helmet", away, pool)
        stills.offer(picture(64, 36).reformat(format="yuv420p"), (64, 36))
        assert stills._task is not None
        await stills._task
    await away.aclose()
