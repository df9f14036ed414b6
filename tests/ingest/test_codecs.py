"""Codecs that cannot be shown, as real encoders send them: refused with the reason, and told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import faults, presence
from relay.bus.faults import FaultKind
from relay.ingest import pull as pull_module
from tests.ingest.rtmp.encoder import video
from tests.ingest.test_pull import pulling
from tests.support.ingest import listening
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.bus.faults import Fault
    from tests.support.ingest import Ingest

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25")
SOUND = ("-f", "lavfi", "-i", "sine=sample_rate=44100")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
SENT = {
    "Sorenson H.263": (("-c:v", "flv1"), ("-c:a", "aac"), "H.264"),
    "MP3": (("-c:v", "flv1"), ("-c:a", "libmp3lame"), "H.264"),
}
HEADERS = {
    "HEVC (hvc1)": b"\x90hvc1",
    "HEVC (codec id 12)": b"\x1c\0\0\0\0",
    "AV1 (av01)": b"\x90av01",
    "VP9 (vp09)": b"\x90vp09",
    "VP6": b"\x14\0",
    "codec b'zzzz'": b"\x90zzzz",
    "video codec id 9": b"\x19\0",
}
"""Beginnings of what encoders send first: Enhanced RTMP's sequence headers, and plain tags."""


def ffmpeg(url: str, *codecs: str, inputs: tuple[str, ...] = (*PICTURE, *SOUND)) -> Any:
    command = ("ffmpeg", "-nostdin", "-loglevel", "error", "-re", *inputs)
    return subprocess.Popen([*command, *codecs, "-f", "flv", url], stderr=subprocess.PIPE)


async def told(bus: Redis, camera: str = "helmet") -> list[Fault]:
    return (await faults.by_camera(bus)).get(camera, [])


@pytest.mark.parametrize("codec", list(SENT))
async def test_a_picture_that_cannot_be_shown_is_refused_with_the_reason(
    codec: str, ingest: Ingest, logged: list[dict[str, Any]]
):
    key = await ingest.camera("helmet")
    picture_codec, sound_codec, remedy = SENT[codec]
    url = f"rtmp://127.0.0.1:{ingest.port}/live/{key}"
    with ffmpeg(url, *picture_codec, *sound_codec) as sender:
        await eventually(lambda: sender.poll() is not None, "ffmpeg's end", 20)
        complaint = sender.stderr.read().decode()
    picture = "Sorenson H.263" if codec == "MP3" else codec
    assert "helmet: its picture is " + picture in complaint
    assert f"set its encoder to {remedy}" in complaint
    (fault,) = await eventually(lambda: told(ingest.bus), "the refusal")
    assert fault.kind == FaultKind.REFUSED
    assert picture in fault.text
    assert fault.at > 1e9
    history = (await faults.histories(ingest.bus, ["helmet"]))["helmet"]
    assert history.counts["refused"] == 1
    # It never took the programme.
    assert await ingest.fact("helmet") is None
    (line,) = [each for each in logged if each["event"] == "camera refused"]
    assert (line["camera"], line["name"]) == ("helmet", "helmet")
    assert str(fault) == line["fault"]
    assert key not in str(logged)


@pytest.mark.parametrize("codec", list(HEADERS))
async def test_every_codec_is_refused_at_its_first_message(codec: str, ingest: Ingest):
    key = await ingest.camera("helmet")
    async with ingest.encoder() as encoder:
        await encoder.connect()
        encoder.publish(key)
        assert await encoder.status() == "NetStream.Publish.Start"
        encoder.sound()
        encoder.send(video(0, HEADERS[codec] + bytes(40)))
        told_to_encoder = await encoder.told()
        assert told_to_encoder["code"] == "NetStream.Publish.Rejected"
        assert told_to_encoder["level"] == "error"
        assert f"helmet: its picture is {codec}, which" in told_to_encoder["description"]
        await encoder.hung_up()
    (fault,) = await eventually(lambda: told(ingest.bus), "the refusal")
    assert codec in fault.text


async def test_a_further_track_of_another_codec_is_no_reason(ingest: Ingest, store_url: str):
    """Multitrack: HEVC beside H.264, which is used."""
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as listener, ingest.encoder(key) as encoder:
        encoder.send(video(0, b"\x96\x00hvc1\x01" + bytes(40)))
        encoder.picture()
        encoder.picture(keyframe=False)
        await listener.until(2)
    assert await told(ingest.bus) == []


