"""Turns and mirrors pictures that are to be shown so, once for all rungs: telephones film on their
side, and their front cameras as in a mirror.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from av.error import FFmpegError
from av.filter import Graph
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from relay.av.formats import TIME_BASE
from relay.errors import MediaError
from relay.media.sei import UPRIGHT, Orientation

if TYPE_CHECKING:
    from av.filter.context import FilterContext

_FILTERS: Final = (
    (),
    (("transpose", "cclock"),),
    (("hflip", ""), ("vflip", "")),
    (("transpose", "clock"),),
)
"""By quarters anticlockwise."""


class Upright:
    """Passes pictures on as they are to be shown. Turns are by the nearest quarter."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._form: tuple[int, int, str, Orientation] | None = None
        self._orientation = UPRIGHT
        self._rotation = 0

    def take(self, frame: VideoFrame) -> tuple[VideoFrame, bool]:
        """A picture the right way up, and whether its width and height have changed places.

        Raises:
            MediaError: it cannot be turned.
        """
        # It is told with keyframes, and holds until the next one. A frame whose side data was asked
        # for is part of a cycle: its picture stays in memory until Python looks for those.
        if frame.key_frame or frame.rotation not in (0, self._rotation):
            self._rotation = frame.rotation
            told = cast("Any", frame).side_data.get(Type.DISPLAYMATRIX)  # typed for names only
            self._orientation = Orientation.of_matrix(bytes(told)) if told else UPRIGHT
        orientation = self._orientation
        if orientation == UPRIGHT:
            return frame, False
        form = (frame.width, frame.height, frame.format.name, orientation)
        try:
            if self._graph is None or form != self._form:
                self._graph, self._form = _graph(frame, orientation), form
            self._graph.push(frame)
            turned = self._graph.pull()
        except FFmpegError as error:
            raise MediaError(f"turning: {error}") from None
        assert isinstance(turned, VideoFrame)
        turned.pts, turned.time_base = frame.pts, TIME_BASE
        return turned, orientation.turns % 2 == 1


def _graph(like: VideoFrame, orientation: Orientation) -> Graph:
    graph = Graph()
    last: FilterContext = graph.add_buffer(
        width=like.width, height=like.height, format=like.format, time_base=TIME_BASE
    )
    mirror = (("hflip", ""),) if orientation.mirrored else ()
    for name, options in (*mirror, *_FILTERS[orientation.turns]):
        following = graph.add(name, options)
        last.link_to(following)
        last = following
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph
