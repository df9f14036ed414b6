"""Files of every kind that people have: what plays, what is turned, what is refused and why."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relay.av.decode import Decoder
from relay.bus.faults import FaultKind
from relay.camera.pictures import _Whole
from relay.camera.source import Source
from relay.ingest.pull import Pace, open_source, play_once
from relay.ingest.tracks import RefusedSource, has_index_at_end, tracks_of
from relay.media import sei
from relay.media.codecs import Codec, Kind
from relay.media.sei import Orientation
from relay.media.timebase import VIDEO_CLOCK
from relay.media.unit import Unit
from tests.support import files
from tests.support.files import FPS, SIZE
from tests.support.web import Web, web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from av.video.frame import VideoFrame

REORDERED = 3
"""Pictures that a decoder, and a deinterlacer, still hold back at a file's end."""


class Hurried(Pace):
    """Does not wait."""

    def wait(self, at: int) -> None:
        pass


def played(source: str | Path) -> list[Unit]:
    units: list[Unit] = []

    def emit(codec: Codec, dts: int, offset: int, keyframe: bool, payload: bytes) -> None:
        units.append(Unit(codec, dts + offset, dts, 0, keyframe, payload))

    with open_source(str(source), allow_private=True) as container:
        play_once(container, emit, start=0, pace=Hurried())
    return units


def shown(units: list[Unit]) -> list[tuple[VideoFrame, tuple[int, int]]]:
    decoder = _Whole(Codec.H264)
    found = [each for unit in units if unit.codec is Codec.H264 for each in decoder.shown(unit)]
    return [(frame, size) for frame, _, size in found]


@pytest.mark.parametrize("kind", files.PLAYS, ids=lambda kind: kind.name)
def test_what_plays(kind: files.Kind, tmp_path: Path):
    units = played(kind.make(tmp_path))
    pictures = shown(units)
    varies = "varies" in kind.name
    assert (len(pictures) >= FPS - REORDERED) or (varies and len(pictures) >= 14)
    assert {size for _, size in pictures} == {SIZE}
    times = [frame.pts or 0 for frame, _ in pictures]
    steps = {b - a for a, b in pairwise(times)}
    frame = VIDEO_CLOCK // FPS
    assert all(abs(step - frame) <= 180 or (varies and step < 3 * frame) for step in steps)
    sound = Decoder(Codec.AAC)
    heard = sum(len(sound.decode(unit)) for unit in units if unit.codec is Codec.AAC)
    assert heard >= 40


@pytest.mark.parametrize(("kind", "why", "wanted"), files.REFUSED, ids=lambda each: str(each)[:40])
def test_what_is_refused(kind: files.Kind, why: str, wanted: str, tmp_path: Path):
    with pytest.raises(RefusedSource, match=re.escape(why)) as caught:
        played(kind.make(tmp_path))
    assert caught.value.fault.kind == FaultKind.REFUSED
    assert wanted in caught.value.fault.remedy


@pytest.mark.parametrize(("kind", "codec"), files.SILENT, ids=lambda each: str(each)[:40])
def test_what_plays_without_its_sound(kind: files.Kind, codec: str, tmp_path: Path):
    path = kind.make(tmp_path)
    with open_source(str(path), allow_private=False) as container:
        assert tracks_of(container).lost == {Kind.AUDIO: codec}
    assert len(shown(played(path))) >= FPS - REORDERED


# --- which way up ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "turns"),
    [(files.turned, turns) for turns in (1, 2, 3)]
    + [(files.mirrored, turns) for turns in range(4)],
)
def test_what_is_turned_or_mirrored_is_shown_right_and_not_passed_through(
    change: Callable[[Path, int], Path], turns: int, tmp_path: Path
):
    plain = files.Kind("MP4", "mp4", files.x264("baseline", more="-force_key_frames 0.4,0.8"))
    path = change(plain.make(tmp_path), turns)
    units, source = played(path), Source()
    for unit in units:
        source.watch(unit)
    size = SIZE if turns % 2 == 0 else SIZE[::-1]
    assert source.size == size
    assert source.through.refusal is not None
    assert "turned" in source.through.refusal
    frames = shown(units)
    assert {each for _, each in frames} == {size}
    # FFmpeg's own command turns as a player does.
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    wanted = np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])
    for index in (0, 5, 15, len(frames) - 1):
        assert np.array_equal(frames[index][0].to_ndarray(format="gray"), wanted[index])


@pytest.mark.parametrize("how", [Orientation(m, t) for m in (False, True) for t in range(4)])
def test_how_a_picture_is_shown_is_told_inside_of_the_stream(how: Orientation):
    payload = b"\0\0\0\1" + sei.oriented(how) + b"\0\0\0\1\x65\x88"
    assert sei.orientation(payload) == how
    assert sei.orientation(b"\0\0\0\1\x65\x88") == sei.UPRIGHT


def test_upside_down_is_mirrored_and_turned_by_half():
    upside_down = b"\0\0\0\1\x06\x2f\x03\x20\x00\x09\x80\0\0\0\1\x65\x88"
    assert sei.orientation(upside_down) == Orientation(mirrored=True, turns=2)


# --- by HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as found:
        yield found


@contextmanager
def asked_for(site: Web, body: bytes) -> Iterator[list[int]]:
    """Serve a file in parts; the bytes from which it was asked for."""
    begins: list[int] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        begin = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
        begins.append(begin)
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        request.send_header("Content-Length", str(len(body) - begin))
        request.end_headers()
        request.wfile.write(body[begin:])

    site.answers["/clip"] = answer
    yield begins


def test_a_file_whose_index_is_at_its_end_is_read_in_parts(site: Web, tmp_path: Path):
    body = files.PLAYS[0].make(tmp_path).read_bytes()
    assert has_index_at_end(body[:4096])
    with asked_for(site, body) as begins:
        assert len(shown(played(f"{site.url}/clip"))) >= FPS - REORDERED
    assert begins[0] == 0
    assert begins[1] > len(body) // 2
    assert len(begins) <= 4


def test_a_server_without_parts_is_told_of_once(site: Web, tmp_path: Path):
    site.serve("/clip", files.PLAYS[0].make(tmp_path).read_bytes())
    with pytest.raises(RefusedSource, match="its index is at its end") as caught:
        played(f"{site.url}/clip")
    assert "faststart" in caught.value.fault.remedy
    assert site.asked == ["/clip"]


@pytest.mark.parametrize("index", [1, 2, 5, 7])
def test_other_files_need_no_parts(index: int, site: Web, tmp_path: Path):
    body = files.PLAYS[index].make(tmp_path).read_bytes()
    assert not has_index_at_end(body[:4096])
    site.serve("/clip", body)
    assert len(shown(played(f"{site.url}/clip"))) >= FPS - REORDERED
    assert site.asked == ["/clip"]
