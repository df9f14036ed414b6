"""Offers that no browser sends: an Offer or a ProtocolError, at no more than their size costs."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.webrtc.description import MAX_FEEDBACK, MAX_MEDIA, MAX_REPEATS, MAX_SIZE
from relay.webrtc.sdp import MAX_CREDENTIAL, Offer, answer, parse_fragment, parse_offer
from tests.support.offers import CHROMIUM, CHROMIUM_LIKE, FIREFOX_LIKE, SAFARI_LIKE, Codec, Media
from tests.webrtc.local import local_for

OFFERS = [CHROMIUM, *(recipe.text() for recipe in (CHROMIUM_LIKE, FIREFOX_LIKE, SAFARI_LIKE))]
WORDS = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "14", "15", "127", "300", "99999", "*", "opus", "H264/90000", "/", ":", ";"]
    ),
    st.text(max_size=6),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """An offer with some lines dropped, doubled, moved, or with another word in them."""
    lines = draw(st.sampled_from(OFFERS)).split("\r\n")
    for _ in range(draw(st.integers(1, 6))):
        index = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "move", "word", "cut"])):
            case "drop" if len(lines) > 1:
                del lines[index]
            case "double":
                lines.insert(index, lines[index])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(index))
            case "word":
                words = lines[index].replace(":", " : ").split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(WORDS)
                lines[index] = " ".join(words).replace(" : ", ":")
            case "cut":
                lines[index] = lines[index][: draw(st.integers(0, len(lines[index])))]
    return draw(st.sampled_from(["\r\n", "\n"])).join(lines)


def understood(text: str) -> Offer | None:
    try:
        offer = parse_offer(text)
    except ProtocolError:
        return None
    assert offer.tracks
    for track in offer.tracks:
        assert 0 <= track.payload_type < 64 or 96 <= track.payload_type < 128
    made = answer(offer, local_for(offer))
    assert made.count("\r\nm=") == len(offer.media)
    assert "\r\n\r\n" not in made
    assert len(made.replace("\r\n", "\n").splitlines()) == made.count("\r\n")
    return offer


@given(mutated())
@settings(max_examples=300)
def test_a_mutated_offer_is_an_offer_or_an_error(text: str) -> None:
    understood(text)


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_is_an_offer_or_an_error(text: str) -> None:
    understood(text)
    understood("v=0\r\n" + text)
    with suppress(ProtocolError):
        parse_fragment(text)


BASE = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


@pytest.mark.parametrize(
    "flood",
    [
        "a=rtpmap:1 a/1\na=rtcp-fb:* nack\n",
        "a=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=rtcp-fb:* a\n",
        "a=ssrc:{} cname:x\n",
        "a=fmtp:96 a=1;b=2\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96\n",
        "a=group:BUNDLE {}\n",
    ],
)
def test_an_offer_costs_no_more_than_its_size(flood: str) -> None:
    lines = "".join(flood.format(number) for number in range(MAX_SIZE // len(flood)))
    text = (BASE + lines)[:MAX_SIZE]
    tracemalloc.start()
    understood(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * MAX_SIZE


def test_an_offer_that_is_too_long_is_refused() -> None:
    with pytest.raises(ProtocolError, match="characters"):
        parse_offer(OFFERS[0] + "a=x:\r\n" * MAX_SIZE)


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", MAX_MEDIA - 2),
        ("a=ssrc:1 cname:x\r\n", MAX_REPEATS),
        ("a=x:y\r\n", MAX_REPEATS),
        ("a=rtcp-fb:96 nack\r\n", MAX_FEEDBACK),
    ],
)
def test_more_of_a_kind_than_any_browser_sends_is_refused(line: str, most: int) -> None:
    base = CHROMIUM_LIKE.text()
    name = line[: line.find(":")]
    there = base.rpartition("m=")[2].count(name) if line.startswith("a=") else 0
    parse_offer(base + line * (most - there))
    with pytest.raises(ProtocolError, match=r"more than|lines of the attribute"):
        parse_offer(base + line * (most - there + 1))


@pytest.mark.parametrize("name", ["ice-ufrag", "ice-pwd"])
def test_ice_credentials_are_bounded(name: str) -> None:
    text = CHROMIUM_LIKE.but(ufrag="u" * MAX_CREDENTIAL, password="p" * MAX_CREDENTIAL).text()
    parse_offer(text)
    with pytest.raises(ProtocolError, match="credentials"):
        parse_offer(text.replace(f"a={name}:", f"a={name}:x"))


@pytest.mark.parametrize("line", ["m=a 0 b {}\r\n", "a=ssrc:{} c\r\n", "a=extmap:1 {}\r\n"])
def test_what_is_kept_of_an_offer_is_no_more_than_four_times_its_size(line: str) -> None:
    def kept(count: int) -> int:
        texts = [
            CHROMIUM_LIKE.text().replace("s=-", f"s={number}")
            + "".join(line.format(f"{number:04}" + "x" * 150) for _ in range(14))
            for number in range(count)
        ]
        tracemalloc.start()
        offers = [parse_offer(text) for text in texts]
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(offers) == count
        return held - 4 * sum(map(len, texts))

    assert kept(300) <= 0


@pytest.mark.parametrize("number", [72, 95, 128, 200, 255, 256, 300, 999])
def test_payload_types_that_no_packet_can_carry_are_refused(number: int) -> None:
    """One of 300 made every push of the stream fail, for all its viewers."""
    media = Media("video", "0", (Codec(number, "H264/90000", "packetization-mode=1"),))
    for formats in (str(number), "96"):
        text = CHROMIUM_LIKE.but(media=(media,)).text()
        text = text.replace(f"SAVPF {number}", f"SAVPF {formats}")
        with pytest.raises(ProtocolError):
            parse_offer(text)


@pytest.mark.parametrize("control", ["\x00", "\x0b", "\x1c", "\x85", "\u2028"])
def test_what_other_parsers_take_for_a_line_end_is_refused(control: str) -> None:
    """It would stand in the answer, where the viewer's own parser reads it."""
    with pytest.raises(ProtocolError, match="control"):
        parse_offer(CHROMIUM_LIKE.text().replace("a=mid:0", f"a=mid:0{control}a=evil"))
    with pytest.raises(ProtocolError, match="control"):
        parse_offer(CHROMIUM_LIKE.text().replace("a=ice-pwd:", f"a=ice-pwd:{control}a=evil"))