async def test_sound_alone_that_cannot_be_played_leaves_the_picture(ingest: Ingest, store_url: str):
    key = await ingest.camera("helmet")
    url = f"rtmp://127.0.0.1:{ingest.port}/live/{key}"
    async with listening(store_url, "helmet") as listener:
        with ffmpeg(url, *H264, "-c:a", "libmp3lame") as sender:
            try:
                await listener.until(30, within_s=20)
                (fault,) = await eventually(lambda: told(ingest.bus), "the fault")
                assert fault.kind == FaultKind.SOUND_LOST
                assert "MP3" in fault.text
                assert fault.remedy == "set its encoder to AAC"
                counts = (await faults.histories(ingest.bus, ["helmet"]))["helmet"].counts
                assert counts["unusable_audio"] > 0
                assert sender.poll() is None
            finally:
                sender.kill()

        async def gone() -> bool:
            return await told(ingest.bus) == []

        await eventually(gone, "the fault to go with its source", 5)


async def test_pictures_take_the_refusal_back(ingest: Ingest, store_url: str):
    key = await ingest.camera("helmet")
    url = f"rtmp://127.0.0.1:{ingest.port}/live/{key}"
    with ffmpeg(url, "-c:v", "flv1", "-an") as sender:
        await eventually(lambda: sender.poll() is not None, "ffmpeg's end", 20)
    assert [fault.kind for fault in await told(ingest.bus)] == [FaultKind.REFUSED]
    ttl = await ingest.bus.pttl(f"presence:{presence.FAULT}:{{helmet:refused}}")
    assert faults.REFUSAL_MS - 20_000 < ttl <= faults.REFUSAL_MS
    async with listening(store_url, "helmet") as listener, ingest.encoder(key) as encoder:
        encoder.picture()
        await listener.until(1)

        async def gone() -> bool:
            return await told(ingest.bus) == []

        await eventually(gone, "the refusal to be taken back", 5)
    seen = (await faults.histories(ingest.bus, ["helmet"]))["helmet"].seen
    assert seen is not None


# --- pulls ---------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulls that try again at once."""
    monkeypatch.setattr(pull_module, "_RETRY_S", (0.05, 0.05, 0.1))


def made(path: Path, *codecs: str) -> Path:
    """A file of two seconds in these codecs."""
    source = (*PICTURE, *SOUND, "-t", "2")
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *source, *codecs, path], check=True)
    return path


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("codecs", "container", "words"),
    [
        ((*HEVC, "-c:a", "aac"), "mp4", "its picture is HEVC, which"),
        (("-c:v", "flv1", "-c:a", "libmp3lame"), "flv", "is Sorenson H.263 and its sound is MP3"),
        (("-vn", "-c:a", "libmp3lame"), "mp3", "its sound is MP3"),
    ],
)
async def test_a_pulled_source_that_cannot_be_shown_is_told(
    codecs: tuple[str, ...], container: str, words: str, store: Redis, store_url: str,
    tmp_path: Path,
):  # fmt: skip
    source = made(tmp_path / f"source.{container}", *codecs)
    async with pulling(store_url, source, loop=True):
        (fault,) = await eventually(lambda: told(store), "the refusal", 10)
        assert fault.kind == FaultKind.REFUSED
        assert words in fault.text
        assert fault.remedy.startswith("convert it to ")
        assert await presence.get(store, presence.CAMERA, "helmet") is None


@pytest.mark.usefixtures("impatient")
async def test_a_pulled_source_plays_without_its_sound(
    store: Redis, store_url: str, tmp_path: Path
):
    source = made(tmp_path / "source.mp4", *H264, "-c:a", "libmp3lame")
    async with listening(store_url, "helmet") as listener, pulling(store_url, source, loop=True):
        await listener.until(10, within_s=10)
        (fault,) = await eventually(lambda: told(store), "the fault", 10)
        assert fault.kind == FaultKind.SOUND_LOST


@pytest.mark.usefixtures("impatient")
async def test_a_source_that_cannot_be_had_is_told(store: Redis, store_url: str, tmp_path: Path):
    async with pulling(store_url, tmp_path / "missing.mp4"):
        (fault,) = await eventually(lambda: told(store), "the fault", 10)
    assert fault.kind == FaultKind.UNREACHABLE
    assert "No such file" in fault.text
