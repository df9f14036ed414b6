"""Files and URLs that are pulled, over a real bus, from a real server."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import lease
from relay.errors import MediaError
from relay.ingest import pull as pull_module
from relay.ingest.files import Files
from relay.ingest.pull import open_source, pull
from relay.media.timebase import VIDEO_CLOCK
from relay.state.models import Pull
from tests.support.ingest import listening
from tests.support.server import of_role
from tests.support.stack import free_port
from tests.support.stalls import HANG_S
from tests.support.video import make_clip
from tests.support.waiting import eventually
from tests.support.web import Web, web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from tests.support.ingest import Listener

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

SECONDS = 0.8
PICTURES = int(SECONDS * 30_000 / 1001)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Less than a second of picture and sound."""
    path = tmp_path_factory.mktemp("short") / "short.flv"
    return make_clip(path, seconds=SECONDS, size=(320, 180))


@pytest.fixture(scope="module")
def content(short: Path) -> bytes:
    return short.read_bytes()


@pytest.fixture
def site(short: Path) -> Iterator[Web]:
    with web() as found:
        found.serve("/short.flv", short.read_bytes())
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_module, "_RETRY_S", (0.05, 0.05, 0.1))


@asynccontextmanager
async def pulling(
    store_url: str, source: str | Path, *, loop: bool = False, allow_private: bool = True
) -> AsyncIterator[asyncio.Task[None]]:
    work = pull(
        camera="helmet",
        source=Pull(url=str(source), loop=loop),
        bus_url=of_role(store_url, "pull"),
        allow_private=allow_private,
        files=Files([Path("/")], Path("/nowhere")),
    )
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def heard(store: Redis, store_url: str) -> AsyncIterator[Listener]:
    async with listening(store_url, "helmet") as listener:
        yield listener


async def test_a_file_is_played_at_its_pace_and_ends(
    heard: Listener, store: Redis, store_url: str, short: Path
):
    async with pulling(store_url, short) as task:
        async with asyncio.timeout(HANG_S):
            await task
    await heard.until(PICTURES)
    assert len(heard.pictures) == PICTURES
    heard.assert_one_timeline()
    # It is captured when it is played: not all at once.
    span = heard.pictures[-1].captured_us - heard.pictures[0].captured_us
    assert span > (SECONDS - 0.2) * 1e6
    assert not await store.exists("presence:camera:{helmet}")
    assert not await store.exists("lease:{publish:helmet}")


async def test_a_looped_file_keeps_one_timeline_and_its_pace(
    heard: Listener, store_url: str, short: Path
):
    async with pulling(store_url, short, loop=True):
        await heard.until(PICTURES * 3 + 5)
    heard.assert_one_timeline()
    keyframes = [unit for unit in heard.pictures if unit.keyframe]
    rounds = [unit for unit in keyframes if unit.dts - keyframes[0].dts > VIDEO_CLOCK // 2]
    assert len(rounds) >= 3
    steps = [b.dts - a.dts for a, b in zip(heard.pictures, heard.pictures[1:], strict=False)]
    # At the seam one waits for the other: this clip's sound is longer than its picture.
    assert max(steps) < VIDEO_CLOCK // 8
    # The timeline runs as the wall clock does: rounds are not hurried, as without a pace, where all
    # of them take less than a tenth of their time.
    first, last = heard.pictures[0], heard.pictures[-1]
    by_stamps = (last.pts - first.pts) / VIDEO_CLOCK
    by_arrival = (arrived(heard, -1) - arrived(heard, 0)) / 1000
    assert by_arrival > 0.7 * by_stamps


def arrived(heard: Listener, index: int) -> int:
    """When a picture was written, ms of the store's clock."""
    unit = heard.pictures[index]
    return heard.arrivals[heard.units.index(unit)]


async def test_a_url_is_pulled_again_after_its_end(heard: Listener, store_url: str, site: Web):
    async with pulling(store_url, f"{site.url}/short.flv"):
        await heard.until(PICTURES + 5)
    assert site.asked == ["/short.flv"] * 2
    times = [unit.dts for unit in heard.pictures]
    assert times == sorted(times)


async def test_redirects_are_followed(heard: Listener, store_url: str, site: Web):
    site.redirect("/a", "/b")
    site.redirect("/b", f"{site.url}/short.flv")
    async with pulling(store_url, f"{site.url}/a"):
        await heard.until(3)
    assert site.asked == ["/a", "/b", "/short.flv"]


def with_opened(url: str, *, allow_private: bool = True) -> None:
    with open_source(url, allow_private=allow_private):
        pass


async def test_redirects_in_a_circle_end(store_url: str, site: Web):
    site.redirect("/a", "/a")
    with (
        pytest.raises(MediaError, match="too many redirects"),
        open_source(f"{site.url}/a", allow_private=True),
    ):
        pass


async def test_private_addresses_are_refused(
    heard: Listener, store_url: str, site: Web, logged: list[dict[str, Any]]
):
    async with pulling(store_url, f"{site.url}/short.flv", allow_private=False):
        await eventually(lambda: "RELAY_PULL_PRIVATE=true allows it" in str(logged), "the refusal")
    with pytest.raises(MediaError, match="private address"):
        with_opened("rtmp://127.0.0.1/live", allow_private=False)
    assert site.asked == []
    assert heard.units == []


async def test_a_password_in_a_url_stands_in_no_log_line(
    store: Redis, store_url: str, logged: list[dict[str, Any]]
):
    port = free_port()
    for scheme in ("http", "rtmp"):
        async with pulling(store_url, f"{scheme}://user:pass-word@127.0.0.1:{port}/x?key=1234"):
            await eventually(lambda: len(logged) >= 1, "the log line")
        assert "pass-word" not in str(logged)
        assert "1234" not in str(logged)
        logged.clear()


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("target", ["file", "url"])
@pytest.mark.parametrize("kind", list(PLAYLISTS))
async def test_what_a_stranger_serves_opens_nothing_else(
    kind: str, target: str, store_url: str, site: Web, short: Path
):
    inner = f"file://{short}" if target == "file" else f"{site.url}/short.flv"
    for name in ("/live.m3u8", "/x"):
        site.serve(name, PLAYLISTS[kind].format(inner).encode())
        with (
            pytest.raises(MediaError, match="cannot be opened"),
            open_source(site.url + name, allow_private=True),
        ):
            pass
    assert "/short.flv" not in site.asked


@pytest.mark.parametrize("how", ["short", "chunks"])
async def test_a_source_that_breaks_off_is_tried_again(
    how: str, heard: Listener, store_url: str, site: Web, content: bytes
):
    half = content[: len(content) // 2]
    if how == "short":
        site.serve("/half", half, claims=len(half) * 2)
    else:
        site.chunks("/half", half[:1000], half[1000:])
    async with pulling(store_url, f"{site.url}/half") as task:
        await eventually(lambda: len(site.asked) >= 3, "the third try", 10)
        assert not task.done()
    times = [unit.dts for unit in heard.pictures]
    assert times == sorted(times)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"no media at all " * 100])
