"""Session descriptions and fragments that strangers post."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relay.errors import ProtocolError
from relay.webrtc.description import FEEDBACK
from relay.webrtc.sdp import parse_fragment, parse_offer
from tests.fuzz.mutation import TIMEOUT_S, fuzz
from tests.support.offers import CHROMIUM, CHROMIUM_LIKE, FIREFOX_LIKE, SAFARI_LIKE
from tests.webrtc.test_sdp_hostile import understood

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

pytestmark = pytest.mark.timeout(TIMEOUT_S)

CAPTURES = Path(__file__).parents[1] / "captures"
OFFERS = [recipe.text().encode() for recipe in (CHROMIUM_LIKE, FIREFOX_LIKE, SAFARI_LIKE)]
LINES = sorted({line + b"\r\n" for offer in OFFERS for line in offer.split(b"\r\n") if line})
WORDS = [
    *LINES, b"a=group:BUNDLE ", b"a=bundle-only\r\n", b"a=inactive\r\n", b"m=video 0 x 96\r\n",
    b"a=extmap:15 ", b"a=rtcp-fb:* nack\r\n", b"\xe2\x80\xa8", b"\xc2\x85", b"\x00", b"99999",
]  # fmt: skip


def test_offers(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        text = data.decode(errors="replace")
        offer = understood(text)
        if offer is None:
            parse_offer(text)
        assert offer is not None
        assert len(offer.media) <= text.count("m=")
        assert {kind for track in offer.tracks for kind in track.feedback} <= set(FEEDBACK)
        assert set(offer.bundle) <= {media.mid for media in offer.media}
        first = offer.tracks[0]
        return len(offer.media), len(offer.tracks), first.rtx_payload_type, first.feedback

    seeds = [*OFFERS, CHROMIUM.encode()]
    figure(
        fuzz("parse_offer", 8_000, seeds, check, refusal=ProtocolError, words=WORDS, most=16_384)
    )


def test_answers_are_no_offers(figure: Callable[[str], None]) -> None:
    """What browsers answer is of the same language."""
    seeds = [path.read_bytes() for path in sorted(CAPTURES.glob("answer_*.sdp"))]

    def check(data: bytes) -> Hashable:
        text = data.decode(errors="replace")
        if (offer := understood(text)) is None:
            parse_offer(text)
        return offer and len(offer.media)

    offers = [*seeds, *(seed.replace(b"a=sendonly", b"a=recvonly") for seed in seeds), OFFERS[0]]
    figure(fuzz("parse_offer, answers", 8_000, offers, check, refusal=ProtocolError, words=WORDS))


def test_fragments(figure: Callable[[str], None]) -> None:
    ice = b"a=ice-ufrag:vwr1\r\na=ice-pwd:viewer-password-of-24ch+\r\n"
    seeds = [
        ice,
        b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" + ice + b"a=end-of-candidates\r\n",
        b"a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host\r\n",
    ]

    def check(data: bytes) -> Hashable:
        text = data.decode(errors="replace")
        found = parse_fragment(text)
        if found is None:
            return None
        for value in (found.ufrag, found.password):
            assert value in text
            assert not value or len(value.splitlines()) == 1
        return bool(found.ufrag), bool(found.password)

    figure(fuzz("parse_fragment", 40_000, seeds, check, refusal=ProtocolError, words=[ice[:12]]))
