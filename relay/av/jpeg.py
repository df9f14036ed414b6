"""JPEGs of a camera's pictures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, VideoReformatter

from relay.errors import MediaError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

LARGE: Final = (1280, 720)
SMALL: Final = (480, 270)
"""Sharp on thumbnails of a phone and of a dense screen."""
_QUALITY: Final = "5"
"""FFmpeg's quantiser for JPEG: 2 is the best, 31 the worst."""


def encode(frame: VideoFrame, shown: tuple[int, int], box: tuple[int, int]) -> bytes:
    """A JPEG of a picture, as large as fits into `box`, and no larger than its size as `shown`.

    Raises:
        MediaError: it cannot be encoded.
    """
    scale = min(box[0] / shown[0], box[1] / shown[1], 1.0)
    width, height = (max(2, round(side * scale / 2) * 2) for side in shown)
    try:
        small = VideoReformatter().reformat(
            frame, width, height, "yuvj420p", dst_color_range=ColorRange.JPEG
        )
        context = VideoCodecContext.create("mjpeg", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuvj420p"
        context.time_base = Fraction(1, 1)
        context.options = {"qmin": _QUALITY, "qmax": _QUALITY}
        small.pts, small.time_base = 0, context.time_base
        packets = [*context.encode(small), *context.encode(None)]
    except FFmpegError as error:
        raise MediaError(f"no JPEG can be made: {error}") from None
    return b"".join(bytes(packet) for packet in packets)
