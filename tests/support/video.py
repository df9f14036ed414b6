"""Real H.264 and AAC: encoded here, or read from a clip, and decoded back by FFmpeg."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tests.support.stack import CLIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame


def picture(width: int, height: int, index: int = 0) -> VideoFrame:
    """A picture with some detail that moves with `index`."""
    rows, columns = np.mgrid[0:height, 0:width]
    luma = ((rows * 3 + columns * 5 + index * 7) % 220 + 16).astype(np.uint8)
    rgb = np.dstack([luma, np.roll(luma, index, axis=1), luma[::-1]])
    return VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")


def encode_h264(
    width: int,
    height: int,
    *,
    frames: int = 1,
    fps: int = 30,
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    x264: str = "",
) -> list[av.Packet]:
    """Packets in Annex B form with parameter sets before each keyframe."""
    encoder = VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pix_fmt
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.thread_count = 1
    encoder.options = {
        "preset": "ultrafast",
        "x264-params": f"scenecut=0:log=none{x264 and ':' + x264}",
        **(options or {}),
    }
    packets = []
    for index in range(frames):
        frame = picture(width, height, index).reformat(format=pix_fmt)
        frame.pts, frame.time_base = index, Fraction(1, fps)
        packets += encoder.encode(frame)
    return [*packets, *encoder.encode(None)]


def decode_h264(access_units: Iterable[bytes]) -> list[VideoFrame]:
    """What FFmpeg makes of access units in Annex B form."""
    decoder = VideoCodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames: list[VideoFrame] = []
    for unit in access_units:
        frames += decoder.decode(av.Packet(unit))
    return [*frames, *decoder.decode(None)]


def decode_sound(codec: str, packets: Sequence[bytes]) -> list[AudioFrame]:
    """What FFmpeg makes of AAC frames behind ADTS headers, or of Opus packets."""
    decoder = cast("AudioCodecContext", av.CodecContext.create(codec, "r"))
    frames: list[AudioFrame] = []
    for packet in packets:
        frames += decoder.decode(av.Packet(packet))
    return [*frames, *decoder.decode(None)]


def tone(samples: int, *, rate: int = 48_000, layout: str = "stereo", hertz: float = 440.0) -> Any:
    """An audio frame with a sine in it, in the planar floats that FFmpeg's AAC decoder gives."""
    channels = av.AudioLayout(layout).nb_channels
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)
    data = np.tile(wave.astype(np.float32), (channels, 1))
    frame = av.AudioFrame.from_ndarray(data, format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def make_clip(
    path: Path,
    *,
    seconds: float = 4.0,
    size: tuple[int, int] = (854, 480),
    options: dict[str, str] | None = None,
) -> Path:
    """A file with the properties of the GoPro clip: H.264 Main with B-frames, and AAC at 48 kHz;
    `options` are x264's instead.
    """
    rate, sound_rate = Fraction(30_000, 1001), 48_000
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        made = {"profile": "main", "bf": "2", "g": "30"} if options is None else options
        video.options = {"preset": "ultrafast", **made}
        sound = container.add_stream("aac", rate=sound_rate)
        sound.layout = "stereo"
        sound_pts = 0
        for index in range(int(seconds * rate)):
            container.mux(video.encode(picture(*size, index)))
            while sound_pts / sound_rate < (index + 1) / rate:
                frame = tone(1024)
                frame.pts, sound_pts = sound_pts, sound_pts + 1024
                container.mux(sound.encode(frame))
        for stream in (video, sound):
            container.mux(stream.encode(None))
    return path


def the_clip(folder: Path) -> Path:
    """The GoPro clip that lies beside the checkout, or one with the same properties."""
    return CLIP if CLIP.exists() else make_clip(folder / "clip.mp4")
