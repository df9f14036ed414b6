"""What strangers bring about is a line a second in the log, however much it is."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from relay import log
from relay.tally import Tally
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_the_first_is_told_at_once_and_the_others_as_a_sum() -> None:
    tally = Tally()
    assert tally.note("connection ended", 10.0, network="a", why="no key")
    for number in range(36):
        why = "no key" if number % 3 else "too late"
        assert not tally.note("connection ended", 10.5, network=f"n{number % 12}", why=why)
    assert tally.note("another", 10.5)
    assert tally.take(10.9) == []
    assert tally.next_due() == 11.0
    (found,) = tally.take(11.0)
    assert (found.kind, found.more, len(found.networks)) == ("connection ended", 36, 12)
    assert found.why() == "no key (24), too late (12)"


def test_a_flood_is_a_line_a_second_until_a_second_is_quiet() -> None:
    tally = Tally()
    lines, at_once = [], 0
    for step in range(10_000):  # 1,000 a second, for ten seconds
        now = step / 1000
        at_once += tally.note("refused", now, network=str(step))
        lines += tally.take(now)
    assert at_once == 1
    assert len(lines) == 9
    assert all(999 <= each.more <= 1001 for each in lines)
    lines += tally.take(11.0)
    assert sum(each.more for each in lines) == 9_999
    assert tally.take(12.0) == []
    assert tally.next_due() is None
    assert tally.note("refused", 13.0)


def test_it_keeps_little_however_many_they_are() -> None:
    tally = Tally()
    for number in range(30_000):
        tally.note("refused", 0.5, network=str(number), why=str(number))
    (found,) = tally.take(2.0)
    assert found.more == 29_999
    assert len(found.networks) == 10_000
    assert len(found.reasons) == 9
    assert found.reasons["other reasons"] == 29_991


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """The lines of the log so far."""
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", stream)
        log.configure(process="test", json=False, level="info")
    yield lambda: stream.getvalue().splitlines()
    logging.getLogger().handlers.clear()
    structlog.reset_defaults()


async def test_the_log_has_one_line_and_a_sum(written: Callable[[], list[str]]) -> None:
    for number in range(38):
        log.logger().info(
            "connection ended",
            peer="192.0.2.1",
            stranger=f"192.0.{number % 12}.0/24",
            reason="late",
        )
        logging.getLogger("aiohttp.server").warning("odd request %s", number)
        log.logger().info("of our own")
    await eventually(lambda: sum("more=37" in line for line in written()) == 2, "the sums")
    ended = [line for line in written() if "connection ended" in line]
    assert len(ended) == 2
    assert "networks=12" in ended[1]
    assert "late (37)" in ended[1]
    assert "stranger" not in "".join(written())
    assert sum("aiohttp" in line or "odd request" in line for line in written()) == 2
    assert sum("of our own" in line for line in written()) == 38


def test_without_a_loop_all_is_told(written: Callable[[], list[str]]) -> None:
    """Nobody would tell the sum."""
    for _ in range(3):
        log.logger().info("connection ended", stranger="")
    assert len(written()) == 3
