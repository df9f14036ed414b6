"""Makes whole pictures of interlaced ones, once for all rungs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from av.error import BlockingIOError as Starved
from av.error import EOFError as Ended
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

from relay.av.formats import TIME_BASE
from relay.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

Frames = list[tuple[VideoFrame, int]]
"""Frames, each with its capture time in µs since the epoch."""

_FILTER: Final = "mode=send_frame:parity=auto:deint=interlaced"
"""A picture for each picture, and those that are whole as they are."""


class Deinterlacer:
    """Passes pictures on until one is interlaced, and filters all from then on, because the filter
    needs the next picture: it holds each back until that has come.
    """

    _PENDING: Final = 8

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._form: tuple[int, int, str] | None = None
        self._captured: dict[int, int] = {}

    def take(self, frame: VideoFrame, captured_us: int) -> Frames:
        """The whole pictures that `frame` completes.

        Raises:
            MediaError: it cannot be filtered.
        """
        form = (frame.width, frame.height, frame.format.name)
        if self._graph is not None and form != self._form:
            self._graph = None
        if self._graph is None:
            if not frame.interlaced_frame:
                return [(frame, captured_us)]
            self._graph, self._form = _graph(frame), form
            self._captured.clear()
        self._captured[cast("int", frame.pts)] = captured_us
        if len(self._captured) > self._PENDING:
            del self._captured[next(iter(self._captured))]
        return self._filtered(self._graph, frame)

    def finish(self) -> Frames:
        """The pictures that are held back; nothing can be taken after that.

        Raises:
            MediaError: they cannot be filtered.
        """
        return [] if self._graph is None else self._filtered(self._graph, None)

    def _filtered(self, graph: Graph, frame: VideoFrame | None) -> Frames:
        try:
            graph.push(frame)
            return [(each, self._captured.pop(cast("int", each.pts), 0)) for each in _pull(graph)]
        except FFmpegError as error:
            raise MediaError(f"deinterlacing: {error}") from None


def _graph(like: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=like.width, height=like.height, format=like.format, time_base=TIME_BASE
    )
    deinterlace, sink = graph.add("bwdif", _FILTER), graph.add("buffersink")
    source.link_to(deinterlace)
    deinterlace.link_to(sink)
    graph.configure()
    return graph


def _pull(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (Starved, Ended):
            return
        assert isinstance(frame, VideoFrame)
        assert frame.pts is not None
        # The filter counts in halves of a tick, so that it could tell fields apart.
        scale = (frame.time_base or TIME_BASE) / TIME_BASE
        frame.pts, frame.time_base = round(frame.pts * scale), TIME_BASE
        yield frame
