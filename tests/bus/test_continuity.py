"""What a decoder is given, whatever the store does: it hangs, loses answers, and trims the stream
under readers that are slow. Nothing here waits, and no store runs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.bus import wire
from relay.bus.client import Entry, connect
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter
from relay.media.codecs import Kind
from tests.support.numbered import number, numbers, sound, video

if TYPE_CHECKING:
    from relay.media.unit import Unit

GOP = 10
COUNT = 64
"""What a writer sends at a time."""


class Store:
    """A stream as Redis holds it: ids rise, and the oldest entries go."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, bytes]] = []
        self._next = 1

    def add(self, keep: int, data: bytes) -> None:
        self.entries.append((self._next, data))
        self._next += 1
        del self.entries[: max(len(self.entries) - keep, 0)]


class Writer:
    """A camera's writer, whose batches go where a test says."""

    def __init__(self) -> None:
        self._writer = StreamWriter(connect("unix:///nowhere"), "stream")
        self._next = 0

    def put(self, count: int) -> None:
        for index in range(self._next, self._next + count):
            self._writer.put(video(index, gop=GOP))
            self._writer.put(sound(index))
        self._next += count

    def send(self, store: Store, *, arriving: int, answered: bool) -> None:
        """Send a batch, of which so many units arrive; without an answer it is sent again."""
        queue = self._writer._queue
        batch = [queue.popleft() for _ in range(min(len(queue), COUNT))]
        for keep, data in batch if answered else batch[:arriving]:
            store.add(keep, data)
        if not answered:
            queue.extendleft(reversed(batch))


class Reader(StreamReader):
    """A reader of such a store."""

    def __init__(self, store: Store) -> None:
        super().__init__(connect("unix:///nowhere"), "stream", Start.KEYFRAME)
        self._store, self._at = store, 0

    async def _entries(self, at_most: int) -> list[Entry]:
        found = [(at, data) for at, data in self._store.entries if at > self._at][:at_most]
        if not found:
            raise EOFError
        self._at = found[-1][0]
        return [(b"%d-0" % at, {wire.FIELD: data}) for at, data in found]

    def take(self) -> list[Unit]:
        """The next units; none where all has been read."""
        try:
            self.read().send(None)
        except StopIteration as done:
            units: list[Unit] = done.value
            return units
        except EOFError:
            return []
        raise AssertionError("it waits for something")


def check(found: list[Unit]) -> None:
    """Nothing comes twice or out of order, and after a gap no picture before a keyframe."""
    for kind in Kind:
        assert all(after > before for before, after in pairwise(numbers(found, kind)))
    shown = [unit for unit in found if unit.kind is Kind.VIDEO]
    assert all(unit.keyframe for unit in shown[:1])
    for before, after in pairwise(shown):
        assert after.keyframe or number(after) == number(before) + 1


STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(1, 150)),
    st.tuples(st.just("sent"), st.just(0)),
    st.tuples(st.just("lost"), st.integers(0, COUNT)),
    st.tuples(st.just("read"), st.just(0)),
)


@settings(max_examples=100)
@given(st.lists(STEPS, max_size=40))
def test_a_decoder_sees_no_picture_after_a_gap_before_a_keyframe(
    steps: list[tuple[str, int]],
) -> None:
    store, writer = Store(), Writer()
    reader, found = Reader(store), []
    for what, count in [*steps, ("put", GOP), *[("sent", 0), ("read", 0)] * 20]:
        match what:
            case "put":
                writer.put(count)
            case "sent":
                writer.send(store, arriving=0, answered=True)
            case "lost":
                writer.send(store, arriving=count, answered=False)
            case _:
                found += reader.take()
    check(found)
    assert number(found[-1]) == writer._next - 1, "it does not come to the end"


def test_a_reader_whose_place_was_trimmed_away_goes_on_with_a_keyframe() -> None:
    """As one in a process that had no CPU while a store came back with all that had queued."""
    store, writer = Store(), Writer()
    reader = Reader(store)
    writer.put(GOP)
    writer.send(store, arriving=0, answered=True)
    found = reader.take()
    writer.put(225)
    for _ in range(8):
        writer.send(store, arriving=0, answered=True)
    assert store.entries[0][0] > len(found) + 1, "nothing was trimmed"
    _, oldest = wire.decode(store.entries[0][1])
    while units := reader.take():
        found += units
    check(found)
    assert reader.missed > 0
    assert not oldest.opens_gop, "the stream's oldest picture would do by chance"
