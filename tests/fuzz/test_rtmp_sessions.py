"""Whole RTMP sessions: an encoder that goes mad at any stage of its connection."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.message import MessageType
from relay.ingest.rtmp.session import EARLY_HELD
from tests.fuzz.captured import HELLO, NAMES, chunks, connection, messages
from tests.fuzz.mutation import TIMEOUT_S, fuzz
from tests.ingest.rtmp.test_hostile import arrived, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from relay.ingest.rtmp.message import Message
    from relay.ingest.rtmp.session import Session

pytestmark = pytest.mark.timeout(TIMEOUT_S)

MEDIA = (MessageType.AUDIO, MessageType.VIDEO, MessageType.DATA_AMF0)


def sent(name: str, *, media: bool) -> list[Message]:
    """What an encoder sent up to its first pictures, or from there on."""
    told = [each for each in messages(name) if len(each.body) < 600]
    first = next(index for index, each in enumerate(told) if each.kind in MEDIA)
    return told[first : first + 8] + told[-2:] if media else told[: first + 3]


SEEDS = {
    "handshake": [connection(name)[: HELLO + 400] for name in NAMES],
    **{
        stage: [chunks(sent(name, media=media), size) for name in NAMES for size in (90, 4096)]
        for stage, media in (("connecting", False), ("pending", True), ("publishing", True))
    },
}
COUNTS = {"handshake": 3_000, "connecting": 5_000, "pending": 5_000, "publishing": 6_000}


def answers(session: Session, data: bytes) -> int:
    """How many bytes a session sends for some more."""
    with suppress(RtmpError):
        session.receive(data, 0.0)
    return len(session.take_output())


@pytest.mark.parametrize("stage", SEEDS)
def test_sessions(figure: Callable[[str], None], stage: str) -> None:
    """They come to the same however they are cut, answer little, and keep little."""
    begun = pickle.dumps(arrived(stage))

    def check(data: bytes) -> Hashable:
        session, parted = pickle.loads(begun), pickle.loads(begun)
        cut = sum(data[:8]) % (len(data) + 1)
        events, fault = outcome(session, [data])
        # Not by value: there is a number that is not itself.
        assert repr(outcome(parted, [data[:cut], data[cut:]])) == repr((events, fault))
        assert session.state is parted.state
        assert session._reader._held <= (1 << 24 if stage == "publishing" else EARLY_HELD)
        assert len(session._publication._early) <= len(MEDIA) + 2
        assert answers(pickle.loads(begun), data) <= 4096 + 4 * len(data)
        if fault is not None:
            raise RtmpError(fault)
        return session.state, tuple(dict.fromkeys(map(type, events)))

    words = [b"\xff\xff\xff", b"\x02\x00\x07publish", b"\x02\x00\x07connect", b"\x02\x00\x04play"]
    count = COUNTS[stage]
    figure(fuzz(f"Session, {stage}", count, SEEDS[stage], check, refusal=RtmpError, words=words))
