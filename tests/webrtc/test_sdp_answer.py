"""Answers: golden ones, and what must hold for all of them (RFC 8829, RFC 9143, RFC 8839)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription

from relay.webrtc.ice import Credentials
from relay.webrtc.sdp import answer, fragment, parse_fragment, parse_offer
from tests.support.offers import (
    CHROMIUM,
    CHROMIUM_LIKE,
    FIREFOX_LIKE,
    SAFARI_LIKE,
    Media,
    Recipe,
    h264,
    without_rtx,
)
from tests.webrtc.local import local_for

ANSWERS = Path(__file__).parents[1] / "captures"
OFFERS = {
    "chromium": CHROMIUM,
    "firefox": FIREFOX_LIKE.text(),
    "safari": SAFARI_LIKE.text(),
    "plain": Recipe(
        (Media("video", None, (h264(96, feedback=()),), extra=("a=rtcp-mux",)),)
    ).text(),
}


def answer_to(text: str) -> str:
    offer = parse_offer(text)
    return answer(offer, local_for(offer))


def sections(text: str) -> list[list[str]]:
    return [part.split("\r\n") for part in text.split("\r\nm=")[1:]]


@pytest.mark.parametrize("name", OFFERS)
def test_golden_answers(name: str) -> None:
    golden = (ANSWERS / f"answer_{name}.sdp").read_bytes().decode()
    assert answer_to(OFFERS[name]) == golden


@pytest.mark.parametrize("name", OFFERS)
def test_another_parser_reads_the_answer(name: str) -> None:
    offer = parse_offer(OFFERS[name])
    read = SessionDescription.parse(answer(offer, local_for(offer)))
    assert [m.kind for m in read.media] == [m.kind for m in offer.media]
    for theirs, ours in zip(read.media, offer.media, strict=True):
        assert theirs.rtp.muxId == (ours.mid or "")
        if ours.track is None:
            assert theirs.port == 0
            continue
        assert theirs.direction == "sendonly"
        assert theirs.rtp.codecs[0].payloadType == ours.track.payload_type
        assert theirs.dtls is not None
        assert theirs.dtls.role == "server"
        assert theirs.ice.iceLite
        assert (theirs.ice.usernameFragment, theirs.ice.password) == (
            "edge",
            "edge-password-of-24-char",
        )
        [candidate] = theirs.ice_candidates
        assert (candidate.ip, candidate.port, candidate.type) == ("192.0.2.7", 8189, "host")
        assert theirs.ice_candidates_complete


def test_refused_descriptions_keep_their_place() -> None:
    media = (
        Media("application", "d", (), profile="UDP/DTLS/SCTP", direction=None),
        replace(CHROMIUM_LIKE.media[0], mid="late", port=0),
        *CHROMIUM_LIKE.media,
    )
    made = answer_to(CHROMIUM_LIKE.but(media=media, bundle=("d", "0", "1")).text())
    heads = [section[0] for section in sections(made)]
    assert heads[0] == "application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert heads[1].startswith("video 0 ")
    assert heads[2] == "video 9 UDP/TLS/RTP/SAVPF 108 109"
    assert heads[3] == "audio 9 UDP/TLS/RTP/SAVPF 111"
    assert "a=group:BUNDLE 0 1\r\n" in made
    for mid, part in zip(("d", "late", "0", "1"), sections(made), strict=True):
        assert f"a=mid:{mid}" in part


def test_the_group_keeps_the_offers_order() -> None:
    """RFC 9143 section 7.3.1: the offerer's tagged description stays the tagged one."""
    assert "a=group:BUNDLE 1 0\r\n" in answer_to(CHROMIUM_LIKE.but(bundle=("1", "0")).text())


def test_without_a_group_there_is_none_in_the_answer() -> None:
    """Chromium refuses an answer with a group that it has not offered."""
    made = answer_to(CHROMIUM_LIKE.but(bundle=()).text())
    assert "BUNDLE" not in made
    assert [part[0].split()[1] for part in sections(made)] == ["9", "0"]


def test_descriptions_without_an_identification_get_none() -> None:
    assert "a=mid" not in answer_to(CHROMIUM_LIKE.each(mid=None).text())


def test_only_feedback_that_was_offered() -> None:
    """RFC 4585 section 4.2."""
    for feedback in [(), ("nack",), ("ccm fir", "nack pli", "transport-cc")]:
        recipe = Recipe((Media("video", "0", (h264(96, feedback=feedback),)),))
        lines = [line for line in answer_to(recipe.text()).split("\r\n") if "rtcp-fb" in line]
        assert sorted(line.partition(" ")[2] for line in lines) == sorted(
            set(feedback) - {"transport-cc"}
        )


def test_reduced_size_only_where_it_was_offered() -> None:
    made = sections(answer_to(FIREFOX_LIKE.text()))
    assert ["a=rtcp-rsize" in part for part in made] == [False, True]


def test_a_group_of_ssrcs_only_with_retransmissions() -> None:
    assert "a=ssrc-group:FID 1000 1001\r\n" in answer_to(CHROMIUM)
    assert "FID" not in answer_to(without_rtx(CHROMIUM_LIKE).text())
    assert "1001" not in answer_to(without_rtx(CHROMIUM_LIKE).text())


def test_a_passive_viewer_is_answered_active() -> None:
    made = answer_to(CHROMIUM_LIKE.but(setup="passive").text())
    assert "a=setup:active\r\n" in made
    assert "a=setup:passive" not in made


def test_the_answer_to_a_restart_reads_back() -> None:
    credentials = Credentials("abcd", "0123456789012345678901")
    assert parse_fragment(fragment(credentials)) == credentials
