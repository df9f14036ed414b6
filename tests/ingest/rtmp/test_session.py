from itertools import pairwise

import pytest

from relay.ingest.rtmp import amf, message
from relay.ingest.rtmp.amf import EcmaArray
from relay.ingest.rtmp.chunk import DEFAULT_WINDOW
from relay.ingest.rtmp.events import (
    ConfigChanged,
    MediaAudio,
    MediaFault,
    MediaVideo,
    MetaData,
    PublishRequested,
    Unpublished,
)
from relay.ingest.rtmp.message import Message, MessageType, UserControl
from relay.ingest.rtmp.session import CHUNK_SIZE
from relay.ingest.rtmp.states import Refusal, State
from relay.media.codecs import Codec, Kind

from .encoder import (
    AUDIO_CONFIG,
    AUDIO_FRAME,
    IDR,
    SLICE,
    VIDEO_CONFIG,
    Encoder,
    audio,
    metadata,
    picture,
    video,
)


class TestConnecting:
    def test_connect_is_answered_with_sizes_and_success(self, encoder: Encoder):
        encoder.connect()

        kinds = [(each.kind, int.from_bytes(each.body[:4], "big")) for each in encoder.answers[:3]]
        assert kinds == [
            (MessageType.WINDOW_ACK_SIZE, DEFAULT_WINDOW),
            (MessageType.SET_PEER_BANDWIDTH, DEFAULT_WINDOW),
            (MessageType.SET_CHUNK_SIZE, CHUNK_SIZE),
        ]
        (result,) = encoder.commands
        assert result[:2] == ["_result", 1.0]
        assert result[2] == {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31.0}
        assert result[3]["code"] == "NetConnection.Connect.Success"
        assert result[3]["objectEncoding"] == 0.0
        assert encoder.session.state is State.IDLE

    def test_enhanced_encoders_are_told_what_is_understood(self, encoder: Encoder):
        encoder.connect(fourCcList=["av01", "avc1"], capsEx=15.0)

        for told in encoder.commands[0][2:]:
            assert told["fourCcList"] == ["avc1", "mp4a"]
            assert told["videoFourCcInfoMap"] == {"avc1": 5.0}
            assert told["audioFourCcInfoMap"] == {"mp4a": 5.0}
            assert told["capsEx"] == 5.0

    def test_the_calls_of_fmle_are_answered(self, encoder: Encoder):
        encoder.connect()
        encoder.call("releaseStream", 2.0, None, "secret-key")
        encoder.call("FCPublish", 3.0, None, "secret-key")
        encoder.call("createStream", 4.0, None)
        encoder.call("_checkbw", 5.0, None)
        encoder.call("getStreamLength", 6.0, None, "secret-key")
        encoder.call("FCSubscribe", 7.0, None, "secret-key")
        encoder.call("releaseStream", 0.0, None, "secret-key")

        results = {values[1]: values[3] for values in encoder.commands[1:]}
        assert list(results) == [2.0, 3.0, 4.0, 5.0, 6.0]
        assert results[4.0] == 1.0
        assert results[6.0] == 0.0

    @pytest.mark.parametrize("lead", [b"\0", b""], ids=["as it says", "without the byte"])
    def test_amf3_messages_may_hold_amf0(self, encoder: Encoder, lead: bytes):
        encoder.connect()
        body = lead + amf.encode("createStream", 2.0, None)
        encoder.send(Message(MessageType.COMMAND_AMF3, 0, 0, body))
        assert encoder.commands[-1] == ["_result", 2.0, None, 1.0]

    def test_pings_are_answered(self, encoder: Encoder):
        encoder.connect()
        encoder.send(message.user_control(UserControl.PING_REQUEST, 0xDEADBEEF))
        assert encoder.answers[-1].body == b"\x00\x07\xde\xad\xbe\xef"
        count = len(encoder.answers)
        encoder.send(message.user_control(UserControl.STREAM_BEGIN, 1))
        encoder.send(Message(MessageType.USER_CONTROL, 0, 0, b""))
        assert len(encoder.answers) == count

    def test_what_is_received_is_acknowledged(self, encoder: Encoder):
        encoder.connect()
        encoder.send(message.control(MessageType.WINDOW_ACK_SIZE, 5000))
        for _ in range(30):
            encoder.send(Message(MessageType.DATA_AMF0, 0, 0, bytes(1000)))
        told = [
            int.from_bytes(each.body, "big")
            for each in encoder.answers
            if each.kind == MessageType.ACKNOWLEDGEMENT
        ]
        assert 5 <= len(told) <= 7
        assert all(b - a >= 5000 for a, b in pairwise(told))


