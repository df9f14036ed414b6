"""What is taken of the offers that the field's clients make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.errors import ProtocolError
from relay.media.codecs import Kind
from relay.webrtc.ice import Credentials
from relay.webrtc.rtp import Extensions
from relay.webrtc.sdp import answer, parse_fragment, parse_offer
from tests.support.offers import (
    CHROMIUM,
    CHROMIUM_LIKE,
    FINGERPRINT,
    FIREFOX_LIKE,
    OPUS,
    PASSWORD,
    SAFARI_LIKE,
    UFRAG,
    Codec,
    Media,
    Recipe,
    h264,
    rtx,
    without_rtx,
)
from tests.webrtc.local import local_for

BROWSERS = [CHROMIUM_LIKE, FIREFOX_LIKE, SAFARI_LIKE]


def video_of(*codecs: Codec, **changes: object) -> Recipe:
    return Recipe((replace(Media("video", "0", codecs), **changes),))  # type: ignore[arg-type]


def test_chromium_itself() -> None:
    offer = parse_offer(CHROMIUM)
    video, audio = offer.tracks
    assert (video.kind, video.mid, video.payload_type, video.rtx_payload_type) == (
        Kind.VIDEO,
        "0",
        108,
        109,
    )
    assert video.extensions == Extensions(abs_send_time=2, playout_delay=5, mid=9)
    assert video.feedback == ("nack", "nack pli", "ccm fir", "goog-remb")
    assert (audio.kind, audio.mid, audio.payload_type, audio.rtx_payload_type) == (
        Kind.AUDIO,
        "1",
        111,
        None,
    )
    assert audio.extensions == Extensions(abs_send_time=2, mid=9)
    assert audio.feedback == ()
    assert offer.remote == Credentials("GIoh", "ollCxO81NhmTxmNYZDnhf5qs")
    assert [f.algorithm for f in offer.fingerprints] == ["sha-256"]
    assert offer.bundle == ("0", "1")
    assert not offer.passive


@pytest.mark.parametrize("recipe", BROWSERS)
def test_browsers_get_picture_and_sound(recipe: Recipe) -> None:
    offer = parse_offer(recipe.text())
    assert {track.kind for track in offer.tracks} == {Kind.VIDEO, Kind.AUDIO}
    assert offer.remote == Credentials(UFRAG, PASSWORD)
    assert [f.value for f in offer.fingerprints] == [FINGERPRINT]


@pytest.mark.parametrize(("setup", "passive"), [("actpass", 0), ("active", 0), ("passive", 1)])
def test_who_begins_dtls(setup: str, passive: int) -> None:
    assert parse_offer(CHROMIUM_LIKE.but(setup=setup).text()).passive == bool(passive)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_kind_alone(kind: str) -> None:
    offer = parse_offer(CHROMIUM_LIKE.only(kind).text())
    assert [str(track.kind) for track in offer.tracks] == [kind]


def test_without_retransmission_formats() -> None:
    assert {t.rtx_payload_type for t in parse_offer(without_rtx(CHROMIUM_LIKE).text()).tracks} == {
        None
    }


@pytest.mark.parametrize(
    ("profiles", "best"),
    [
        (["42001f", "42e01f", "4d001f"], "42e01f"),
        (["640c1f", "42e01f"], "42e01f"),
        (["640034", "42c02a"], "42c02a"),
        (["64001f", "4d001f", "42001f"], "42001f"),
        (["f4001f", "640c1f"], "640c1f"),
        (["f4001f", "4D001F"], "4D001F"),
    ],
)
def test_the_profile_nearest_to_our_encoders_is_taken(profiles: list[str], best: str) -> None:
    codecs = [h264(96 + index, profile) for index, profile in enumerate(profiles)]
    [track] = parse_offer(video_of(*codecs).text()).tracks
    assert track.payload_type == 96 + profiles.index(best)


@pytest.mark.parametrize(
    "parameters",
    [
        "packetization-mode=1",
        "profile-level-id=42e01f; packetization-mode=1; level-asymmetry-allowed=1",
        "Packetization-Mode=1;Profile-Level-Id=42E01F",
        "packetization-mode=1;profile-level-id=nonsense",
        "packetization-mode=1;profile-level-id=",
    ],
)
def test_parameters_in_other_spellings(parameters: str) -> None:
    """RFC 6184 writes a space behind the semicolons."""
    [track] = parse_offer(video_of(Codec(96, "H264/90000", parameters)).text()).tracks
    assert track.parameters == parameters


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (video_of(h264(96, mode=2)), r"video: it needs H\.264 with packetization-mode=1"),
        (video_of(Codec(96, "VP8/90000")), "video: it needs H264/90000"),
        (video_of(h264(96), direction="sendonly"), "video: it does not receive"),
        (video_of(h264(96), direction="inactive"), "video: it does not receive"),
        (video_of(h264(96), port=0), "video: it does not receive"),
        # RTCP on a port of its own
        (video_of(h264(96), extra=("a=rtcp-rsize",)), "video: it needs a=rtcp-mux"),
        (
            Recipe((Media("application", "0", (), profile="UDP/DTLS/SCTP", direction=None),)),
            "other media: only video and audio are sent",
        ),
        (Recipe(()), "no media"),
    ],
    ids=["mode 2", "VP8", "sendonly", "inactive", "port 0", "no rtcp-mux", "data", "nothing"],
)
def test_offers_with_nothing_for_us_are_told_why(recipe: Recipe, why: str) -> None:
    with pytest.raises(ProtocolError, match=rf"no H\.264 or Opus.*: {why}$"):
        parse_offer(recipe.text())


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("", "packetization-mode=1"),
        ("packetization-mode=0", "packetization-mode=1"),
        ("profile-level-id=42e01f", "profile-level-id=42e01f;packetization-mode=1"),
        (
            "profile-level-id=42e01f;packetization-mode=0;level-asymmetry-allowed=1",
            "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1",
        ),
    ],
)
def test_receivers_that_name_no_mode_or_mode_0_are_served_in_mode_1(
    offered: str, answered: str
) -> None:
    offer = parse_offer(video_of(Codec(96, "H264/90000", offered)).text())
    assert offer.tracks[0].parameters == answered
    assert f"a=fmtp:96 {answered}\r\n" in answer(offer, local_for(offer))


def test_mode_1_is_taken_before_a_better_profile_in_mode_0() -> None:
    [track] = parse_offer(video_of(h264(96, mode=0), h264(97, "64001f")).text()).tracks
    assert track.payload_type == 97


@pytest.mark.parametrize("direction", ["sendrecv", "recvonly", None])
def test_directions_that_receive(direction: str | None) -> None:
    assert len(parse_offer(CHROMIUM_LIKE.each(direction=direction).text()).tracks) == 2


@pytest.mark.parametrize(
    ("old", "new", "lacking"),
    [
        (f"a=ice-ufrag:{UFRAG}", "a=x", "ICE credentials"),
        (f"a=ice-pwd:{PASSWORD}", "a=x", "ICE credentials"),
        (f"a=fingerprint:sha-256 {FINGERPRINT}", "a=x", "DTLS fingerprint"),
        (FINGERPRINT, "not-hexadecimal", "malformed DTLS fingerprint"),
    ],
)
def test_offers_that_lack_what_a_transport_needs(old: str, new: str, lacking: str) -> None:
    with pytest.raises(ProtocolError, match=lacking):
        parse_offer(CHROMIUM_LIKE.text().replace(old, new))


def test_a_description_with_port_0_that_is_part_of_a_bundle_only_is_taken() -> None:
    """Firefox offers all but the first so where the page asks for max-bundle (RFC 9143)."""
    first, second = FIREFOX_LIKE.media
    second = replace(
        second, port=0, transport=False, extra=("a=bundle-only", "a=rtcp-mux", "a=rtcp-rsize")
    )
    offer = parse_offer(FIREFOX_LIKE.but(media=(first, second)).text())
    assert {track.kind for track in offer.tracks} == {Kind.VIDEO, Kind.AUDIO}
    assert offer.remote == Credentials(UFRAG, PASSWORD)


def test_the_transport_of_a_bundle_whose_first_description_is_refused() -> None:
    """Its transport still is the group's: those that follow may have none of their own."""
    data = Media("application", "d", (), profile="UDP/DTLS/SCTP", direction=None)
    video = replace(
        CHROMIUM_LIKE.media[0], port=0, transport=False, extra=("a=bundle-only", "a=rtcp-mux")
    )
    offer = parse_offer(Recipe((data, video)).text())
    assert [media.track is not None for media in offer.media] == [False, True]
    assert offer.remote == Credentials(UFRAG, PASSWORD)