async def test_what_is_no_media_is_told_and_tried_again(
    content: bytes, store: Redis, store_url: str, tmp_path: Path, logged: list[dict[str, Any]]
):
    path = tmp_path / "file.mp4"
    path.write_bytes(content)
    async with pulling(store_url, path, loop=True) as task:
        await eventually(lambda: len(logged) >= 2, "two tries")
        assert not task.done()
    assert "the source cannot be opened" in str(logged)


async def test_a_file_that_comes_later_is_played(
    heard: Listener, store_url: str, tmp_path: Path, short: Path, logged: list[dict[str, Any]]
):
    path = tmp_path / "later.flv"
    async with pulling(store_url, path):
        await eventually(lambda: logged, "the first try")
        path.symlink_to(short)
        await heard.until(3)


def convert(short: Path, name: str, *options: str) -> Path:
    path = short.with_name(name)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-i", str(short), *options, str(path)]
    subprocess.run(command, check=True)
    return path


async def test_sound_that_is_not_supported_is_left_out(
    heard: Listener, store_url: str, short: Path, logged: list[dict[str, Any]]
):
    path = convert(short, "mp3.mp4", "-c:v", "copy", "-c:a", "mp3")
    async with pulling(store_url, path):
        await heard.until(10)
    assert heard.sounds == []
    (line,) = [each for each in logged if each["event"] == "a track is left out"]
    assert (line["kind"], line["codec"]) == ("audio", "MP3")


async def test_rtmp_is_pulled(heard: Listener, store_url: str, short: Path):
    url = f"rtmp://127.0.0.1:{free_port()}/live/x"
    serve = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"]
    command = [*serve, "-i", str(short), "-c", "copy", "-f", "flv", "-listen", "1", url]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:  # noqa: ASYNC220
        try:
            async with pulling(store_url, url):
                await heard.until(10)
        finally:
            server.kill()


# --- who writes the camera -----------------------------------------------------------------------


async def test_a_camera_that_is_being_sent_is_not_pulled(
    heard: Listener, store: Redis, store_url: str, short: Path, logged: list[dict[str, Any]]
):
    name = lease.publishing("helmet")
    await lease.hold(store, name, "an ingest process")
    async with pulling(store_url, short, loop=True):
        await eventually(lambda: "is being sent by somebody else" in str(logged), "the refusal")
        assert heard.units == []
        await lease.release(store, name, "an ingest process")
        await heard.until(3)
        # Taken away while it is pulled: it stops, and waits until it may again.
        await store.delete("lease:{publish:helmet}")
        await lease.hold(store, name, "an ingest process", ttl_ms=60_000)
        logged.clear()
        await eventually(lambda: logged, "its end")
        count = len(heard.units)
        await eventually(lambda: len(logged) >= 3, "more tries")
        assert len(heard.units) <= count + 2
