"""Which files may be pulled: those that somebody at this machine has named, and nothing in them."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from relay.errors import MediaError
from relay.ingest.files import Files, open_file
from relay.ingest.pull import open_source
from tests.support.video import make_clip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of picture."""
    path = tmp_path_factory.mktemp("clips") / "short.flv"
    make_clip(path, seconds=1)
    return path


@pytest.fixture
def site(tmp_path: Path, short: Path) -> Path:
    """A folder that may be pulled from, `in`, and one that may not, `out`."""
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
        os.link(short, tmp_path / name / "clip.flv")
    return tmp_path


def opened(files: Files, source: str | Path) -> None:
    find = partial(files.require, "helmet")
    with open_source(str(source), allow_private=False, find=find) as container:
        assert container.streams.video


def test_files_below_the_folders_play(site: Path) -> None:
    files = Files([site / "in"], site / "pulls")
    opened(files, site / "in" / "clip.flv")
    opened(files, site / "out" / ".." / "in" / "clip.flv")
    (site / "link").symlink_to(site / "in")
    opened(Files([site / "link"], site / "pulls"), site / "link" / "clip.flv")


def test_no_others_do(site: Path) -> None:
    files = Files([site / "in"], site / "pulls")
    (site / "in" / "link.flv").symlink_to(site / "out" / "clip.flv")
    (site / "in" / "folder").symlink_to(site / "out")
    (site / "inside").mkdir()
    os.link(site / "out" / "clip.flv", site / "inside" / "clip.flv")
    clip = site / "out" / "clip.flv"
    for source in (
        *(clip, site / "in" / "link.flv", site / "in" / "folder" / "clip.flv"),
        *(site / "in" / ".." / "out" / "clip.flv", site / "inside" / "clip.flv", "/etc/passwd"),
        *(f"concat:{clip}", f"file:{clip}", f"subfile,,start,0,end,9,,:{clip}", f"async:{clip}"),
        *(f"cache:{clip}", "/proc/self/environ", "~/clip.flv", "/dev/zero"),
    ):
        with pytest.raises(MediaError, match="RELAY_PULL_FOLDERS names") as told:
            opened(files, source)
        assert "relay camera change helmet --pull FILE" in str(told.value)
        with pytest.raises(MediaError, match="names no folder, and"):
            opened(Files([], site / "pulls"), source)
    with pytest.raises(MediaError, match="file:// cannot be pulled"):
        opened(files, f"file://{site}/in/clip.flv")


def test_a_file_that_was_named_here_plays_for_its_camera_alone(site: Path) -> None:
    files, clip = Files([], site / "pulls"), site / "out" / "clip.flv"
    files.name("helmet", str(clip))
    opened(files, clip)
    for camera, path in (("drone", clip), ("helmet", site / "in" / "clip.flv")):
        with pytest.raises(MediaError, match="may not be pulled"):
            files.require(camera, str(path))
    files.name("helmet", str(site / "in" / "clip.flv"))
    with pytest.raises(MediaError, match="may not be pulled"):
        opened(files, clip)
    files.forget("helmet")
    files.forget("helmet")
    with pytest.raises(MediaError, match="may not be pulled"):
        opened(files, site / "in" / "clip.flv")


def test_what_is_no_file_is_not_waited_for(site: Path) -> None:
    os.mkfifo(site / "in" / "pipe.flv")
    files = Files([site / "in"], site / "pulls")
    for name, said in (
        ("pipe.flv", "is no file"),
        ("none.flv", "No such file"),
        (".", "is no file"),
    ):
        with pytest.raises(MediaError, match=said):
            opened(files, site / "in" / name)
    path = files.require("helmet", str(site / "in" / "clip.flv"))
    path.unlink()
    path.symlink_to(site / "out" / "clip.flv")  # after it was looked at
    with pytest.raises(MediaError, match="cannot be opened"):
        open_file(path)
    (site / "in").rename(site / "away")
    (site / "in").symlink_to(site / "out")
    with pytest.raises(MediaError, match="has been moved"):
        open_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
        (
            "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period>"
            "<AdaptationSet><Representation id='a'><BaseURL>{}</BaseURL></Representation>"
            "</AdaptationSet></Period></MPD>"
        ),
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["hls", "ffconcat", "dash", "sdp"],
)
@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.mpd", "list.sdp", "list.mp4"])
def test_a_playlist_opens_nothing(text: str, name: str, site: Path) -> None:
    """Not even of what may be pulled."""
    (site / "in" / name).write_text(text.format(site / "in" / "clip.flv"))
    with pytest.raises(MediaError, match=r"no media file, or a playlist|cannot be opened"):
        opened(Files([site / "in"], site / "pulls"), site / "in" / name)
