"""Files as people have them, made by the real ffmpeg."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SIZE: Final = (320, 180)
FPS: Final = 25
SECONDS: Final = 1


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    name: str
    """What people call it."""
    suffix: str
    video: str = "-c:v libx264 -preset ultrafast -bf 2 -g 25 -pix_fmt yuv420p"
    sound: str = "-c:a aac"
    more: str = ""
    """Further options of the output."""
    filters: str = "null"

    def make(self, folder: Path) -> Path:
        """Make it; a second long."""
        path = folder / f"clip.{self.suffix}"
        rate = FPS * 2 if "tinterlace" in self.filters else FPS
        size = "x".join(map(str, SIZE))
        tracks = [
            *("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate},{self.filters}"),
            *("-f", "lavfi", "-i", "sine=f=440:r=48000"),
        ]
        outputs = [*self.video.split(), *self.sound.split(), *self.more.split()]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *tracks, "-t", str(SECONDS), *outputs]
        subprocess.run([*command, str(path)], check=True)
        return path


def turned(path: Path, turns: int) -> Path:
    """The same file with a rotation by quarters in it, as telephones write it."""
    out = path.with_name(f"turned{turns}.mov")
    tag = ["-metadata:s:v:0", f"rotate={90 * turns}"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(path), "-c", "copy", *tag]
    subprocess.run([*command, str(out)], check=True)
    return out


def mirrored(path: Path, turns: int) -> Path:
    """The same MP4 with a matrix in it that mirrors, and then turns by quarters anticlockwise."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # of the first track, which is the picture's
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[turns]
    matrix = (-cosine << 16, sine << 16, 0, sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    data[at : at + 36] = struct.pack(">9i", *matrix)
    out = path.with_name(f"mirrored{turns}.mp4")
    out.write_bytes(data)
    return out


def x264(profile: str, pix_fmt: str = "yuv420p", more: str = "") -> str:
    """The options of a profile of H.264."""
    return f"-c:v libx264 -preset veryfast -g 25 -profile:v {profile} -pix_fmt {pix_fmt} {more}"


PLAYS: Final = (
    Kind("MP4, its index at the end", "mp4"),
    Kind("MP4, its index at the beginning", "mp4", more="-movflags +faststart"),
    Kind("MP4, fragmented", "mp4", more="-movflags frag_keyframe+empty_moov"),
    Kind("MOV", "mov"),
    Kind("MKV", "mkv"),
    Kind("MPEG-TS", "ts"),
    Kind("M2TS", "m2ts"),
    Kind("FLV", "flv"),
    Kind("AVI", "avi"),
    Kind("3GP", "3gp"),
    Kind("H.264 Baseline", "mp4", x264("baseline")),
    Kind("H.264 Main", "mp4", x264("main")),
    Kind("H.264 High", "mp4", x264("high")),
    Kind("H.264 High 10", "mp4", x264("high10", "yuv420p10le")),
    Kind("H.264 High 4:2:2", "mp4", x264("high422", "yuv422p10le")),
    Kind("H.264 High 4:4:4", "mp4", x264("high444", "yuv444p")),
    Kind("H.264 interlaced", "mp4", x264("high", more="-flags +ilme+ildct -x264-params tff=1"),
         filters="tinterlace=interleave_top"),
    Kind("H.264 with an open GOP", "mkv", x264("high", more="-x264-params open-gop=1")),
    Kind("H.264 at a rate that varies", "mkv", filters="select='not(mod(n\\,2))+lt(n\\,10)'",
         more="-vsync vfr"),
)  # fmt: skip

X265: Final = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
REFUSED: Final = (
    (Kind("HEVC", "mp4", X265), "its picture is HEVC", "H.264"),
    (Kind("MPEG-4 Part 2", "avi", "-c:v mpeg4"), "its picture is MPEG-4 Part 2", "H.264"),
    (Kind("MPEG-2", "mpg", "-c:v mpeg2video", "-c:a mp2"), "its picture is MPEG-2", "H.264"),
    (Kind("ProRes", "mov", "-c:v prores"), "its picture is ProRes", "H.264"),
    (Kind("MP3", "mp3", "-vn", "-c:a libmp3lame"), "its sound is MP3", "AAC"),
    (Kind("WAV", "wav", "-vn", "-c:a pcm_s16le"), "its sound is PCM", "AAC"),
    (Kind("H.264 alone", "h264", sound="-an"), "does not tell when", "MP4 or MKV"),
)
SILENT: Final = (
    (Kind("MKV with Opus", "mkv", sound="-c:a libopus"), "Opus"),
    (Kind("MKV with AC-3", "mkv", sound="-c:a ac3"), "AC3"),
    (Kind("MP4 with MP3", "mp4", sound="-c:a libmp3lame"), "MP3"),
)