def test_without_a_group_only_the_picture_can_be_served() -> None:
    """One transport for all is what BUNDLE asks for; sound would need a second."""
    offer = parse_offer(FIREFOX_LIKE.but(bundle=()).text())
    assert [track.kind for track in offer.tracks] == [Kind.VIDEO]
    assert offer.bundle == ()


def test_what_is_outside_the_group_is_refused() -> None:
    more = Media("audio", "2", (OPUS,))
    recipe = CHROMIUM_LIKE.but(
        media=(CHROMIUM_LIKE.media[0], more, CHROMIUM_LIKE.media[1]), bundle=("0", "1")
    )
    offer = parse_offer(recipe.text())
    assert [media.track is not None for media in offer.media] == [True, False, True]


def test_a_second_description_of_a_kind_is_refused() -> None:
    second = Media("video", "2", (h264(120), rtx(121, 120)))
    offer = parse_offer(CHROMIUM_LIKE.but(media=(*CHROMIUM_LIKE.media, second)).text())
    assert [media.track is not None for media in offer.media] == [True, True, False]


def test_extensions_that_cannot_be_written_are_left_out() -> None:
    extensions = {"abs_send_time": 15, "playout_delay": "5/sendonly", "mid": 0}
    [track] = parse_offer(video_of(h264(96), extensions=extensions).text()).tracks
    assert track.extensions == Extensions()
    same = {"abs_send_time": 3, "playout_delay": 3}
    [track] = parse_offer(video_of(h264(96), extensions=same).text()).tracks
    assert track.extensions == Extensions(abs_send_time=3)


def test_trickled_fragments() -> None:
    assert parse_fragment("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n") is None
    text = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 RTP/AVP 0\r\n"
    assert parse_fragment(text) == Credentials("abcd", "0123456789012345678901")
    with pytest.raises(ProtocolError, match="password"):
        parse_fragment("a=ice-ufrag:abcd\r\n")
