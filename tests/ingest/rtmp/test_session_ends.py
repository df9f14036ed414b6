import pytest

from relay.errors import ProtocolError
from relay.ingest.rtmp import message
from relay.ingest.rtmp.amf import EcmaArray
from relay.ingest.rtmp.chunk import ChunkWriter
from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.events import (
    ConfigChanged,
    Ended,
    MediaVideo,
    MetaData,
    Unpublished,
)
from relay.ingest.rtmp.message import Message
from relay.ingest.rtmp.session import Session
from relay.ingest.rtmp.states import State

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


class TestBeforeAccept:
    def test_configuration_and_metadata_sent_ahead_are_kept(self, encoder: Encoder):
        encoder.request()
        early = [
            metadata("@setDataFrame", "onMetaData", EcmaArray(width=1.0)),
            video(0, VIDEO_CONFIG),
            audio(0, AUDIO_CONFIG),
            metadata("onMetaData", EcmaArray(width=2.0)),
            metadata("onFI", {}),
            video(0, picture(IDR)),
            audio(0, AUDIO_FRAME),
        ]
        assert encoder.send(*early) == []
        encoder.session.accept()

        events = encoder.send(video(40, picture(IDR)), video(80, picture(SLICE)))
        assert events[0] == MetaData(EcmaArray(width=2.0))
        kinds = [type(event) for event in events[1:]]
        assert kinds == [ConfigChanged, ConfigChanged, MediaVideo, MediaVideo]

    def test_what_is_sent_ahead_of_publish_itself_is_kept(self, encoder: Encoder):
        encoder.connect()
        assert encoder.send(metadata("onMetaData", EcmaArray(width=1.0))) == []
        assert encoder.send(video(0, VIDEO_CONFIG), audio(0, AUDIO_CONFIG)) == []
        encoder.call("publish", 4.0, None, "secret-key", stream_id=1)
        encoder.session.accept()
        events = encoder.send(video(40, picture(IDR)), video(80, picture(SLICE)))
        kinds = [type(event) for event in events]
        assert kinds == [MetaData, ConfigChanged, ConfigChanged, MediaVideo, MediaVideo]

    def test_large_media_is_not_even_stored(self, encoder: Encoder):
        encoder.request()
        whole = ChunkWriter().write(6, video(0, picture(b"\x65" + bytes(100_000))))
        assert encoder.give(whole[:60_000]) == []
        encoder.session.accept()
        # The message whose beginning was passed over is passed over to its end.
        assert encoder.give(whole[60_000:]) == []
        writer = ChunkWriter()
        data = writer.write(6, video(0, VIDEO_CONFIG)) + writer.write(6, video(0, picture(IDR)))
        data += writer.write(6, video(40, picture(SLICE)))
        assert [type(event) for event in encoder.give(data)] == [
            ConfigChanged,
            MediaVideo,
            MediaVideo,
        ]

    def test_media_without_a_publish_is_dropped(self, encoder: Encoder):
        encoder.connect()
        assert encoder.send(video(0, VIDEO_CONFIG), metadata("onMetaData", {})) == []

    def test_a_withdrawn_publish_cannot_be_accepted(self, encoder: Encoder):
        encoder.request()
        events = encoder.call("deleteStream", 4.0, None, 1.0)
        assert events == [Unpublished(), Ended("the encoder withdrew before it was answered")]
        assert not encoder.session.accept()
        encoder.session.refuse("too late")
        assert encoder.session.close_reason == "the encoder withdrew before it was answered"

    def test_answers_without_a_question_are_our_own_fault(self, publisher: Encoder):
        with pytest.raises(AssertionError):
            publisher.session.accept()
        with pytest.raises(AssertionError):
            publisher.session.refuse("no")
        with pytest.raises(AssertionError):
            Session().accept()


def test_a_message_does_not_show_its_body():
    assert "secret" not in repr(message.command(1, "publish", 3.0, None, "secret-key"))


class TestEnding:
    def test_the_peers_end_unpublishes(self, publisher: Encoder):
        reason = "the peer closed the connection"
        assert publisher.session.end() == [Unpublished(), Ended(reason)]
        assert publisher.session.close_reason == reason
        assert publisher.session.end() == []

    def test_an_end_before_publishing_is_just_an_end(self):
        assert Session().end() == [Ended("the peer closed the connection")]

    def test_playing_is_refused(self, encoder: Encoder):
        encoder.connect()
        events = encoder.call("play", 4.0, None, "secret-key", stream_id=1)
        assert [type(event) for event in events] == [Ended]
        assert encoder.statuses == ["NetStream.Play.Failed"]
        assert encoder.session.closed

    def test_a_fault_is_raised_once_and_keeps_what_came_before(self, publisher: Encoder):
        good = publisher.writer.write(3, video(0, picture(IDR)))
        with pytest.raises(RtmpError, match="no header") as caught:
            publisher.give(good + b"\xff" + good)

        events = caught.value.events
        assert [type(event) for event in events] == [MediaVideo, Unpublished, Ended]
        assert events[-1] == Ended(str(caught.value))
        assert publisher.session.close_reason == str(caught.value)
        assert publisher.give(good) == []
        assert publisher.session.end() == []
        assert isinstance(caught.value, ProtocolError)

    @pytest.mark.parametrize(
        ("each", "reason"),
        [
            (message.command(1, "publish", 1.0, None, "secret-key"), "publish while connecting"),
            (message.command(0, "createStream", 1.0, None), "createStream while connecting"),
            (message.command(0, "play", 1.0, None, "secret-key"), "play while connecting"),
            (Message(20, 0, 0, b""), "a command without a name"),
            (Message(20, 0, 0, b"\x05"), "a command without a name"),
            (Message(20, 0, 0, b"\x02\x00\x09connect"), "truncated AMF0"),
            (Message(17, 0, 0, b"\x0a\x01"), "AMF3 is not spoken here"),
            (Message(20, 0, 0, b"\x02\x00\x07connect\x00" + bytes(8) + b"\x11"), "AMF3"),
            (Message(5, 0, 0, b"\x00"), "truncated WindowAckSize"),
            (Message(4, 0, 0, b"\x00\x06\x00"), "truncated ping"),
        ],
    )
    def test_misbehaviour_before_connect(self, encoder: Encoder, each: Message, reason: str):
        encoder.shake_hands()
        with pytest.raises(RtmpError, match=reason) as caught:
            encoder.send(each)
        assert caught.value.events == (Ended(str(caught.value)),)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("state", ["pending", "publishing"])
    def test_one_stream_is_published_at_a_time(self, encoder: Encoder, state: str):
        encoder.request()
        if state == "publishing":
            encoder.session.accept()
        with pytest.raises(RtmpError, match="publish of another stream") as caught:
            encoder.call("publish", 4.0, None, "another-secret-key")
        assert caught.value.events[0] == Unpublished()
        assert "secret" not in repr(caught.value)

    @pytest.mark.parametrize("state", ["pending", "publishing"])
    def test_a_publish_that_is_said_twice_goes_on(self, encoder: Encoder, state: str):
        encoder.request()
        if state == "publishing":
            encoder.session.accept()
        assert encoder.call("publish", 4.0, None, "secret-key") == []
        assert encoder.statuses == ["NetStream.Publish.Start"] * (2 * (state == "publishing"))

    def test_a_connect_that_is_said_twice_goes_on(self, encoder: Encoder):
        encoder.connect()
        assert encoder.call("connect", 2.0, {}) == []
        assert encoder.session.state is State.IDLE