class TestPublishing:
    def test_a_request_says_who_comes(self, encoder: Encoder):
        event = encoder.request(
            "secret-key?a=b",
            tcUrl="rtmp://me:pw@relay.example:1935/live?token=x",
            flashVer="FMLE/3.0 (compatible; GoPro)",
            fourCcList=["avc1"],
            videoFourCcInfoMap={"hvc1": 1.0},
            audioFourCcInfoMap=EcmaArray(Opus=1.0),
        )
        assert event == PublishRequested(
            "live",
            "secret-key",
            "rtmp://relay.example:1935/live",
            "FMLE/3.0 (compatible; GoPro)",
            ("avc1", "hvc1", "Opus"),
        )
        assert "secret-key" not in repr(event)
        assert encoder.session.state is State.PENDING

    def test_connect_may_say_nothing_or_nonsense(self, encoder: Encoder):
        event = encoder.request(
            app=7.0,
            tcUrl=None,
            flashVer=[],
            fourCcList="avc1",
            videoFourCcInfoMap=[1.0],
            capsEx=-1.0,
        )
        assert event == PublishRequested("", "secret-key", "", "", ())

    @pytest.mark.parametrize("caps", [-1.0, float("nan"), float("inf"), 2.0**31 + 1, "1", True])
    def test_capabilities_may_be_nonsense(self, encoder: Encoder, caps: amf.Value):
        encoder.request(capsEx=caps)
        assert not encoder.session.ask_to_reconnect("This relay restarts.")

    def test_accept_begins_the_stream_before_it_says_so(self, encoder: Encoder):
        encoder.request()
        assert encoder.session.accept()
        encoder.take()

        begin, status = encoder.answers[-2:]
        assert begin.body == b"\x00\x00\x00\x00\x00\x01"
        assert status.stream_id == 1
        assert encoder.commands[-1][:3] == ["onStatus", 0.0, None]
        assert encoder.commands[-1][3]["level"] == "status"
        assert encoder.statuses == ["NetStream.Publish.Start"]

    @pytest.mark.parametrize("code", list(Refusal))
    def test_refuse_says_why_and_ends(self, encoder: Encoder, code: Refusal):
        encoder.request()
        encoder.session.refuse("no such camera", code)
        encoder.take()

        assert encoder.commands[-1][3] == {
            "level": "error",
            "code": code.value,
            "description": "no such camera",
        }
        assert encoder.session.closed
        assert encoder.session.close_reason == "no such camera"
        assert encoder.send(video(0, VIDEO_CONFIG)) == []

    def test_media_comes_out_decoded(self, encoder: Encoder):
        encoder.publish()
        config = encoder.send(video(0, VIDEO_CONFIG), audio(0, AUDIO_CONFIG))
        media = encoder.send(video(40, picture(IDR, cts=80)), audio(23, AUDIO_FRAME))

        assert [type(event) for event in config] == [ConfigChanged, ConfigChanged]
        assert [event.codec for event in config] == [Codec.H264, Codec.AAC]
        picture_, sound = media
        assert isinstance(picture_, MediaVideo)
        assert (picture_.codec, picture_.dts_ms, picture_.cts_ms) == (Codec.H264, 40, 80)
        assert picture_.keyframe
        assert isinstance(sound, MediaAudio)
        assert (sound.codec, sound.dts_ms) == (Codec.AAC, 23)

    def test_large_pictures_come_whole(self, publisher: Encoder):
        (event,) = publisher.send(video(40, picture(b"\x41\x80" + bytes(1_000_000))))
        assert len(event.payload) == 1_000_006

    def test_times_are_passed_on_as_they_are(self, publisher: Encoder):
        times = [1000, 960, 1040, 1040, 90_000_000, 5]
        events = publisher.send(*(video(time, picture(SLICE)) for time in times))
        assert [event.dts_ms for event in events] == times

    @pytest.mark.parametrize("wrap", [1 << 31, 1 << 32], ids=["24.9 days", "49.7 days"])
    def test_times_do_not_wrap(self, publisher: Encoder, wrap: int):
        times = [wrap - 60, wrap - 20, wrap + 20, wrap + 60]
        events = publisher.send(*(video(time % wrap, picture(SLICE)) for time in times))
        assert [event.dts_ms for event in events] == times

    def test_both_tracks_wrap_together(self, publisher: Encoder):
        wrap = 1 << 32
        publisher.send(video(wrap - 20, picture(SLICE)), video(20, picture(SLICE)))
        (event,) = publisher.send(audio(25, AUDIO_FRAME))
        assert event.dts_ms == wrap + 25

    def test_a_bad_message_is_a_fault_and_the_rest_goes_on(self, publisher: Encoder):
        events = publisher.send(
            video(0, b"\x90hvc1"),
            audio(0, b"\x2f"),
            Message(MessageType.AGGREGATE, 0, 1, b"\x16" + bytes(10)),
            Message(MessageType.DATA_AMF0, 0, 1, b"\x02\xff"),
            Message(MessageType.DATA_AMF3, 0, 1, b"\x11"),
            video(0, picture(IDR)),
            video(40, picture(SLICE)),
        )
        assert events[:5] == [
            MediaFault(Kind.VIDEO, "not supported yet: HEVC (hvc1)", "HEVC (hvc1)"),
            MediaFault(Kind.AUDIO, "not supported yet: MP3", "MP3"),
            MediaFault(None, "malformed aggregate message"),
            MediaFault(None, "truncated AMF0"),
            MediaFault(None, "AMF3 is not spoken here"),
        ]
        assert isinstance(events[5], MediaVideo)

    def test_messages_in_an_aggregate_come_out_one_by_one(self, publisher: Encoder):
        parts = [video(1000, picture(IDR)), audio(1010, AUDIO_FRAME), video(1040, picture(SLICE))]
        body = b"".join(
            bytes((part.kind,))
            + len(part.body).to_bytes(3, "big")
            + part.timestamp.to_bytes(3, "big")
            + bytes(4)
            + part.body
            + bytes(4)
            for part in parts
        )
        events = publisher.send(Message(MessageType.AGGREGATE, 5000, 1, body))
        assert sorted(event.dts_ms for event in events) == [5000, 5010, 5040]

    def test_metadata_is_handed_on(self, publisher: Encoder):
        gopro = EcmaArray(creator="GoPro Hero12 Black", encoder="C3501325123456", hasAudio=True)
        events = publisher.send(
            metadata("@setDataFrame", "onMetaData", gopro),
            metadata("onMetaData", {"encoder": "obs-output module", "creator": 5.0}),
            metadata("onMetaData", {}),
            metadata("onTextData", {"text": "x"}),
            metadata("@setDataFrame", "onMetaData"),
            metadata(),
        )
        assert events == [
            MetaData(gopro),
            MetaData({"encoder": "obs-output module", "creator": 5.0}),
            MetaData({}),
        ]
        assert [event.device for event in events] == [
            "GoPro Hero12 Black C3501325123456",
            "obs-output module",
            "",
        ]

    @pytest.mark.parametrize("name", ["FCUnpublish", "deleteStream", "closeStream"])
    def test_the_encoder_may_stop_and_begin_again(self, publisher: Encoder, name: str):
        assert publisher.call(name, 5.0, None, 1.0) == [Unpublished()]
        assert publisher.session.state is State.IDLE
        assert publisher.statuses[-1] == "NetStream.Unpublish.Success"
        assert publisher.send(video(0, picture(IDR))) == []
        assert publisher.call("deleteStream", 0.0, None, 1.0) == []

        assert publisher.call("publish", 6.0, None, "other-key", stream_id=1)
        publisher.session.accept()
        (fault,) = publisher.send(video(0, picture(IDR)))
        assert fault == MediaFault(Kind.VIDEO, "a keyframe came before its parameter sets")

    def test_an_encoder_may_be_asked_to_reconnect(self, encoder: Encoder):
        encoder.request(capsEx=1.0)
        encoder.session.accept()
        assert encoder.session.ask_to_reconnect("This relay restarts.")
        encoder.take()
        assert encoder.statuses[-1] == "NetConnection.Connect.ReconnectRequest"

    def test_others_are_not_asked_to_reconnect(self, publisher: Encoder):
        assert not publisher.session.ask_to_reconnect("This relay restarts.")
        publisher.take()
        assert publisher.statuses == ["NetStream.Publish.Start"]
