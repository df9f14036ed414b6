"""Turns pictures that are to be shown turned, once for all rungs: telephones film on their side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

from relay.av.formats import TIME_BASE
from relay.errors import MediaError

if TYPE_CHECKING:
    from av.filter.context import FilterContext

_FILTERS: Final = {
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}
"""By degrees anticlockwise."""


class Upright:
    """Passes pictures on as they are to be shown. Others than by quarters are left as they are."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._form: tuple[int, int, str, int] | None = None
        self._angle = 0

    def take(self, frame: VideoFrame) -> tuple[VideoFrame, bool]:
        """A picture the right way up, and whether its width and height have changed places.

        Raises:
            MediaError: it cannot be turned.
        """
        # It is told with keyframes, and holds until the next one.
        if frame.key_frame or frame.rotation:
            self._angle = frame.rotation % 360
        angle = self._angle
        if angle not in _FILTERS:
            return frame, False
        form = (frame.width, frame.height, frame.format.name, angle)
        try:
            if self._graph is None or form != self._form:
                self._graph, self._form = _graph(frame, angle), form
            self._graph.push(frame)
            turned = self._graph.pull()
        except FFmpegError as error:
            raise MediaError(f"turning: {error}") from None
        assert isinstance(turned, VideoFrame)
        turned.pts, turned.time_base = frame.pts, TIME_BASE
        return turned, angle != 180


def _graph(like: VideoFrame, angle: int) -> Graph:
    graph = Graph()
    last: FilterContext = graph.add_buffer(
        width=like.width, height=like.height, format=like.format, time_base=TIME_BASE
    )
    for name, options in _FILTERS[angle]:
        following = graph.add(name, options)
        last.link_to(following)
        last = following
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph
